"""Engine.IO for Flask.

The public names of the package, re-exported from its modules; no code lives here.
"""

from __future__ import annotations

from .application import ExtensionMixin, Flask
from .integration import EngineIO, current_engineio
from .signals import client_connected, client_disconnected, message_received

__all__ = [
    "EngineIO",
    "ExtensionMixin",
    "Flask",
    "client_connected",
    "client_disconnected",
    "current_engineio",
    "message_received",
]
