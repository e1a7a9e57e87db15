"""Signals: what happens in the sessions of all servers, for code that handles none of it itself.

``sender`` is the `EngineIO` of the session. Receivers may be plain or coroutine functions; what one
raises is logged, and neither the others nor the client hear of it.
"""

from __future__ import annotations

from django.dispatch import Signal

__all__ = ["client_connected", "client_disconnected", "message_received"]

client_connected = Signal()
"""A client was let in: ``sid``, and ``request``, the `django.http.HttpRequest` of its handshake."""

message_received = Signal()
"""A message arrived, and its handler is over: ``sid``, ``data``."""

client_disconnected = Signal()
"""A session has ended, and its handler is over: ``sid``, ``reason``, ``info``."""
