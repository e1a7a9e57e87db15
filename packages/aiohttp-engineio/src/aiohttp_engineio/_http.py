"""HTTP: aiohttp's request becomes the core's, and the core's answer becomes aiohttp's response.

Nothing here decides anything about the protocol.
"""

from __future__ import annotations

from functools import partial

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import HttpProcessingError
from multidict import CIMultiDict

from engineio.aio.driver import Driver
from engineio.aio.exchange import Exchange
from engineio.errors import BodyAborted, BodyTooLarge
from engineio.http.request import Headers, Request
from engineio.http.response import Response

from ._watch import Watch

__all__ = ["request_of", "response_of", "serve_http"]


async def serve_http(driver: Driver, watch: Watch, request: web.Request) -> web.Response:
    """Answer one request; aiohttp writes the response after the middlewares have seen it."""
    exchange = driver.http(request_of(request))
    response = await exchange.response(partial(_read, request), partial(watch.gone, request))
    if response is None:
        # Nobody reads it any more, but middlewares expect one.
        return web.Response(status=400)
    answer = _Answer(response, exchange)
    if not request.content.is_eof():
        # The rest of the body is not read, so the connection cannot carry another request.
        answer.force_close()
    return answer


def request_of(request: web.Request) -> Request:
    """Return the head of a request as the core knows it."""
    query = request.raw_path.partition("?")[2]
    if not query.isascii():
        query = query.encode("utf-8", "surrogateescape").decode("latin-1")
    return Request(
        method=request.method,
        path=request.path,
        query=query,
        headers=Headers(
            [
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in request.raw_headers
            ]
        ),
        scheme=request.scheme,
        peer=request.remote or "",
        native=lambda: request,
    )


def response_of(response: Response) -> web.Response:
    """Return a response of the core as aiohttp's."""
    headers = CIMultiDict(response.headers)
    return web.Response(status=response.status, headers=headers, body=response.body)


async def _read(request: web.Request, limit: int) -> bytes:
    """Return the whole body, counted while it is read: ``client_max_size`` has no say here.

    Raises:
        BodyTooLarge: It is over ``limit`` bytes.
        BodyAborted: The client went away, or broke the framing.
    """
    content, data = request.content, b""
    try:
        while not content.at_eof():
            data += await content.readany()
            if len(data) > limit:
                raise BodyTooLarge(f"a body over {limit} bytes")
    except (OSError, web.RequestPayloadError, HttpProcessingError) as error:
        raise BodyAborted("the client left while it sent a body") from error
    return data


class _Answer(web.Response):
    """A response that tells the core whether it was written."""

    def __init__(self, response: Response, exchange: Exchange) -> None:
        headers = CIMultiDict(response.headers)
        super().__init__(status=response.status, headers=headers, body=response.body)
        self._exchange = exchange

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        try:
            return await super().prepare(request)
        except BaseException:
            self._exchange.sent(accepted=False)
            raise

    async def write_eof(self, data: bytes = b"") -> None:
        try:
            await super().write_eof(data)
        except BaseException:
            self._exchange.sent(accepted=False)
            raise
        self._exchange.sent(accepted=True)
