"""The floor on Sanic: the same bytes on the wire, and nothing of Engine.IO behind them.

No session has a name, a deadline, a limit or a heartbeat; the open packet is a constant.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from sanic import HTTPResponse, Request, Sanic, Websocket, raw
from websockets.exceptions import ConnectionClosed

from .sanic_run import run

_OPEN = (
    '0{"sid":"%s","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,'
    '"maxPayload":1000000}'
)
_OPEN_WEBSOCKET = _OPEN % ("x" * 20)
_HEADERS = {"Cache-Control": "no-store"}
_others: set[Websocket] = set()
_polls: dict[str, asyncio.Queue[bytes]] = {}
_numbers = itertools.count()


async def _echo(websocket: Websocket) -> None:
    while (message := await websocket.recv()) is not None:
        await websocket.send(message)


async def _broadcast(websocket: Websocket) -> None:
    _others.add(websocket)
    try:
        while (message := await websocket.recv()) is not None:
            for other in _others:
                await other.send(message)
    finally:
        _others.discard(websocket)


async def _http(request: Request) -> HTTPResponse:
    sid = request.args.get("sid")
    if not sid:
        sid = f"{next(_numbers):020}"
        _polls[sid] = asyncio.Queue()
        return _response((_OPEN % sid).encode())
    if request.method == "POST":
        _polls[sid].put_nowait(request.body)
        return _response(b"ok")
    return _response(await _polls[sid].get())


def _response(body: bytes) -> HTTPResponse:
    return raw(body, headers=_HEADERS, content_type="text/plain; charset=UTF-8")


def _add(app: Sanic, serve: Any) -> None:
    async def handle(request: Request) -> HTTPResponse | None:
        if "upgrade" not in request.headers:
            return await _http(request)
        # What Sanic itself does for a WebSocket route: such a one cannot share a path with others.
        protocol: Any = request.transport.get_protocol()
        websocket = await protocol.websocket_handshake(request)
        try:
            await websocket.send(_OPEN_WEBSOCKET)
            await serve(websocket)
        except ConnectionClosed:
            websocket.end_connection(1000)
        return None

    handle.is_websocket = True  # type: ignore[attr-defined]  # a mark of Sanic's
    # Pings of its own are off, as they are on our side.
    app.config.WEBSOCKET_PING_INTERVAL = None
    app.enable_websocket()
    app.add_route(handle, "/engine.io/", methods=["GET", "POST"])


def echo(app: Sanic) -> None:
    """Every message goes back to its sender."""
    _add(app, _echo)


def broadcast(app: Sanic) -> None:
    """Every message goes to all."""
    _add(app, _broadcast)


if __name__ == "__main__":
    run({"echo": echo, "broadcast": broadcast})
