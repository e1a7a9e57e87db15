"""WebSockets: Tornado's handshake, and then the connection itself goes to the core's stream.

Nothing here decides anything about the protocol.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from engineio.aio.driver import Driver
from engineio.aio.stream_port import StreamPort
from engineio.http.opening import refusal, switching_headers
from engineio.http.response import Response

from ._http import answer, request_of, set_headers
from ._takeover import take_over

if TYPE_CHECKING:
    from .handler import EngineIOHandler

__all__ = ["serve_websocket", "wants_websocket"]


def wants_websocket(handler: EngineIOHandler) -> bool:
    """Whether a request asks for a WebSocket, and rightly so."""
    if "Upgrade" not in handler.request.headers:
        return False
    request = request_of(handler)
    return refusal(request.method.encode(), request.headers) is None


async def serve_websocket(driver: Driver, handler: EngineIOHandler) -> None:
    """Answer a request for a WebSocket, and leave that to the core if it is let in."""
    request = request_of(handler)
    port = StreamPort(driver)
    handler.when_lost(port.abort)
    try:
        decision = await driver.websocket(request, port)
    except asyncio.CancelledError:
        if not port.aborted:
            raise
        handler.detach().close()
        return
    if isinstance(decision, Response):
        await answer(handler, decision)
        return
    key = switching_headers(request.headers.get("sec-websocket-key") or "")
    fields = tuple((name.decode().title(), value.decode()) for name, value in key)
    handler.set_status(101)
    set_headers(handler, Response(101, (*fields, *decision)))
    handler.finish()
    await take_over(handler.detach(), port, handler.closing_hook)
