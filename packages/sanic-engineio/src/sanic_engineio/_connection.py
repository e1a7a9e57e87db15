"""The connection below a request: what Sanic keeps of it to itself, and how to take it over.

The only module that touches what Sanic does not document: the attributes of a request's
``stream`` (`sanic.http.Http`), and the order in which Sanic ends a connection. Sanic's own way to
a WebSocket costs several times as much for a message (measured), and refuses what it cannot.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

from sanic import Request
from sanic.exceptions import SanicException
from sanic.http import Http

from engineio.aio.stream import WebSocketStream
from engineio.aio.stream_port import StreamPort
from engineio.http.opening import RawHeader, head_bytes

__all__ = ["body_of", "leave_body", "serve_stream"]


def _http_of(request: Request) -> Any:
    """Return what reads and writes for a request.

    Raises:
        SanicException: That is not Sanic's own server speaking HTTP/1.1.
    """
    stream = request.stream
    if not isinstance(stream, Http):
        raise SanicException("Engine.IO is served over HTTP/1.1 by Sanic's own server", 505)
    return stream


def body_of(request: Request) -> AsyncIterator[bytes]:
    """Return the pieces of the body, as they arrive."""
    return cast(AsyncIterator[bytes], _http_of(request).__aiter__())


def leave_body(request: Request) -> None:
    """Leave the rest of a body, if there is one, unread: the connection ends after the answer.

    Sanic would read all of it first, however long that takes. It still does where all is here.
    """
    http = _http_of(request)
    is_here = http.request_body is True and http.request_bytes_left <= len(http.recv_buffer)
    if http.request_body and not is_here:
        http.request_body = None
        http.expecting_continue = False
        http.keep_alive = False


async def serve_stream(request: Request, port: StreamPort, head: list[RawHeader]) -> None:
    """Answer 101, pass frames between the transport and the port, and return when that is over.

    Args:
        request: The request for a WebSocket.
        port: The WebSocket of the engine, which lets it in.
        head: The fields of the answer.
    """
    http, loop = _http_of(request), asyncio.get_running_loop()
    protocol, transport = http.protocol, cast(asyncio.Transport, request.transport)
    lost: asyncio.Future[None] = loop.create_future()

    def connection_lost() -> None:
        if not lost.done():
            lost.set_result(None)

    # A handler that returns nothing is right for this request, even if it names more protocols.
    http.upgrade_websocket = True
    early = bytes(http.recv_buffer)
    http.recv_buffer.clear()
    transport.write(head_bytes(101, head))
    stream = WebSocketStream(transport, port, port.limit, early, connection_lost)
    port.opened(stream)
    # Sanic stops reading when much has come early.
    transport.resume_reading()
    try:
        await port.gone()
        # What was written last may still be on its way.
        await lost
    finally:
        # Sanic's books are its protocol's, which hears of the end when this task is over: before,
        # it would cancel the task.
        loop.call_soon(protocol.connection_lost, None)
