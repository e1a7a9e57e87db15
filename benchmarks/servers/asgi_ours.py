"""engineio-core under an ASGI server, with all its defaults."""

from __future__ import annotations

import engineio

from .counts import Application, with_counts


def _echo() -> Application:
    eio = engineio.AsyncServer(async_mode="asgi")

    @eio.on("message")
    async def on_message(sid: str, data: str | bytes) -> None:
        await eio.send(sid, data)

    return with_counts(engineio.ASGIApp(eio))


def _broadcast() -> Application:
    eio = engineio.AsyncServer(async_mode="asgi")

    @eio.on("message")
    async def on_message(sid: str, data: str | bytes) -> None:
        await eio.broadcast(data)

    return with_counts(engineio.ASGIApp(eio))


echo = _echo()
broadcast = _broadcast()
