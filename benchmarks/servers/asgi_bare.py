"""The floor on an ASGI server: the same bytes on the wire, and nothing of Engine.IO behind them.

No session has a name, a deadline, a limit or a heartbeat; the open packet is a constant.
"""

from __future__ import annotations

import asyncio
import itertools

from .counts import Receive, Scope, Send, with_counts

_OPEN = (
    '0{"sid":"%s","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,'
    '"maxPayload":1000000}'
)
OPEN_WEBSOCKET = _OPEN % ("x" * 20)
_senders: set[Send] = set()
_polls: dict[str, asyncio.Queue[bytes]] = {}
_numbers = itertools.count()


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "websocket":
        await _http(scope, receive, send)
        return
    await _accept(receive, send)
    while (event := await receive())["type"] == "websocket.receive":
        text = event.get("text")
        if text is not None:
            await send({"type": "websocket.send", "text": text})
        else:
            await send({"type": "websocket.send", "bytes": event["bytes"]})


async def _broadcast(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "websocket":
        return
    await _accept(receive, send)
    _senders.add(send)
    while (event := await receive())["type"] == "websocket.receive":
        for other in _senders:
            await other({"type": "websocket.send", "text": event["text"]})
    _senders.discard(send)


async def _accept(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": OPEN_WEBSOCKET})


async def _http(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    _, _, sid = scope["query_string"].decode().partition("&sid=")
    if not sid:
        sid = f"{next(_numbers):020}"
        _polls[sid] = asyncio.Queue()
        await _respond(send, (_OPEN % sid).encode())
    elif scope["method"] == "POST":
        _polls[sid].put_nowait(await _read_body(receive))
        await _respond(send, b"ok")
    else:
        await _respond(send, await _polls[sid].get())


async def _read_body(receive: Receive) -> bytes:
    event = await receive()
    body: bytes = event["body"]
    while event.get("more_body", False):
        event = await receive()
        body += event["body"]
    return body


async def _respond(send: Send, body: bytes) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=UTF-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


echo = with_counts(_echo)
broadcast = with_counts(_broadcast)
