"""python-engineio under Tornado, with all its defaults. Runs in .venv-peers.

Its API is ours where this module uses it, so it also type-checks; it has no broadcast of its own.
"""

from __future__ import annotations

from typing import Any

import engineio

from .tornado_run import run


def _routes(eio: engineio.AsyncServer) -> list[Any]:
    return [(r"/engine\.io/", engineio.get_tornado_handler(eio))]


def echo() -> list[Any]:
    """Every message goes back to its sender."""
    eio = engineio.AsyncServer(async_mode="tornado")

    async def received(sid: str, data: str | bytes) -> None:
        await eio.send(sid, data)

    eio.on("message", received)
    return _routes(eio)


def broadcast() -> list[Any]:
    """Every message goes to all."""
    eio = engineio.AsyncServer(async_mode="tornado")
    sids: set[str] = set()

    async def received(sid: str, data: str | bytes) -> None:
        for other in list(sids):
            await eio.send(other, data)

    async def connected(sid: str, environ: object) -> None:
        sids.add(sid)

    async def gone(sid: str) -> None:
        sids.discard(sid)

    eio.on("connect", connected)
    eio.on("disconnect", gone)
    eio.on("message", received)
    return _routes(eio)


if __name__ == "__main__":
    run({"echo": echo, "broadcast": broadcast})
