"""What the routes of one server share: the way in, and the way out when the application stops."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from engineio import AsyncServer

from ._http import serve_http
from ._response import websocket_for
from ._watch import Watch
from ._websocket import serve_websocket

__all__ = ["Gateway"]


class Gateway:
    """Serves one Engine.IO server inside an aiohttp application.

    Args:
        server: The server.

    Attributes:
        driver: The way into the server.
        stopping: Whether the application is being stopped: aiohttp reads nothing any more.
    """

    def __init__(self, server: AsyncServer) -> None:
        self._server = server
        self._watch = Watch()
        self.driver = server.driver
        self.stopping = False

    def routes(self, path: str) -> list[web.RouteDef]:
        """Return the routes of an Engine.IO path, written with or without slashes around it."""
        path = path.strip("/")
        # All methods: which of them is refused, and how, is decided in the core.
        return [
            web.route("*", each, self.handle)
            for each in ((f"/{path}/", f"/{path}") if path else ("/",))
        ]

    def attach(self, app: web.Application, path: str) -> None:
        """Add the routes to an application, and take part in its life."""
        app.add_routes(self.routes(path))
        app.on_shutdown.append(self.on_shutdown)
        app.cleanup_ctx.append(self.cleanup_ctx)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one request, or one WebSocket until it is gone."""
        websocket = websocket_for(request, self._server.config.max_payload)
        if websocket is None:
            return await serve_http(self.driver, self._watch, request)
        return await serve_websocket(self, request, websocket)

    async def on_shutdown(self, app: web.Application) -> None:
        """Tell all clients that it is over, before aiohttp waits for their handlers."""
        self.stopping = True
        await self._server.shutdown()

    async def cleanup_ctx(self, app: web.Application) -> AsyncIterator[None]:
        """Serve from the start of the application to its end."""
        self.stopping = False
        self.driver.restart()
        yield
        await self._server.shutdown()
