"""`FakeClock`: time that passes when a test says so.

What lives here: the clock alone. It replaces the event loop's clock in a server (``clock=``) and in
a `Client` of protocol revision 3, which pings; it never looks at the real time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from math import isfinite

__all__ = ["FakeClock"]

# What a call sets off may take several turns of the loop: a write, its answer, the handler that
# hears of it, and what that sends. Threads are outside of the loop and are not waited for.
_TURNS = 32


class _Call:
    """A call that has been scheduled."""

    __slots__ = ("callback", "clock")

    def __init__(self, clock: FakeClock, callback: Callable[[], None]) -> None:
        self.clock: FakeClock | None = clock
        self.callback = callback

    def cancel(self) -> None:
        """Take it back; nothing happens if it was made already."""
        if self.clock is not None:
            self.clock.scheduled -= 1
            self.clock = None


class FakeClock:
    """A monotonic clock that stands still until `advance`.

    Args:
        start: The time it shows at first, in seconds.

    Attributes:
        scheduled: How many calls wait for their time.

    Example::

        clock = FakeClock()
        eio = engineio.AsyncServer(async_mode="asgi", clock=clock)
        async with Client(engineio.ASGIApp(eio), heartbeats=False) as client:
            await clock.advance(45)  # ping_interval + ping_timeout
            assert client.closed
    """

    def __init__(self, start: float = 0.0) -> None:
        self.scheduled = 0
        self._now = start
        self._calls: list[tuple[float, int, _Call]] = []
        self._order = count()

    def time(self) -> float:
        """Return the time in seconds."""
        return self._now

    def call_at(self, when: float, callback: Callable[[], None], /) -> _Call:
        """Call ``callback`` when the clock reaches ``when``, or at the next `advance` if it has."""
        call = _Call(self, callback)
        self.scheduled += 1
        heappush(self._calls, (when, next(self._order), call))
        return call

    async def advance(self, seconds: float) -> None:
        """Let time pass: make each call that falls due at its time, in order.

        At the beginning, after each call and at the end, the loop takes enough turns for what was
        set off to happen (see `settle`).

        Raises:
            ValueError: ``seconds`` is negative or has no end.
        """
        end = self._end(seconds)
        await self.settle()
        while self._calls and self._calls[0][0] <= end:
            self._now = max(self._now, self._calls[0][0])
            if self._make_next():
                await self.settle()
        self._now = end
        await self.settle()

    async def suspend(self, seconds: float) -> None:
        """Let time pass as in a process that was stopped: what fell due is made late, at the end.

        Raises:
            ValueError: ``seconds`` is negative or has no end.
        """
        self._now = self._end(seconds)
        await self.advance(0.0)

    async def settle(self) -> None:
        """Let no time pass, but give the loop its turn until callbacks and tasks have gone on.

        A handler that is a plain function runs in a thread, unless the server has
        ``sync_handlers="inline"``; threads are not waited for.
        """
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    def _end(self, seconds: float) -> float:
        if not (isfinite(seconds) and seconds >= 0):
            raise ValueError(f"time passes by 0 seconds or more, not by {seconds!r}")
        return self._now + seconds

    def _make_next(self) -> bool:
        """Make the next call; False if it was cancelled."""
        call = heappop(self._calls)[2]
        if call.clock is None:
            return False
        call.cancel()
        call.callback()
        return True
