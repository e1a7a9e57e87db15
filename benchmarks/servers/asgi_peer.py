"""python-engineio under an ASGI server, with all its defaults. Runs in .venv-peers.

Its API is ours where this module uses it, so it also type-checks; it has no broadcast of its own.
"""

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
    sids: set[str] = set()

    @eio.on("connect")
    async def on_connect(sid: str, environ: object) -> None:
        sids.add(sid)

    @eio.on("disconnect")
    async def on_disconnect(sid: str) -> None:
        sids.discard(sid)

    @eio.on("message")
    async def on_message(sid: str, data: str | bytes) -> None:
        for other in list(sids):
            await eio.send(other, data)

    return with_counts(engineio.ASGIApp(eio))


echo = _echo()
broadcast = _broadcast()
