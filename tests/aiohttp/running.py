"""Applications that run, and sessions that have come to rest."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from aiohttp_engineio import EngineIO
from engineio.testing import LiveNetwork

__all__ = ["serve", "settled"]


async def serve(app: web.Application, **options: Any) -> tuple[web.AppRunner, LiveNetwork]:
    """Run an application as ``web.run_app`` does."""
    runner = web.AppRunner(app, **options)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, LiveNetwork(*runner.addresses[0][:2])


async def settled(eio: EngineIO, sid: str, transport: str) -> None:
    """Wait until the poll of a client is parked, or its upgrade is over on this side too."""
    session = eio.server.driver.engine.sessions[sid]
    async with asyncio.timeout(2):
        while not (session.polling.get if transport == "polling" else session.websocket):  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.01)
