"""Signals, as Flask itself sends them: the sender is the application.

Each is sent with ``engineio`` (the `EngineIO`) and ``sid``. A signal is sent in the thread of what
happened, within the request context of that event.

Example::

    @message_received.connect_via(app)
    def count(sender: Flask, engineio: EngineIO, sid: str, data: str | bytes) -> None:
        statistics.messages += 1
"""

from __future__ import annotations

from blinker import Namespace

__all__ = ["client_connected", "client_disconnected", "message_received"]

_signals = Namespace()

client_connected = _signals.signal("engineio-client-connected")
"""A client was let in. For each of these there is one `client_disconnected`, later."""

client_disconnected = _signals.signal("engineio-client-disconnected")
"""A session ended; also with ``reason`` (`engineio.Reason`) and ``info`` (`DisconnectInfo`)."""

message_received = _signals.signal("engineio-message-received")
"""A message arrived, and its handler is over; also with ``data``."""
