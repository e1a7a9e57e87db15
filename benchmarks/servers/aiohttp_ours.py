"""aiohttp-engineio with all its defaults."""

from __future__ import annotations

from aiohttp import web

import aiohttp_engineio

from .aiohttp_run import run


def echo() -> web.Application:
    """Every message goes back to its sender."""
    app = web.Application()
    eio = aiohttp_engineio.setup(app)

    @eio.on_message
    async def received(sid: str, data: str | bytes) -> None:
        await eio.send(sid, data)

    return app


def broadcast() -> web.Application:
    """Every message goes to all."""
    app = web.Application()
    eio = aiohttp_engineio.setup(app)

    @eio.on_message
    async def received(sid: str, data: str | bytes) -> None:
        await eio.broadcast(data)

    return app


if __name__ == "__main__":
    run({"echo": echo, "broadcast": broadcast})
