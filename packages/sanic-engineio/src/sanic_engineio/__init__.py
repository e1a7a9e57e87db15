"""Engine.IO for Sanic.

The public names of the package, re-exported from its modules; no code lives here.
"""

from __future__ import annotations

from .integration import EngineIO, get_engineio

__all__ = ["EngineIO", "get_engineio"]
