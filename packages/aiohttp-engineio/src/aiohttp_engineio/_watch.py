"""Noticing clients that have left while their request waits: aiohttp does not tell its handlers."""

from __future__ import annotations

import asyncio

from aiohttp import web

__all__ = ["Watch"]

# Seconds. A client that left is to be noticed within one (faults.md F-41), and sooner is better: it
# may be back already. A look at ten thousand requests takes a millisecond.
_INTERVAL = 0.1


class Watch:
    """Looks after all requests that wait, with one timer while there is any."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[None], web.Request] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def gone(self, request: web.Request) -> None:
        """Return when the client of ``request`` has left."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting[future] = request
        if self._timer is None:
            self._timer = loop.call_later(_INTERVAL, self._look)
        try:
            await future
        finally:
            del self._waiting[future]

    def _look(self) -> None:
        for future, request in self._waiting.items():
            if request.transport is None and not future.done():
                future.set_result(None)
        self._timer = None
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_later(_INTERVAL, self._look)
