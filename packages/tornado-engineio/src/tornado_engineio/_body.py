"""Request bodies, counted while they arrive: Tornado's own limits have no say here."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from tornado.httputil import HTTPHeaders

from engineio.errors import BodyAborted, BodyTooLarge

__all__ = ["Body"]


class Body:
    """The body of one request, between Tornado, which reads it, and the core, which wants it.

    Attributes:
        is_complete: Whether all of it has arrived; true from the start where there is none.
    """

    def __init__(self, headers: HTTPHeaders) -> None:
        self.is_complete = headers.get("Content-Length", "0") == "0" and (
            "Transfer-Encoding" not in headers
        )
        self._data = bytearray()
        self._is_wanted = False
        self._is_lost = False
        self._is_closed = False
        # One waits at a time: Tornado to pass on a piece, or the core for one.
        self._waiter: asyncio.Future[None] | None = None

    # -- from Tornado ------------------------------------------------------------------------

    def feed(self, chunk: bytes) -> Awaitable[None] | None:
        """Take a piece; return None, or what to await before there may be another."""
        if not (self._is_wanted or self._is_closed):
            return self._hold(chunk)
        self._take(chunk)
        return None

    def end(self) -> None:
        """There is no more of it."""
        self.is_complete = True
        self._change()

    def lose(self) -> None:
        """The connection broke."""
        self._is_lost = True
        self._change()

    # -- from the core -----------------------------------------------------------------------

    async def read(self, limit: int) -> bytes:
        """Return the whole body.

        Raises:
            BodyTooLarge: It is over ``limit`` bytes.
            BodyAborted: The client went away, or broke the framing.
        """
        self._is_wanted = True
        self._change()
        while not self.is_complete:
            await self._next_change()
            if len(self._data) > limit:
                raise BodyTooLarge(f"a body over {limit} bytes")
            if self._is_lost:
                raise BodyAborted("the client left while it sent a body")
        return bytes(self._data)

    def close(self) -> None:
        """Nobody wants the rest of it: what still comes is thrown away."""
        self._is_closed = True
        self._data.clear()
        self._change()

    async def _hold(self, chunk: bytes) -> None:
        while not (self._is_wanted or self._is_closed or self._is_lost):
            await self._next_change()
        self._take(chunk)

    def _take(self, chunk: bytes) -> None:
        if not self._is_closed:
            self._data += chunk
            self._change()

    def _change(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    async def _next_change(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter
