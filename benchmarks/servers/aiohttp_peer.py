"""python-engineio under aiohttp, with all its defaults. Runs in .venv-peers.

Its API is ours where this module uses it, so it also type-checks; it has no broadcast of its own.
"""

from __future__ import annotations

from aiohttp import web

import engineio

from .aiohttp_run import run


def _application(eio: engineio.AsyncServer) -> web.Application:
    app = web.Application()
    eio.attach(app)
    return app


def echo() -> web.Application:
    """Every message goes back to its sender."""
    eio = engineio.AsyncServer(async_mode="aiohttp")

    @eio.on("message")
    async def received(sid: str, data: str | bytes) -> None:
        await eio.send(sid, data)

    return _application(eio)


def broadcast() -> web.Application:
    """Every message goes to all."""
    eio = engineio.AsyncServer(async_mode="aiohttp")
    sids: set[str] = set()

    @eio.on("connect")
    async def connected(sid: str, environ: object) -> None:
        sids.add(sid)

    @eio.on("disconnect")
    async def gone(sid: str) -> None:
        sids.discard(sid)

    @eio.on("message")
    async def received(sid: str, data: str | bytes) -> None:
        for other in list(sids):
            await eio.send(other, data)

    return _application(eio)


if __name__ == "__main__":
    run({"echo": echo, "broadcast": broadcast})
