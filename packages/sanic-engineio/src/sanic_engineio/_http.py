"""HTTP: Sanic's request becomes the core's, and the core's answer becomes Sanic's response.

Nothing here decides anything about the protocol.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from sanic import HTTPResponse
from sanic import Request as SanicRequest
from sanic.compat import Header
from sanic.exceptions import SanicException

from engineio.aio.driver import Driver
from engineio.aio.exchange import Exchange
from engineio.errors import BodyAborted, BodyTooLarge
from engineio.http.request import Headers, Request
from engineio.http.response import Response

from ._connection import body_of, leave_body

__all__ = ["request_of", "response_of", "serve_http"]


async def serve_http(driver: Driver, request: SanicRequest) -> HTTPResponse:
    """Answer one request; Sanic writes the response after the middlewares have seen it."""
    exchange = driver.http(request_of(request))
    response = await exchange.response(partial(_read, request), _gone)
    # Sanic cancels the handlers of clients that have gone, so there always is one.
    assert response is not None, "_gone never returns"
    leave_body(request)
    return _Answer(response, exchange)


def request_of(request: SanicRequest) -> Request:
    """Return the head of a request as the core knows it."""
    connection = request.conn_info
    return Request(
        method=request.method,
        path=request.path,
        query=request.query_string,
        headers=Headers([(name.lower(), _latin(value)) for name, value in request.headers.items()]),
        scheme="https" if connection is not None and connection.ssl else "http",
        peer=request.ip,
        native=lambda: request,
    )


def response_of(response: Response) -> HTTPResponse:
    """Return a response of the core as Sanic's."""
    return HTTPResponse(response.body, response.status, Header(response.headers))


def _latin(value: str) -> str:
    """Return a value as the core has it: one character for each byte."""
    if value.isascii():
        return value.rstrip(" \t")
    return value.encode("utf-8", "surrogateescape").decode("latin-1").rstrip(" \t")


async def _gone() -> None:
    await asyncio.get_running_loop().create_future()


async def _read(request: SanicRequest, limit: int) -> bytes:
    """Return the whole body, counted while it is read: ``REQUEST_MAX_SIZE`` has no say here.

    Raises:
        BodyTooLarge: It is over ``limit`` bytes.
        BodyAborted: The client broke the framing.
    """
    data = b""
    try:
        async for piece in body_of(request):
            data += piece
            if len(data) > limit:
                raise BodyTooLarge(f"a body over {limit} bytes")
    except SanicException as error:
        raise BodyAborted("the client broke the framing of a body") from error
    return data


def _is_ruled(name: str) -> bool:
    return name.lower().startswith("access-control-")


class _Answer(HTTPResponse):
    """A response that tells the core whether it was written."""

    __slots__ = ("_exchange", "_ruled", "_stream")

    def __init__(self, response: Response, exchange: Exchange) -> None:
        self._stream: Any = None
        super().__init__(response.body, response.status, Header(response.headers))
        self._exchange = exchange
        self._ruled = [(name, value) for name, value in response.headers if _is_ruled(name)]

    @property
    def stream(self) -> Any:
        """What it is written to. Sanic takes that away from an answer that another replaces."""
        return self._stream

    @stream.setter
    def stream(self, stream: Any) -> None:
        if stream is None and self._stream is not None:
            self._exchange.sent(accepted=False)
        self._stream = stream

    async def send(self, *arguments: Any, **options: Any) -> None:
        # There is one rule about other origins here. sanic-ext has another one, which it adds to
        # the answers of all routes, and which lets everybody in if the application says so.
        for name in {name for name in self.headers if _is_ruled(name)}:
            self.headers.popall(name)
        self.headers.extend(self._ruled)
        try:
            await super().send(*arguments, **options)
        except BaseException:
            self._exchange.sent(accepted=False)
            raise
        self._exchange.sent(accepted=True)
