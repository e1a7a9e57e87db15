"""WebSockets: one connection of aiohttp as a port of the asyncio shell.

Nothing here decides anything about the protocol.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import WebSocketError, WSMsgType, web
from aiohttp.abc import AbstractStreamWriter

from engineio.aio.transport_port import TransportPort
from engineio.http.response import Response

from ._http import request_of, response_of

if TYPE_CHECKING:
    from ._gateway import Gateway

__all__ = ["serve_websocket", "websocket_for"]


def websocket_for(request: web.Request, max_payload: int) -> web.WebSocketResponse | None:
    """Return what can carry the WebSocket that a request asks for, or None if it asks for none."""
    if request.method != "GET" or "Upgrade" not in request.headers:
        return None
    # Heartbeats are the protocol's own. aiohttp takes less than ``max_msg_size``, not as much.
    size = max_payload + 1
    websocket = web.WebSocketResponse(autoclose=False, compress=False, max_msg_size=size)
    return websocket if websocket.can_prepare(request) else None


async def serve_websocket(
    gateway: Gateway, request: web.Request, websocket: web.WebSocketResponse
) -> web.StreamResponse:
    """Serve one WebSocket until it is gone."""
    if request.transport is None:
        return websocket
    port = _Port(gateway, request.transport)
    decision = await port.open(request_of(request))
    if isinstance(decision, Response):
        return response_of(decision)
    if decision is None:
        return websocket
    websocket.headers.extend(decision)
    try:
        port.writer = await websocket.prepare(request)
        port.accepted()
        await port.read(websocket)
    except ConnectionError:
        port.closed(None, "the connection broke")
    except BaseException:
        port.closed(None, "the server cancelled the connection")
        raise
    return websocket


class _Port(TransportPort):
    """One WebSocket connection.

    Attributes:
        writer: What aiohttp lets wait for the client to read.
    """

    __slots__ = ("_gateway", "writer")

    def __init__(self, gateway: Gateway, transport: asyncio.Transport) -> None:
        super().__init__(gateway.driver, transport)
        self._gateway = gateway
        self.writer: AbstractStreamWriter

    @property
    def is_reading(self) -> bool:
        return not self._gateway.stopping

    async def drain(self) -> None:
        await self.writer.drain()

    async def read(self, websocket: web.WebSocketResponse) -> None:
        """Pass on what arrives until the connection is gone."""
        receive, received = websocket.receive, self.driver.received
        text, binary = WSMsgType.TEXT, WSMsgType.BINARY
        message = await receive()
        while message.type is text or message.type is binary:
            wait = received(self, message.data)
            if wait is not None:
                await wait
            message = await receive()
        if message.type is WSMsgType.CLOSE:
            # aiohttp says 0 where the client gave no code.
            self.closed(message.data or None, message.extra or "")
            return
        if isinstance(message.data, WebSocketError):
            self.driver.failed(self, message.data.code, str(message.data))
        self.closed()
