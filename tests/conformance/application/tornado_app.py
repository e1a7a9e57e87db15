"""The conformance application inside a Tornado application.

``python -m tests.conformance.application.tornado_app --port 8000`` runs it as users run theirs.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import signal
import socket
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Any

import tornado.web
import tornado.websocket

from tests.conformance.application.aio import build_servers, count_tasks
from tests.conformance.application.behaviour import Visitor
from tests.conformance.application.ledger import Ledger
from tests.conformance.application.profiles import path_of
from tornado_engineio import EngineIO, EngineIOHandler


def introduce(handler: EngineIOHandler) -> Visitor:
    """Return what a request tells about a client."""
    request = handler.request
    query = {name: handler.get_query_argument(name) for name in request.query_arguments}
    headers = {name.lower(): value for name, value in request.headers.get_all()}
    return Visitor(query, headers, request.remote_ip or "")


ledger = Ledger()
applications = build_servers("tornado", ledger, introduce)


class State(tornado.web.RequestHandler):
    """What must be back at its old values after every scenario."""

    def get(self) -> None:
        """Answer it."""
        sessions = sum(len(application.eio.sids) for application in applications.values())
        self.finish(ledger.state(sessions, count_tasks()))


class Account(tornado.web.RequestHandler):
    """The events of one key."""

    def get(self, key: str) -> None:
        """Answer them."""
        self.finish(ledger.account(key))


class Bare(tornado.websocket.WebSocketHandler):
    """A WebSocket that costs no more than the server below takes."""

    def check_origin(self, origin: str) -> bool:
        """Let in everybody."""
        return True

    def on_message(self, message: str | bytes) -> None:
        """Ignore it."""


class Elsewhere(tornado.web.RequestHandler):
    """Everything that no Engine.IO server is responsible for."""

    def prepare(self) -> None:
        """Answer whatever the method is."""
        self.set_status(403 if "Upgrade" in self.request.headers else 404)
        self.finish({"elsewhere": self.request.path})


class Counted(EngineIOHandler):
    """Counts the requests of each key on their way to the servers."""

    def initialize(self) -> None:
        """Take note of nothing yet: the server below has not seen the request."""
        self._key: str | None = None

    async def get(self, *args: str, **kwargs: str) -> None:
        """Take note of a request when the server gets it."""
        self._started()
        await super().get(*args, **kwargs)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Take note of one with a body, which the server has got before that."""
        self._started()
        return super().data_received(chunk)

    def _started(self) -> None:
        key = self.get_query_argument("key", None)
        if self._key is None and key is not None:
            self._key = key
            ledger.request_started(key)

    def on_finish(self) -> None:
        """Take note of its end, unless a WebSocket begins."""
        if self.get_status() != HTTPStatus.SWITCHING_PROTOCOLS:
            self._ended()

    def on_close(self) -> None:
        """Take note of the end of a WebSocket."""
        self._ended()

    def on_connection_close(self) -> None:
        """Take note that nobody waits for an answer."""
        super().on_connection_close()
        self._ended()

    def _ended(self) -> None:
        if self._key is not None:
            ledger.request_ended(self._key)
            self._key = None


def build() -> tornado.web.Application:
    """Return the application with all its servers."""
    routes: list[Any] = [(r"/ledger", State), (r"/ledger/(.*)", Account), (r"/bare", Bare)]
    for profile, application in applications.items():
        pattern = "/" + re.escape(path_of(profile).strip("/"))
        routes += EngineIO(application.eio).routes(pattern, Counted, name=None)
    return tornado.web.Application(routes, default_handler_class=Elsewhere)


async def serve(host: str, port: int) -> None:
    """Serve until the process is told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await open_a_stream(loop)
    server = build().listen(port, host)
    await stop.wait()
    server.stop()
    # All at once: one after the other, each would wait for its own clients.
    await asyncio.gather(*(each.eio.shutdown() for each in applications.values()))


async def open_a_stream(loop: asyncio.AbstractEventLoop) -> None:
    """Let libuv take the descriptor that it keeps in reserve from its first stream on.

    Tornado serves HTTP without any; so it would look as if the first WebSocket left a file behind.
    """
    one, other = socket.socketpair()
    transport, _ = await loop.connect_accepted_socket(asyncio.Protocol, one)
    transport.close()
    other.close()


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--uvloop", action="store_true")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    # A line for each request that is refused.
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
    factory = None
    if arguments.uvloop:
        import uvloop  # noqa: PLC0415  # not on every platform

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serve(arguments.host, arguments.port))


if __name__ == "__main__":
    main()
