"""ASGI: `ASGIApp` routes, and turns scopes, receive and send into calls of the asyncio shell.

Nothing here decides anything about the protocol. What differs between ASGI servers and matters here
is written where it matters.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from ..aio.driver import Driver
from ..aio.server import AsyncServer
from ..aio.signals import StopSignals
from ..errors import BodyAborted, BodyTooLarge
from ..http.response import Response
from .asgi_scope import GONE, App, Event, Receive, Scope, Send, raw_headers, request_of
from .asgi_websocket import deny, serve_websocket

__all__ = ["ASGIApp"]


class ASGIApp:
    """An ASGI application that serves Engine.IO under one path and everything else elsewhere.

    Args:
        engineio_server: The server.
        other_asgi_app: Gets every other request; without it they are answered 404.
        engineio_path: Where clients connect, relative to where this application is mounted.
        handle_signals: Whether SIGTERM and SIGINT begin the shutdown at once, before the server's
            own handling of them goes on. Without it, servers that drain requests first wait for
            parked polls until their own graceful timeout.

    Example::

        eio = engineio.AsyncServer(async_mode="asgi")
        app = engineio.ASGIApp(eio)
    """

    def __init__(
        self,
        engineio_server: AsyncServer,
        other_asgi_app: App | None = None,
        engineio_path: str = "engine.io",
        *,
        handle_signals: bool = True,
    ) -> None:
        self.engineio_server = engineio_server
        self.other_asgi_app = other_asgi_app
        path = engineio_path.strip("/")
        self._paths = frozenset({f"/{path}", f"/{path}/"} if path else {"", "/"})
        self._signals = StopSignals(self._stop) if handle_signals else None
        self._stopping: asyncio.Task[None] | None = None
        self._started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI says."""
        kind = scope["type"]
        if kind == "lifespan":
            await self._lifespan(scope, receive, send)
        elif kind in ("http", "websocket") and self._is_ours(scope):
            await self.serve(scope, receive, send)
        elif self.other_asgi_app is not None:
            await self.other_asgi_app(scope, receive, send)
        elif kind == "http":
            await _respond(send, Response(404, (("Content-Type", "text/plain"),), b"Not Found"))
        elif kind == "websocket":
            await receive()
            await deny(scope, send, Response(404))
        else:
            raise RuntimeError(f"engineio.ASGIApp cannot serve the scope type {kind!r}")

    # Not a coroutine function: a frame more in every connection would cost memory.
    def serve(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        """Serve one HTTP request or WebSocket whatever its path, for frameworks with routes."""
        if not self._started:
            # Some servers have no lifespan (daphne), so the first request is the start.
            self._start()
        serve = _serve_http if scope["type"] == "http" else serve_websocket
        return serve(self.engineio_server.driver, scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve from the start of an application to its end, for frameworks with a lifespan."""
        self._begin()
        try:
            yield
        finally:
            await self._shut_down()

    def _is_ours(self, scope: Scope) -> bool:
        path = scope["path"]
        if path in self._paths:
            return True
        # Whether `path` contains `root_path`, or only the part of it that a mount has added,
        # differs between servers, so every tail of it is tried.
        root = scope.get("root_path", "").rstrip("/")
        while root:
            if path.startswith(root) and path[len(root) :] in self._paths:
                return True
            root = root[root.find("/", 1) :] if root.find("/", 1) > 0 else ""
        return False

    # -- life ------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.engineio_server.driver.restart()
        self._start()

    def _start(self) -> None:
        self._started = True
        if self._signals is not None:
            self._signals.install(asyncio.get_running_loop())

    def _stop(self) -> None:
        if self._stopping is None or self._stopping.done():
            # At once, because the server stops as soon as this has returned.
            self.engineio_server.driver.begin_shutdown()
            shutdown = self.engineio_server.shutdown()
            self._stopping = asyncio.get_running_loop().create_task(shutdown)

    async def _shut_down(self) -> None:
        await self.engineio_server.shutdown()
        if self._signals is not None:
            self._signals.remove()

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take part in the lifespan, around that of the other application if it has one."""

        async def receive_for_other() -> Event:
            event = await receive()
            if event["type"] == "lifespan.startup":
                self._begin()
            elif event["type"] == "lifespan.shutdown":
                await self._shut_down()
            return event

        other = self.other_asgi_app or _no_lifespan
        await other(scope, receive_for_other, send)


async def _no_lifespan(scope: Scope, receive: Receive, send: Send) -> None:
    """Stand for an application that has nothing to do at start or stop."""
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return


# -- HTTP ----------------------------------------------------------------------------------


async def _serve_http(driver: Driver, scope: Scope, receive: Receive, send: Send) -> None:
    body = _Body(receive, scope["method"] == "POST")
    exchange = driver.http(request_of(scope))
    response = await exchange.response(body.read, body.gone)
    if response is None:
        return
    if body.unread and scope["method"] == "POST" and scope.get("http_version") in ("1.0", "1.1"):
        # The rest of the body is not read, so the connection cannot carry another request.
        response = response.with_headers(("Connection", "close"))
    try:
        await _respond(send, response)
    except BaseException as error:
        exchange.sent(accepted=False)
        if not isinstance(error, GONE):
            raise
    else:
        exchange.sent(accepted=True)


class _Body:
    """The incoming half of an HTTP connection.

    Args:
        receive: The server's.
        wanted: Whether the body may be read later.

    Attributes:
        unread: Whether there may be more of the request.
    """

    __slots__ = ("_receive", "_wanted", "unread")

    def __init__(self, receive: Receive, wanted: bool) -> None:
        self._receive = receive
        self._wanted = wanted
        self.unread = True

    async def read(self, limit: int) -> bytes:
        """Return the whole body, counted while it is read.

        Raises:
            BodyTooLarge: It is over ``limit`` bytes.
            BodyAborted: The client went away.
        """
        data = bytearray()
        while self.unread:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                raise BodyAborted("the client left while it sent a body")
            chunk = event.get("body", b"")
            if len(data) + len(chunk) > limit:
                raise BodyTooLarge(f"a body over {limit} bytes")
            self.unread = event.get("more_body", False)
            if not self.unread and not data:
                return bytes(chunk)
            data += chunk
        return bytes(data)

    async def gone(self) -> None:
        """Return when the client has gone, if that can be seen."""
        if self._wanted:
            # The next event is a part of the body, and whoever takes it must keep it. That the
            # client has gone shows when the body is read after all.
            await asyncio.get_running_loop().create_future()
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def _respond(send: Send, response: Response) -> None:
    headers = [*raw_headers(response.headers), (b"content-length", b"%d" % len(response.body))]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
