"""Engine.IO for Django.

The public names of the package, re-exported from its modules; no code lives here.
"""

from __future__ import annotations

from .integration import EngineIO, eio

__all__ = ["EngineIO", "eio"]
