"""How every aiohttp application is run: on uvloop, without an access log, as in production."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping

import uvloop
from aiohttp import web

from .counts import counts


async def _counts(request: web.Request) -> web.Response:
    return web.json_response(counts())


def run(applications: Mapping[str, Callable[[], web.Application]]) -> None:
    """Run the application that the command line names, on the port that it names."""
    _, name, port = sys.argv
    app = applications[name]()
    app.router.add_get("/counts", _counts)
    asyncio.set_event_loop(loop := uvloop.new_event_loop())
    web.run_app(app, host="127.0.0.1", port=int(port), access_log=None, print=None, loop=loop)
