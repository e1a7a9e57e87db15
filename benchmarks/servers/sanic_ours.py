"""sanic-engineio with all its defaults."""

from __future__ import annotations

from sanic import Sanic

from sanic_engineio import EngineIO

from .sanic_run import run


def echo(app: Sanic) -> None:
    """Every message goes back to its sender."""
    eio = EngineIO(app)

    @eio.on_message
    async def received(sid: str, data: str | bytes) -> None:
        await eio.send(sid, data)


def broadcast(app: Sanic) -> None:
    """Every message goes to all."""
    eio = EngineIO(app)

    @eio.on_message
    async def received(sid: str, data: str | bytes) -> None:
        await eio.broadcast(data)


if __name__ == "__main__":
    run({"echo": echo, "broadcast": broadcast})
