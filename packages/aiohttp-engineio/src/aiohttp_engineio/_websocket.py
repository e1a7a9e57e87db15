"""WebSockets: one connection of aiohttp as a port of the asyncio shell.

Nothing here decides anything about the protocol.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import EofStream, WebSocketError, WSMsgType, web
from aiohttp.abc import AbstractStreamWriter

from engineio.aio.transport_port import TransportPort

from ._http import request_of, response_of
from ._response import WebSocketResponse

if TYPE_CHECKING:
    from ._gateway import Gateway

__all__ = ["serve_websocket"]


async def serve_websocket(
    gateway: Gateway, request: web.Request, websocket: WebSocketResponse
) -> web.StreamResponse:
    """Serve one WebSocket until it is gone."""
    if request.transport is None:
        return websocket
    port = _Port(gateway, request.transport)
    decision = await port.open(request_of(request))
    if not isinstance(decision, tuple):
        return websocket if decision is None else response_of(decision)
    websocket.headers.extend(decision)
    try:
        port.writer = await websocket.prepare(request)
        port.accepted()
        await port.read(websocket)
    except (ConnectionError, EofStream):
        port.closed()
    except WebSocketError as error:
        port.failed(error.code, str(error))
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

    async def read(self, websocket: WebSocketResponse) -> None:
        """Pass on what arrives until the client closes."""
        received = partial(self.driver.received, self)
        inlet = websocket.inlet
        while (frame := await inlet.take(received)).type is not WSMsgType.CLOSE:
            if frame.type is WSMsgType.PING:
                await websocket.pong(frame.data)
            inlet.held -= 1
        # aiohttp says 0 where the client gave no code.
        self.closed(frame.data or None, frame.extra or "")
