"""Hearing the stop signal before the server that runs us starts to wait for our requests.

A parked poll is a request that does not end, so servers that drain requests before they tell the
application (uvicorn and others, measured) would wait for it. The handlers chain: ours only asks the
loop to begin the shutdown, then the server's own runs as it would have.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType

__all__ = ["StopSignals"]

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """The chained handlers of one server.

    Args:
        stop: Called on the loop when a stop signal arrives.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._previous: dict[int, Callable[[int, FrameType | None], object]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def install(self, loop: asyncio.AbstractEventLoop) -> None:
        """Chain into the handlers that the server has set; it must have set them already.

        A signal nobody handles is left alone, and so is everything outside the main thread, where
        Python does not let handlers be set.
        """
        if self._previous or threading.current_thread() is not threading.main_thread():
            return
        self._loop = loop
        for number in _SIGNALS:
            previous = signal.getsignal(number)
            if callable(previous):
                self._previous[number] = previous
                signal.signal(number, self._handle)

    def remove(self) -> None:
        """Put the server's handlers back, unless somebody has chained after us."""
        for number, previous in self._previous.items():
            if signal.getsignal(number) == self._handle:
                signal.signal(number, previous)
        self._previous.clear()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop)
        previous = self._previous.get(number)
        if previous is not None:
            previous(number, frame)
