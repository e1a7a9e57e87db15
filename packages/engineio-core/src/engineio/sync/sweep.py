"""Looking now and then after what waits: so that nothing needs a thread or a descriptor more.

Two things are looked after, by the thread of the timer and without waiting. A parked poll whose
client has left is found ("a held GET whose connection the client drops: close the session"). And a
WebSocket whose own thread is in a slow handler is read in its place, so that heartbeats go on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .exchange import Exchange
    from .port import WebSocketPort

__all__ = ["Sweep"]

# A handler that takes longer than this is slow, and so often is then read in its place, in seconds.
_SLOW = 0.05

# How often parked polls are looked at, in seconds: clients that left are noticed within 1 s (F-41).
_PARKED = 0.25


class Sweep:
    """What waits on one server.

    Args:
        now: Returns the time.
        arm: Makes sure that `sweep` is called no later than at a given time.
        gone: Told of a parked poll whose client has left.
    """

    def __init__(
        self,
        now: Callable[[], float],
        arm: Callable[[float], None],
        gone: Callable[[Exchange], None],
    ) -> None:
        self._now = now
        self._arm = arm
        self._gone = gone
        self._busy: set[WebSocketPort] = set()
        self._parked: set[Exchange] = set()
        self._seen: dict[WebSocketPort, int] = {}
        self._due = 0.0
        self._is_active = self._is_quick = False

    def enter(self, port: WebSocketPort) -> None:
        """The thread that serves ``port`` goes into a handler."""
        port.calls += 1
        self._busy.add(port)
        if not self._is_quick:
            self._activate(_SLOW)

    def leave(self, port: WebSocketPort) -> None:
        """It is back."""
        self._busy.discard(port)

    def park(self, exchange: Exchange) -> None:
        """A poll waits."""
        self._parked.add(exchange)
        if exchange.connection is not None and not self._is_active:
            self._activate(_PARKED)

    def unpark(self, exchange: Exchange) -> None:
        """It waits no more."""
        self._parked.discard(exchange)

    def parked(self) -> list[Exchange]:
        """Return the polls that wait."""
        return list(self._parked)

    def sweep(self) -> None:
        """Look at what waits, if it is time to; the timer goes by other deadlines too."""
        if not self._is_active:
            return
        if self._now() < self._due:
            self._arm(self._due)
            return
        for exchange in list(self._parked):
            if exchange.connection is not None and exchange.connection.is_gone():
                self._gone(exchange)
        busy = {port: port.calls for port in list(self._busy)}
        for port, calls in busy.items():
            if self._seen.get(port) == calls:
                port.read_aside()
        self._seen = busy
        # In this order, because `enter` adds first and looks then.
        self._is_active = self._is_quick = False
        if busy or self._busy:
            self._activate(_SLOW)
        elif self._parked:
            self._activate(_PARKED)

    def _activate(self, seconds: float) -> None:
        self._is_active = True
        self._is_quick = seconds == _SLOW
        self._due = self._now() + seconds
        self._arm(self._due)
