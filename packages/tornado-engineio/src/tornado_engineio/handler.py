"""`EngineIOHandler`: one request handler for both transports, for applications to derive from."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ClassVar, TypeVar, cast
from urllib.parse import urlsplit

from tornado.concurrent import Future
from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPServerRequest
from tornado.web import Application, HTTPError, RequestHandler, stream_request_body
from tornado.websocket import WebSocketHandler

from engineio import AsyncServer

from ._body import Body
from ._http import serve_http
from ._websocket import serve_websocket, wants_websocket

__all__ = ["EngineIOHandler", "bind"]

H = TypeVar("H", bound="type[EngineIOHandler]")

# A length that no body has: the core counts, and knows how to refuse what is over its limit.
_ANY_LENGTH = 1 << 62

# How long a client may go on with a body after it was refused, in seconds: a close of TCP with
# unread bytes behind it would take the answer with it.
_LINGER = 1.0


@stream_request_body
class EngineIOHandler(WebSocketHandler):
    r"""Serves long-polling and WebSocket under one path.

    Derive from it to use Tornado's own hooks: ``get_current_user``, ``prepare``,
    ``set_default_headers``, ``write_error``, ``log_exception``, ``on_finish``. They see every HTTP
    request of a client, and the one that opens its WebSocket. ``on_close`` is called when a
    WebSocket that was opened is gone. What comes over it goes to the server's handlers, so ``open``
    and ``on_message`` are not called.

    Bodies are read by the core, so ``request.body`` and body arguments are empty.

    Attributes:
        engineio: The server. `EngineIO.routes` and ``engineio.get_tornado_handler`` set it.
        body: The body of the request (for the gateway).
        refused_by: The exception by which the ``connect`` handler has refused the client, if any
            (for the gateway).

    Raises:
        RuntimeError: The class is in a route table without a server.

    Example::

        class Chat(EngineIOHandler):
            def get_current_user(self):
                return self.get_signed_cookie("user")

        app = tornado.web.Application(eio.routes(r"/engine\.io/", Chat), cookie_secret=SECRET)
    """

    engineio: ClassVar[AsyncServer]

    def __init__(self, application: Application, request: HTTPServerRequest, **kwargs: Any) -> None:
        super().__init__(application, request, **kwargs)
        if not hasattr(self, "engineio"):
            raise RuntimeError(
                f"{type(self).__name__} has no server: put eio.routes(pattern, handler) or"
                " engineio.get_tornado_handler(eio) into the route table"
            )
        self.refused_by: Exception | None = None
        self.body = Body(request.headers)
        self.is_over = False
        self._is_gone = False
        self._lost: Callable[[], None] | None = None
        self._answering: asyncio.Task[None] | None = None
        self.connection.set_max_body_size(_ANY_LENGTH)
        if not self.body.is_complete:
            # Tornado has no other place between `prepare`, the application's, and the body.
            self.prepare = self._prepare  # type: ignore[method-assign]  # the class's comes back

    @property
    def connection(self) -> HTTP1Connection:
        """Tornado's side of the connection (for the gateway)."""
        return cast(HTTP1Connection, self.request.connection)

    # -- from Tornado ------------------------------------------------------------------------

    async def _prepare(self) -> None:
        del self.prepare
        result = self.prepare()
        if result is not None:
            await result
        if not self.is_over:
            self._check_origin()
            # The core decides by the head of a request whether it wants a body at all.
            self._answering = asyncio.ensure_future(self._answer())

    async def _serve(self, *args: Any, **kwargs: Any) -> None:
        """Serve a request whose body has arrived; groups in the route's pattern mean nothing."""
        if self._answering is not None:
            self.body.end()
            await self._answering
            return
        self._check_origin()
        if wants_websocket(self):
            await serve_websocket(self.engineio.driver, self)
        else:
            await serve_http(self.engineio.driver, self)

    # All methods: which of them is refused, and how, is decided in the core.
    get = head = post = put = patch = delete = options = _serve

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Take a piece of the body."""
        return self.body.feed(chunk)

    def on_connection_close(self) -> None:
        """Tell the core that the client has gone."""
        # That of WebSocketHandler knows no bodies, and calls `on_close`.
        RequestHandler.on_connection_close(self)
        self._is_gone = True
        self.body.lose()
        if self._lost is not None:
            self._lost()

    def finish(self, chunk: str | bytes | dict[str, Any] | None = None) -> Future[None]:
        """Finish the request, as in any handler."""
        self.is_over = True
        return super().finish(chunk)

    async def _answer(self) -> None:
        await serve_http(self.engineio.driver, self)
        self.body.close()
        if not self.body.is_complete:
            asyncio.get_running_loop().call_later(_LINGER, self._hang_up)

    def _hang_up(self) -> None:
        if not self.is_over:
            self.finish()

    # -- for the gateway ---------------------------------------------------------------------

    def when_lost(self, lost: Callable[[], None]) -> None:
        """Call ``lost`` when the client leaves before it is answered."""
        self._lost = lost
        if self._is_gone:
            lost()

    @property
    def closing_hook(self) -> Callable[[], None]:
        """`on_close`; what a class does not use keeps no handler in memory (for the gateway)."""
        is_used = type(self).on_close is not WebSocketHandler.on_close
        return self.on_close if is_used else _nothing

    async def gone(self) -> None:
        """Return when the client has left."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.when_lost(partial(_wake, future))
        await future

    # -- who may come in: one option rules, cors_allowed_origins of the server -------------------

    def check_xsrf_cookie(self) -> None:
        """Let everything pass: the server checks where a request comes from."""

    def check_trusted_origin(self, origin: str) -> bool:
        """Let everything pass, as `check_xsrf_cookie` does."""
        return True

    def check_origin(self, origin: str) -> bool:
        """Let everything pass; a subclass may refuse more origins than the server does.

        Tornado asks this of WebSockets alone; here it is asked of every request that comes from
        another origin than the one that it goes to.
        """
        return True

    def _check_origin(self) -> None:
        origin = self.request.headers.get("Origin")
        if origin is None or urlsplit(origin).netloc.lower() == self.request.host.lower():
            return
        if not self.check_origin(origin):
            raise HTTPError(403, "check_origin refuses %r", origin)


def _nothing() -> None:
    """Take note of nothing."""


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def bind(server: AsyncServer, handler: H) -> H:
    """Return a class like ``handler`` whose instances serve ``server``."""
    names = {"engineio": server, "__module__": handler.__module__, "__doc__": handler.__doc__}
    return cast(H, type(handler.__name__, (handler,), names))
