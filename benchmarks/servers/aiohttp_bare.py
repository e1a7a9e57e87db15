"""The floor on aiohttp: the same bytes on the wire, and nothing of Engine.IO behind them.

No session has a name, a deadline, a limit or a heartbeat; the open packet is a constant.
"""

from __future__ import annotations

import asyncio
import itertools

from aiohttp import WSMsgType, web

from .aiohttp_run import run

_OPEN = (
    '0{"sid":"%s","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,'
    '"maxPayload":1000000}'
)
_OPEN_WEBSOCKET = _OPEN % ("x" * 20)
_others: set[web.WebSocketResponse] = set()
_polls: dict[str, asyncio.Queue[bytes]] = {}
_numbers = itertools.count()


async def _accept(request: web.Request) -> web.WebSocketResponse:
    # Compression is off as it is on our side; it is on in aiohttp where the client offers it.
    websocket = web.WebSocketResponse(compress=False)
    await websocket.prepare(request)
    await websocket.send_str(_OPEN_WEBSOCKET)
    return websocket


async def _echo(request: web.Request) -> web.StreamResponse:
    if "Upgrade" not in request.headers:
        return await _http(request)
    websocket = await _accept(request)
    async for message in websocket:
        if message.type is WSMsgType.TEXT:
            await websocket.send_str(message.data)
        else:
            await websocket.send_bytes(message.data)
    return websocket


async def _broadcast(request: web.Request) -> web.StreamResponse:
    websocket = await _accept(request)
    _others.add(websocket)
    async for message in websocket:
        for other in _others:
            await other.send_str(message.data)
    _others.discard(websocket)
    return websocket


async def _http(request: web.Request) -> web.Response:
    sid = request.query.get("sid")
    if not sid:
        sid = f"{next(_numbers):020}"
        _polls[sid] = asyncio.Queue()
        return _response((_OPEN % sid).encode())
    if request.method == "POST":
        _polls[sid].put_nowait(await request.read())
        return _response(b"ok")
    return _response(await _polls[sid].get())


def _response(body: bytes) -> web.Response:
    headers = {"Content-Type": "text/plain; charset=UTF-8", "Cache-Control": "no-store"}
    return web.Response(body=body, headers=headers)


def echo() -> web.Application:
    """Every message goes back to its sender."""
    app = web.Application()
    app.router.add_route("*", "/engine.io/", _echo)
    return app


def broadcast() -> web.Application:
    """Every message goes to all."""
    app = web.Application()
    app.router.add_route("*", "/engine.io/", _broadcast)
    return app


if __name__ == "__main__":
    run({"echo": echo, "broadcast": broadcast})
