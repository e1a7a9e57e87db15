"""The conformance application inside an aiohttp application.

``python -m tests.conformance.application.aiohttp_app --port 8000`` runs it as users run theirs.
"""

from __future__ import annotations

import argparse
import asyncio
import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.conformance.application.aio import build_servers, count_tasks
from tests.conformance.application.behaviour import Visitor
from tests.conformance.application.ledger import Ledger
from tests.conformance.application.profiles import path_of


def introduce(request: web.Request) -> Visitor:
    """Return what a request tells about a client."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Visitor(dict(request.query), headers, request.remote or "")


ledger = Ledger()
applications = build_servers("aiohttp", ledger, introduce)


async def state(request: web.Request) -> web.Response:
    """Answer what must be back at its old values after every scenario."""
    sessions = sum(len(application.eio.sids) for application in applications.values())
    return web.json_response(ledger.state(sessions, count_tasks()))


async def account(request: web.Request) -> web.Response:
    """Answer the events of one key."""
    return web.json_response(ledger.account(request.match_info["key"]))


async def bare(request: web.Request) -> web.WebSocketResponse:
    """Hold a WebSocket that costs no more than the server below takes."""
    websocket = web.WebSocketResponse(compress=False)
    await websocket.prepare(request)
    async for _ in websocket:
        pass
    return websocket


async def elsewhere(request: web.Request) -> web.Response:
    """Answer everything that no Engine.IO server is responsible for."""
    status = 403 if "Upgrade" in request.headers else 404
    return web.json_response({"elsewhere": request.path}, status=status)


@web.middleware
async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count the requests of each key on their way to the servers."""
    key = request.query.get("key")
    if key is None:
        return await handler(request)
    ledger.request_started(key)
    try:
        return await handler(request)
    finally:
        ledger.request_ended(key)


def build() -> web.Application:
    """Return the application with all its servers."""
    app = web.Application(middlewares=[counted])
    app.router.add_get("/ledger", state)
    app.router.add_get("/ledger/{key}", account)
    app.router.add_get("/bare", bare)
    for profile, application in applications.items():
        application.eio.attach(app, path_of(profile))
    app.router.add_route("*", "/{path:.*}", elsewhere)
    return app


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--uvloop", action="store_true")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    loop = asyncio.new_event_loop()
    if arguments.uvloop:
        import uvloop  # noqa: PLC0415  # not on every platform

        loop = uvloop.new_event_loop()
    web.run_app(build(), host=arguments.host, port=arguments.port, print=None, loop=loop)


if __name__ == "__main__":
    main()
