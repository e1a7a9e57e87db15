"""One HTTP request on the asyncio side: the engine's ticket and the gateway's way to an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import BodyError
from ..http.request import Request
from ..http.response import Response
from .runner import Rest, step

if TYPE_CHECKING:
    from .driver import Driver

__all__ = ["Exchange", "ReadBody", "WaitGone"]

ReadBody: TypeAlias = Callable[[int], Awaitable[bytes]]
"""Reads a whole body of at most so many bytes, or raises `BodyError`."""

WaitGone: TypeAlias = Callable[[], Awaitable[None]]
"""Returns when the client has gone away."""


class Exchange:
    """One HTTP request.

    A gateway awaits `response`, writes what it returns, and then calls `sent`. No task is made for
    a request that waits: its own task watches the connection and is interrupted by the answer.

    Attributes:
        request: The request.
    """

    __slots__ = ("_confirm", "_driver", "_limit", "_response", "_scope", "request")

    def __init__(self, driver: Driver, request: Request) -> None:
        self.request = request
        self._driver = driver
        self._response: Response | None = None
        self._limit: int | None = None
        self._scope: asyncio.Timeout | None = None
        self._confirm = False

    async def response(self, read: ReadBody, gone: WaitGone) -> Response | None:
        """Return the answer, or None if the client went away before there was one.

        Args:
            read: Reads the body, should the engine want it.
            gone: Returns when the client has gone.
        """
        try:
            while self._response is None:
                if self._limit is None:
                    if await self._interruptible(gone()):
                        if self._response is None:
                            self._driver.http_closed(self)
                        self.sent(accepted=False)
                        return None
                else:
                    await self._read_now(self._read(read, self._limit))
        except BaseException:
            # Cancelled by the server, or a gateway that failed: either way nobody will answer.
            self._driver.http_closed(self)
            raise
        return self._response

    def sent(self, accepted: bool) -> None:
        """Say whether the answer could be written."""
        if self._confirm:
            self._confirm = False
            self._driver.replied(self, accepted)

    def reply(self, response: Response, confirm: bool) -> None:
        """Take the answer (for the server)."""
        self._response = response
        self._confirm = confirm
        if confirm and self._scope is not None:
            # In the next turn of the loop: what it has already read from the network may be that
            # the client has gone, and most servers take an answer for nobody without a word.
            asyncio.get_running_loop().call_soon(self._interrupt)
        else:
            self._interrupt()

    def read_body(self, limit: int) -> None:
        """Take the engine's wish for the body (for the server)."""
        self._limit = limit
        self._interrupt()

    async def _read(self, read: ReadBody, limit: int) -> None:
        self._limit = None
        try:
            body = await read(limit)
        except BodyError as error:
            self._driver.body_failed(self, error)
        else:
            self._driver.body(self, body)

    async def _read_now(self, reading: Coroutine[Any, Any, None]) -> None:
        # Most bodies are there already, and what does not wait needs nothing to interrupt it.
        try:
            waiting = reading.send(None)
        except StopIteration:
            return
        await self._interruptible(Rest(reading, waiting, step))

    async def _interruptible(self, awaitable: Awaitable[object]) -> bool:
        """Await until `_interrupt`; False if that came first."""
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._scope = scope
                await awaitable
        except TimeoutError:
            if not scope.expired():
                raise
            return False
        finally:
            self._scope = None
        return True

    def _interrupt(self) -> None:
        # Once is enough, and a second time is an error while the first is on its way.
        scope, self._scope = self._scope, None
        if scope is not None:
            scope.reschedule(0.0)
