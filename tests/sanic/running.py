"""Applications with names of their own, and sessions that have come to rest."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from sanic import Sanic

from sanic_engineio import EngineIO

__all__ = ["echoing", "new_app", "settled"]

_numbers = itertools.count()


def new_app(**config: Any) -> Sanic:
    """Return an application: Sanic wants a name that no other one in the process has."""
    app = Sanic(f"test{next(_numbers)}", configure_logging=False)
    # sanic-ext takes a while for each application; tests of it ask for it.
    app.update_config({"AUTO_EXTEND": False, **config})
    return app


def echoing(eio: Any) -> Any:
    """Make a server send everything back."""

    @eio.on("message")
    async def received(sid: str, data: str | bytes) -> None:
        await eio.send(sid, data)

    return eio


async def settled(eio: EngineIO, sid: str, transport: str) -> None:
    """Wait until the poll of a client is parked, or its upgrade is over on this side too."""
    session = eio.server.driver.engine.sessions[sid]
    async with asyncio.timeout(2):
        while not (session.polling.get if transport == "polling" else session.websocket):  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.01)
