"""The WebSocket half of a session: one packet per message, one write at a time.

What lives here: whether the port can take packets, and handing them over. What packets mean, and
when a session ends, is the session's.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from .actions import Port, Write
from .outbox import Outbox
from .revision import Codec

__all__ = ["WebSocket"]

# The most bytes of one write, so that its deadline is about a client that takes nothing and not
# about one that takes a long queue slowly. A larger message goes out alone.
_WRITE_BYTES = 65_536


class WebSocket:
    """The WebSocket that carries a session.

    Args:
        emit: Takes the actions.
        outbox: The send queue of the session.
        codec: Its encoding.
        port: The WebSocket.
        timeout: Seconds that one write may take.

    Attributes:
        port: The WebSocket.
        busy: Whether it takes nothing now: not accepted yet, or a write is on its way.
        deadline: When that write must have been accepted; ``inf`` for none.
    """

    __slots__ = ("_codec", "_emit", "_outbox", "_timeout", "busy", "deadline", "port")

    def __init__(
        self,
        emit: Callable[[Write], None],
        outbox: Outbox,
        codec: Codec,
        port: Port,
        timeout: float,
    ) -> None:
        self._emit = emit
        self._outbox = outbox
        self._codec = codec
        self._timeout = timeout
        self.port = port
        self.busy = True
        self.deadline = inf

    def flush(self, now: float) -> None:
        """Write what is queued, unless the port is busy."""
        if self.busy or not self._outbox.waiting:
            return
        encode = self._codec.encode_frame
        frames = [encode(packet) for packet in self._outbox.take(_WRITE_BYTES)]
        self.block(now)
        self._emit(Write(self.port, frames))

    def claim(self) -> None:
        """Keep the port for a frame that is written directly, where other threads may send too."""
        self.busy = True

    def unclaim(self) -> bool:
        """Free the port after that was taken; False if `drained` must, because more is queued."""
        self.busy = bool(self._outbox.waiting)
        return not self.busy

    def block(self, now: float) -> None:
        """A write is on its way."""
        self.busy = True
        self.deadline = now + self._timeout

    def drained(self) -> None:
        """The port has accepted what it was given (or was itself accepted)."""
        self.busy = False
        self.deadline = inf
        self._outbox.commit()
