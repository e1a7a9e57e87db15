"""The blueprint of one server: the way in, and its place in the life of an application."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from sanic import Blueprint, HTTPResponse, Request
from sanic.constants import HTTP_METHODS

from engineio import AsyncServer, ConfigError

from ._http import serve_http
from ._sanic_ext import hide
from ._settings import ALLOW_WORKERS, App
from ._websocket import is_websocket, serve_websocket

__all__ = ["Gateway", "blueprint_name"]

# What clients that take no part in the end get of shutdown_timeout. The rest is for handlers, and
# for Sanic, which has yet to close connections then.
_CLIENTS_SHARE = 0.6

# The only route of a server that is at the root.
_ROOT = (("/", "engineio"),)

logger = logging.getLogger(__name__)


class Gateway:
    """Serves one Engine.IO server as a blueprint.

    Args:
        server: The server.
        path: Where clients connect, with or without slashes around it.
        name: The name of the blueprint.
        adopt: Called with the application before the server is used in it.

    Attributes:
        blueprint: The blueprint.
    """

    def __init__(
        self, server: AsyncServer, path: str, name: str, adopt: Callable[[App], None]
    ) -> None:
        self._server = server
        self._adopt = adopt
        self._until = 0.0
        self.blueprint = Blueprint(name)

        # Functions and not methods: Sanic marks handlers, and overhears methods as listeners.
        async def handle(request: Request) -> HTTPResponse | None:
            driver = server.driver
            if is_websocket(request):
                return await serve_websocket(driver, request)
            return await serve_http(driver, request)

        async def start(app: App) -> None:
            self._start(app)

        async def tell(app: App) -> None:
            self._tell()

        async def stop(app: App) -> None:
            await self._stop()

        # Sanic asks for an answer from all handlers but those of WebSockets.
        handle.is_websocket = True  # type: ignore[attr-defined]  # a mark of Sanic's
        # All methods: which of them is refused, and how, is decided in the core. Both paths are
        # strict, because a route that takes any path comes before one that is not.
        path = path.strip("/")
        for each, title in ((f"/{path}/", "engineio"), (f"/{path}", "bare")) if path else _ROOT:
            self.blueprint.add_route(
                handle, each, HTTP_METHODS, strict_slashes=True, name=title, stream=True
            )
        self.blueprint.listener(start, "before_server_start")
        # The least priority comes first here: no server waits for the clients of another one.
        self.blueprint.listener(tell, "before_server_stop")
        self.blueprint.listener(stop, "before_server_stop", priority=1)

    def _start(self, app: App) -> None:
        self._adopt(app)
        hide(app, self.blueprint)
        if app.asgi:
            raise ConfigError(
                "sanic-engineio is for Sanic's own server; under an ASGI server wrap the "
                'application: engineio.ASGIApp(engineio.AsyncServer(async_mode="asgi"), app)'
            )
        self._check_workers(app)
        timeout, interval = app.config.RESPONSE_TIMEOUT, self._server.config.ping_interval
        if timeout <= interval:
            raise ConfigError(
                f"RESPONSE_TIMEOUT is {timeout:g} s and ping_interval {interval:g} s: Sanic would "
                "end polls before their answer is due; make RESPONSE_TIMEOUT the longer one"
            )
        self._server.driver.restart()

    def _tell(self) -> None:
        """Tell all clients that it is over, before Sanic waits for their connections."""
        driver = self._server.driver
        seconds = self._server.config.shutdown_timeout * _CLIENTS_SHARE
        self._until = driver.bind().time() + seconds
        driver.begin_shutdown()

    async def _stop(self) -> None:
        driver = self._server.driver
        await driver.shutdown(max(0.0, self._until - driver.bind().time()))
        await self._server.shutdown()

    def _check_workers(self, app: App) -> None:
        workers = _count_workers(app)
        if workers < 2 or self._server.config.transports == ("websocket",):
            return
        what = (
            f"{workers} workers share a port, so the requests of one client reach different "
            "processes, and only one of them knows its session"
        )
        if not app.config.get(ALLOW_WORKERS):
            raise ConfigError(
                f"{what}: run one worker, with more processes on ports of their own behind a sticky"
                f' proxy; or transports=["websocket"]; or {ALLOW_WORKERS} = True'
            )
        logger.warning("%s: long-polling works where something else keeps them together", what)


def _count_workers(app: App) -> int:
    """Return how many worker processes there are, this one included."""
    if not hasattr(app, "multiplexer"):
        return 1
    # The last part of a name is a worker's number among those that took the same place in turn.
    places = {name.rpartition("-")[0] for name, w in app.m.workers.items() if w.get("server")}
    return max(1, len(places))


def blueprint_name(path: str) -> str:
    """Return a name for the blueprint at a path, unless it is given one."""
    return "_".join(["engineio", *re.findall(r"\w+", path)])
