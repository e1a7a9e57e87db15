"""Engine.IO for Channels.

The public names of the package, re-exported from its modules; no code lives here.
"""

from __future__ import annotations

from .consumer import EngineIOConsumer, SyncEngineIOConsumer
from .json_consumer import EngineIOJsonConsumer
from .router import EngineIORouter

__all__ = ["EngineIOConsumer", "EngineIOJsonConsumer", "EngineIORouter", "SyncEngineIOConsumer"]
