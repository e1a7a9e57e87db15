"""The conformance application inside a Sanic application.

``python -m tests.conformance.application.sanic_app --port 8000`` runs it as users run theirs.
"""

from __future__ import annotations

import argparse
import logging

from sanic import HTTPResponse, Request, Sanic, Websocket, json
from sanic.constants import HTTP_METHODS

from tests.conformance.application.aio import build_servers, count_tasks
from tests.conformance.application.behaviour import Visitor
from tests.conformance.application.ledger import Ledger
from tests.conformance.application.profiles import path_of


def introduce(request: Request) -> Visitor:
    """Return what a request tells about a client."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = dict(request.get_query_args(keep_blank_values=True))
    return Visitor(query, headers, request.ip)


ledger = Ledger()
applications = build_servers("sanic", ledger, introduce)


class Application(Sanic):
    """Counts the requests of each key on their way to the servers: no middleware sees their end."""

    async def handle_request(self, request: Request) -> None:
        """Serve a request."""
        key = request.args.get("key")
        if key is None:
            return await super().handle_request(request)
        ledger.request_started(key)
        try:
            return await super().handle_request(request)
        finally:
            ledger.request_ended(key)


async def state(request: Request) -> HTTPResponse:
    """Answer what must be back at its old values after every scenario."""
    sessions = sum(len(application.eio.sids) for application in applications.values())
    return json(ledger.state(sessions, count_tasks()))


async def account(request: Request, key: str) -> HTTPResponse:
    """Answer the events of one key."""
    return json(ledger.account(key))


async def bare(request: Request, websocket: Websocket) -> None:
    """Hold a WebSocket that costs no more than the server below takes."""
    async for _ in websocket:
        pass


async def elsewhere(request: Request, path: str = "") -> HTTPResponse:
    """Answer everything that no Engine.IO server is responsible for."""
    return json({"elsewhere": request.path}, 403 if "Upgrade" in request.headers else 404)


def build() -> Sanic:
    """Return the application with all its servers."""
    app = Application("Conformance", configure_logging=False)
    app.config.ACCESS_LOG = False
    # sanic-ext is slow to start; what it does to answers is tested in tests/sanic.
    app.config.AUTO_EXTEND = False
    app.add_route(state, "/ledger")
    app.add_route(account, "/ledger/<key:str>")
    app.add_websocket_route(bare, "/bare")
    for profile, application in applications.items():
        application.eio.attach(app, path_of(profile))
    app.add_route(elsewhere, "/<path:path>", methods=HTTP_METHODS)
    return app


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    build().run(arguments.host, arguments.port, single_process=True, motd=False)


if __name__ == "__main__":
    main()
