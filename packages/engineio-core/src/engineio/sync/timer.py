"""Time: where it comes from, and the one timer of a server, which follows its next deadline."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from math import inf
from typing import Protocol

from .concurrency import Concurrency, Event

__all__ = ["Clock", "SystemClock", "Timer", "TimerHandle"]

logger = logging.getLogger(__name__)


class TimerHandle(Protocol):
    """A call that has been scheduled."""

    def cancel(self) -> None:
        """Take it back."""


class Clock(Protocol):
    """A clock for tests, which makes calls when it is told that their time has come."""

    def time(self) -> float:
        """Return seconds on a monotonic clock."""

    def call_at(self, when: float, callback: Callable[[], object], /) -> TimerHandle:
        """Call ``callback`` at ``when``."""


class SystemClock:
    """The clock of the system; it makes no calls, because that takes a thread or greenlet."""

    time = staticmethod(time.monotonic)


class Timer:
    """Calls one function when a deadline passes.

    `arm` and `expire` are called by one thread at a time, which is the caller's concern.

    Args:
        concurrency: How to wait.
        clock: A clock that makes the call, or None for the system's, followed by one thread.
        callback: The function.
    """

    def __init__(
        self, concurrency: Concurrency, clock: Clock | None, callback: Callable[[], None]
    ) -> None:
        self._concurrency = concurrency
        self._clock = clock
        self._callback = callback
        self._when = inf
        self._handle: TimerHandle | None = None
        self._wake = concurrency.event()
        # What `_run` runs for, so that one that was stopped does not go on after the next start.
        self._token: object = None

    def start(self) -> None:
        """Follow the deadline from now on."""
        if self._token is not None:
            return
        self._token = token = object()
        # Another event each time: a run that was stopped may still be about to clear its own.
        self._wake = self._concurrency.event()
        if self._clock is None:
            try:
                self._concurrency.start(partial(self._run, token, self._wake))
            except RuntimeError:
                self._token = None
                raise

    def stop(self) -> None:
        """Follow it no more."""
        self._token = None
        self._when = inf
        self._wake.set()
        if self._handle is not None:
            self._handle.cancel()

    def arm(self, deadline: float | None) -> None:
        """Make sure that the call comes no later than ``deadline``; it may come earlier."""
        if deadline is None or deadline >= self._when:
            return
        self._when = deadline
        if self._clock is None:
            self._wake.set()
            return
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._clock.call_at(deadline, self._callback)

    def expire(self) -> None:
        """Take note that the call has come: the next deadline is a new one."""
        self._when = inf

    def _run(self, token: object, wake: Event) -> None:
        while self._token is token:
            seconds = self._when - time.monotonic()
            if seconds <= 0:
                self._fire()
            else:
                wake.wait(min(seconds, self._concurrency.longest_wait))
                wake.clear()

    def _fire(self) -> None:
        try:
            self._callback()
        except Exception:
            # Whatever it was, all other sessions need their timer.
            logger.exception("the timer failed")
