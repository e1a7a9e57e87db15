"""Time: where it comes from, and the one timer of a server, which follows the engine's deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Protocol

__all__ = ["Clock", "Timer", "TimerHandle", "sleep"]


class TimerHandle(Protocol):
    """A call that has been scheduled."""

    def cancel(self) -> None:
        """Take it back."""


class Clock(Protocol):
    """Where a server gets its time from: an event loop, or `engineio.testing.FakeClock`."""

    def time(self) -> float:
        """Return seconds on a monotonic clock."""

    def call_at(self, when: float, callback: Callable[[], None], /) -> TimerHandle:
        """Call ``callback`` at ``when``."""


class Timer:
    """Calls one function when a deadline passes.

    Args:
        clock: The clock.
        callback: The function.
    """

    __slots__ = ("_callback", "_clock", "_handle", "_when")

    def __init__(self, clock: Clock, callback: Callable[[], None]) -> None:
        self._clock = clock
        self._callback = callback
        self._handle: TimerHandle | None = None
        self._when = 0.0

    def arm(self, deadline: float | None) -> None:
        """Make sure that the call comes no later than ``deadline``; it may come earlier."""
        if deadline is None or (self._handle is not None and self._when <= deadline):
            return
        if self._handle is not None:
            self._handle.cancel()
        self._when = deadline
        self._handle = self._clock.call_at(deadline, self._fire)

    def stop(self) -> None:
        """Take the call back."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _fire(self) -> None:
        self._handle = None
        self._callback()


async def sleep(clock: Clock, seconds: float) -> None:
    """Sleep for ``seconds`` on a clock that need not be the loop's."""
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    handle = clock.call_at(clock.time() + seconds, partial(_end, over))
    try:
        await over
    finally:
        handle.cancel()


def _end(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)
