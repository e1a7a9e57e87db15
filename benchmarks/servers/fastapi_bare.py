"""The floor on FastAPI: the same bytes on the wire, and nothing of Engine.IO behind them.

No session has a name, a deadline, a limit or a heartbeat; the open packet is a constant.
"""

from __future__ import annotations

import asyncio
import itertools

from fastapi import FastAPI, Request, Response, WebSocket

from .counts import Application, with_counts

_OPEN = (
    '0{"sid":"%s","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,'
    '"maxPayload":1000000}'
)
_OPEN_WEBSOCKET = _OPEN % ("x" * 20)
_others: set[WebSocket] = set()
_polls: dict[str, asyncio.Queue[bytes]] = {}
_numbers = itertools.count()


async def _accept(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(_OPEN_WEBSOCKET)


def _echo() -> Application:
    app = FastAPI()

    @app.websocket("/engine.io/")
    async def echo(websocket: WebSocket) -> None:
        await _accept(websocket)
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    @app.get("/engine.io/")
    async def poll(sid: str = "") -> Response:
        if not sid:
            sid = f"{next(_numbers):020}"
            _polls[sid] = asyncio.Queue()
            return _response((_OPEN % sid).encode())
        return _response(await _polls[sid].get())

    @app.post("/engine.io/")
    async def post(sid: str, request: Request) -> Response:
        _polls[sid].put_nowait(await request.body())
        return _response(b"ok")

    return with_counts(app)


def _broadcast() -> Application:
    app = FastAPI()

    @app.websocket("/engine.io/")
    async def broadcast(websocket: WebSocket) -> None:
        await _accept(websocket)
        _others.add(websocket)
        async for text in websocket.iter_text():
            for other in _others:
                await other.send_text(text)
        _others.discard(websocket)

    return with_counts(app)


def _response(body: bytes) -> Response:
    headers = {"Content-Type": "text/plain; charset=UTF-8", "Cache-Control": "no-store"}
    return Response(body, headers=headers)


echo = _echo()
broadcast = _broadcast()
