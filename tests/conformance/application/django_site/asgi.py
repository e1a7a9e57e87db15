"""``uvicorn tests.conformance.application.django_site.asgi:application``."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qsl

os.environ.setdefault(
    "DJANGO_SETTINGS_MODULE", "tests.conformance.application.django_site.settings"
)

from django_engineio import EngineIO  # it needs the settings
from django_engineio.asgi import get_asgi_application
from tests.conformance.application.aio import AsyncApplication
from tests.conformance.application.django_site.servers import ledger, made


class Awaited:
    """A server with the names that the application for `engineio.AsyncServer` knows."""

    def __init__(self, eio: EngineIO) -> None:
        self.on = eio.on
        self.send = eio.asend
        self.broadcast = eio.abroadcast
        self.disconnect = eio.adisconnect
        self.sleep = eio.asleep
        self.transport = eio.transport
        self.start_background_task = eio.start_background_task


applications = list(made(AsyncApplication, Awaited))
for each in applications:
    each.listen()
inner = get_asgi_application()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Count the requests of each key on their way to the servers, as a middleware would."""
    if scope.get("path") == "/bare" and scope["type"] == "websocket":
        await _bare(receive, send)
        return
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


async def _bare(receive: Any, send: Any) -> None:
    """Hold a WebSocket that costs no more than the server below takes."""
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass
