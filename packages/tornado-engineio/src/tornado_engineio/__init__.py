"""Engine.IO for Tornado.

The public names of the package, re-exported from its modules; no code lives here.
"""

from __future__ import annotations

from .handler import EngineIOHandler
from .integration import EngineIO

__all__ = ["EngineIO", "EngineIOHandler"]
