"""python-engineio under Sanic, with all its defaults. Runs in .venv-peers.

Its API is ours where this module uses it, so it also type-checks; it has no broadcast of its own.
"""

from __future__ import annotations

from sanic import Sanic

import engineio

from .sanic_run import run


def echo(app: Sanic) -> None:
    """Every message goes back to its sender."""
    eio = engineio.AsyncServer(async_mode="sanic")
    eio.attach(app)

    @eio.on("message")
    async def received(sid: str, data: str | bytes) -> None:
        await eio.send(sid, data)


def broadcast(app: Sanic) -> None:
    """Every message goes to all."""
    eio = engineio.AsyncServer(async_mode="sanic")
    eio.attach(app)
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


if __name__ == "__main__":
    run({"echo": echo, "broadcast": broadcast})
