"""Hearing the stop signal before the server that runs us starts to wait for our requests.

A parked poll is a request that does not end, so servers that drain requests before they tell the
application (uvicorn and others, measured) would wait for it. The handlers chain: ours asks the
loop to begin the shutdown, and then to run the server's own.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeAlias

__all__ = ["StopSignals"]

_SIGNALS = (signal.SIGTERM, signal.SIGINT)

Handler: TypeAlias = Callable[[int, FrameType | None], object]


class StopSignals:
    """The chained handlers of one server.

    Args:
        stop: Called on the loop when a stop signal arrives.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._previous: dict[int, Handler] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def install(self, loop: asyncio.AbstractEventLoop) -> None:
        """Chain into the handlers that the server has set; it must have set them already.

        A signal nobody handles is left alone, and so is everything outside the main thread, where
        Python does not let handlers be set.
        """
        if threading.current_thread() is not threading.main_thread():
            return
        if self._previous and not self._is_over():
            return
        found = {number: _alive(signal.getsignal(number), number) for number in _SIGNALS}
        self._loop = loop
        self._previous = {number: handler for number, handler in found.items() if callable(handler)}
        for number in self._previous:
            signal.signal(number, self._handle)

    def remove(self) -> None:
        """Put the server's handlers back; where somebody has chained after us, pass signals on."""
        for number in list(self._previous):
            if signal.getsignal(number) == self._handle:
                signal.signal(number, self._previous.pop(number))

    def behind(self, number: int) -> Handler | None:
        """Return what this has chained to, if its loop is gone and nobody needs it any more."""
        return self._previous.get(number) if self._is_over() else None

    def _is_over(self) -> bool:
        return self._loop is None or self._loop.is_closed()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        previous = self._previous.get(number)

        def stop() -> None:
            # uvicorn closes WebSockets in the very turn of the loop in which it hears of the
            # signal, so it hears of it when our clients have been told.
            self._stop()
            if previous is not None:
                previous(number, frame)

        if self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(stop)
        elif previous is not None:
            previous(number, frame)


def _alive(handler: Any, number: int) -> Any:
    """Return the first in a chain of handlers that is not ours, or is still needed.

    A process that runs one loop after the other, as tests do, would else get a longer chain each
    time, and in the end one that is too long for Python.
    """
    while isinstance(owner := getattr(handler, "__self__", None), StopSignals):
        behind = owner.behind(number)
        if behind is None:
            break
        handler = behind
    return handler
