"""tornado-engineio with all its defaults."""

from __future__ import annotations

from typing import Any

from tornado_engineio import EngineIO

from .tornado_run import run


def echo() -> list[Any]:
    """Every message goes back to its sender."""
    eio = EngineIO()

    @eio.on_message
    async def received(sid: str, data: str | bytes) -> None:
        await eio.send(sid, data)

    return list(eio.routes())


def broadcast() -> list[Any]:
    """Every message goes to all."""
    eio = EngineIO()

    @eio.on_message
    async def received(sid: str, data: str | bytes) -> None:
        await eio.broadcast(data)

    return list(eio.routes())


if __name__ == "__main__":
    run({"echo": echo, "broadcast": broadcast})
