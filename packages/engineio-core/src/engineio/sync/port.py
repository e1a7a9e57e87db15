"""One WebSocket on the side of threads: what a gateway has to offer, and what it gets."""

from __future__ import annotations

from abc import abstractmethod

from .. import ports
from ..http.response import Header, Response
from .concurrency import Lock

__all__ = ["WebSocketPort"]


class WebSocketPort(ports.WebSocketPort):
    """The base of a gateway's WebSocket.

    A gateway makes one, passes it to `Driver.websocket`, and accepts or refuses the WebSocket as
    that returns. Then it calls `Driver.accepted` once, `Driver.received` for every message, and in
    the end `Driver.closed`. `write` and `write_one` must never wait.

    The thread that serves the connection holds ``turn`` whenever it is not in a handler: what is
    read is read by the holder.

    Args:
        turn: The right to read.

    Attributes:
        turn: The right to read.
        calls: How many handlers the serving thread has called.
        decision: Whether the engine lets it in (for the driver).
    """

    __slots__ = ("calls", "decision", "turn")

    def __init__(self, turn: Lock) -> None:
        super().__init__()
        self.turn = turn
        self.calls = 0
        self.decision: tuple[Header, ...] | Response | None = None

    @abstractmethod
    def go_on(self) -> None:
        """Write what `write` or `write_one` could not, and then call `Driver.drained`."""

    @abstractmethod
    def read_aside(self) -> None:
        """Pass on what has arrived, without waiting, in place of a thread that is in a handler."""

    @abstractmethod
    def is_gone(self) -> bool:
        """Whether the client is known to have left before it was accepted."""
