"""HTTP: Tornado's request becomes the core's, and the core's answer goes out through the handler.

Nothing here decides anything about the protocol.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tornado.iostream import StreamClosedError
from tornado.web import Finish, HTTPError

from engineio.aio.driver import Driver
from engineio.http.request import Headers, Request
from engineio.http.response import Response

if TYPE_CHECKING:
    from .handler import EngineIOHandler

__all__ = ["answer", "request_of", "serve_http", "set_headers"]

# Of these fields an answer may have several, and the application's handler may have set one.
_ADDED = {"Set-Cookie", "Vary"}
_NO_CONTENT = 204


async def serve_http(driver: Driver, handler: EngineIOHandler) -> None:
    """Answer one request."""
    exchange = driver.http(request_of(handler))
    response = await exchange.response(handler.body.read, handler.gone)
    if response is None:
        return
    is_taken = False
    try:
        is_taken = await answer(handler, response)
    finally:
        exchange.sent(is_taken)


def request_of(handler: EngineIOHandler) -> Request:
    """Return the head of a request as the core knows it."""
    request = handler.request
    return Request(
        method=request.method or "",
        path=unquote(request.path),
        query=(request.uri or "").partition("?")[2],
        headers=Headers([(name.lower(), value) for name, value in request.headers.get_all()]),
        scheme=request.protocol,
        peer=request.remote_ip or "",
        native=lambda: handler,
    )


async def answer(handler: EngineIOHandler, response: Response) -> bool:
    """Write a response, and return whether the connection has taken it; Tornado finishes it."""
    if handler.refused_by is not None:
        _refuse(handler, response, handler.refused_by)
        return True
    handler.set_status(response.status)
    handler.clear_header("Content-Type")
    set_headers(handler, response)
    if not handler.body.is_complete:
        # The rest of the body is not read, so the connection cannot carry another request.
        handler.set_header("Connection", "close")
    if response.status != _NO_CONTENT:
        handler.set_header("Content-Length", str(len(response.body)))
        handler.write(response.body)
    with suppress(StreamClosedError):
        await handler.flush()
    # A write to a client that leaves in the meantime ends like any other.
    return not handler.connection.stream.closed()


def set_headers(handler: EngineIOHandler, response: Response) -> None:
    """Put the fields of a response into the answer, in the place of what is there."""
    seen = set(_ADDED)
    for name, value in response.headers:
        (handler.add_header if name in seen else handler.set_header)(name, value)
        seen.add(name)


def _refuse(handler: EngineIOHandler, response: Response, error: Exception) -> None:
    """Answer in the way in which Tornado answers this exception."""
    if isinstance(error, Finish):
        set_headers(handler, response)
        for chunk in error.args:
            handler.write(chunk)
        return
    handler.log_exception(type(error), error, error.__traceback__)
    handler.clear()
    set_headers(handler, response)
    handler.set_status(response.status, error.reason if isinstance(error, HTTPError) else None)
    handler.write_error(response.status, exc_info=(type(error), error, error.__traceback__))
