"""Engine.IO for aiohttp.

The public names of the package, re-exported from its modules; no code lives here.
"""

from __future__ import annotations

from .integration import APP_KEY, EngineIO, get_engineio, setup

__all__ = ["APP_KEY", "EngineIO", "get_engineio", "setup"]
