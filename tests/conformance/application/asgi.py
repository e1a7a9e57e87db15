"""The conformance application behind `engineio.ASGIApp`.

``SERVER tests.conformance.application.asgi:app`` runs it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import engineio
from tests.conformance.application.aio import build_servers
from tests.conformance.application.behaviour import Visitor
from tests.conformance.application.ledger import Ledger
from tests.conformance.application.profiles import path_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
ASGI = Callable[[Scope, Receive, Send], Awaitable[None]]


def introduce(environ: MutableMapping[str, Any]) -> Visitor:
    """Return what an ``environ`` tells about a client."""
    headers = {
        name[5:].lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    query = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
    return Visitor(query, headers, environ["REMOTE_ADDR"])


ledger = Ledger()
applications = build_servers("asgi", ledger, introduce)


async def other(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve the ledger: the application beside the Engine.IO servers."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "websocket":
        await _bare_websocket(scope["path"], receive, send)
    else:
        await _answer(scope["path"], send)


async def _bare_websocket(path: str, receive: Receive, send: Send) -> None:
    """Hold a WebSocket under ``/bare`` that costs no more than the server below takes."""
    await receive()
    if path != "/bare":
        await send({"type": "websocket.close", "code": 1000})
        return
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _answer(path: str, send: Send) -> None:
    _, _, key = path.removeprefix("/").partition("/")
    status: int = 200
    if path == "/ledger":
        sessions = sum(len(application.eio.sids) for application in applications.values())
        value = ledger.state(sessions, len(asyncio.all_tasks()))
    elif path.startswith("/ledger/"):
        value = ledger.account(key)
    else:
        status, value = 404, {"elsewhere": path}
    body = json.dumps(value).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _chain() -> ASGI:
    app: ASGI = other
    for profile, application in applications.items():
        app = engineio.ASGIApp(application.eio, other_asgi_app=app, engineio_path=path_of(profile))
    return app


inner = _chain()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Count the requests of each key on their way to the servers, as a middleware would."""
    query = scope.get("query_string", b"").decode("latin-1")
    key = dict(parse_qsl(query, max_num_fields=None)).get("key")
    if key is None:
        await inner(scope, receive, send)
        return
    ledger.request_started(key)
    try:
        await inner(scope, receive, send)
    finally:
        ledger.request_ended(key)
