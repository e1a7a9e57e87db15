"""WebSockets: one connection of Sanic as a port of the asyncio shell.

Nothing here decides anything about the protocol.
"""

from __future__ import annotations

import asyncio
from typing import cast

from sanic import HTTPResponse, Request

from engineio.aio.driver import Driver
from engineio.aio.stream_port import StreamPort
from engineio.http.opening import refusal, switching_headers
from engineio.http.response import Response

from ._connection import leave_body, serve_stream
from ._http import request_of, response_of

__all__ = ["is_websocket", "serve_websocket"]


def is_websocket(request: Request) -> bool:
    """Return whether a request asks for a WebSocket, be it in the right way or not."""
    return "websocket" in request.headers.get("upgrade", "").lower()


async def serve_websocket(driver: Driver, request: Request) -> HTTPResponse | None:
    """Serve one WebSocket until it is gone, or return the answer that refuses it."""
    head = request_of(request)
    decision = refusal(request.method.encode(), head.headers)
    port = StreamPort(driver)
    if decision is None:
        try:
            accepted = await driver.websocket(head, port)
        except asyncio.CancelledError:
            if not port.aborted:
                raise
            cast(asyncio.Transport, request.transport).abort()
            return None
        if not isinstance(accepted, Response):
            fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in accepted]
            key = head.headers.get("sec-websocket-key") or ""
            try:
                await serve_stream(request, port, [*switching_headers(key), *fields])
            except BaseException:
                driver.closed(port, None, "the server cancelled the connection")
                raise
            return None
        decision = accepted
    leave_body(request)
    return response_of(decision)
