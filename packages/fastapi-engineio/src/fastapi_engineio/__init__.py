"""Engine.IO for FastAPI.

The public names of the package, re-exported from its modules; no code lives here.
"""

from __future__ import annotations

from ._handshake import Sid
from .integration import EngineIO

__all__ = ["EngineIO", "Sid"]
