"""ASGI: `ASGIApp` routes, and turns scopes, receive and send into calls of the asyncio shell.

Nothing here decides anything about the protocol. What differs between ASGI servers and matters here
is written where it matters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import lru_cache, partial
from types import CoroutineType
from typing import Any, TypeAlias

from ..aio.driver import Driver
from ..aio.port import WebSocketPort
from ..aio.server import AsyncServer
from ..aio.signals import StopSignals
from ..errors import BodyAborted, BodyTooLarge
from ..http.request import Headers, Request
from ..http.response import Header, Response
from ..types import Data
from .environ import ASGIEnviron

__all__ = ["ASGIApp"]

Scope: TypeAlias = MutableMapping[str, Any]
Event: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

# What servers raise from `send` when the client has gone: both were seen, and some raise nothing.
_GONE = (OSError, RuntimeError)

# RFC 6455 section 7.4.1: "1000 indicates a normal closure".
_NORMAL = 1000


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
            if not self._started:
                # Some servers have no lifespan (daphne), so the first request is the start.
                self._start()
            serve = _serve_http if kind == "http" else _serve_websocket
            await serve(self.engineio_server.driver, scope, receive, send)
        elif self.other_asgi_app is not None:
            await self.other_asgi_app(scope, receive, send)
        elif kind == "http":
            await _respond(send, Response(404, (("Content-Type", "text/plain"),), b"Not Found"))
        elif kind == "websocket":
            await receive()
            await _deny(scope, send, Response(404))
        else:
            raise RuntimeError(f"engineio.ASGIApp cannot serve the scope type {kind!r}")

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

    def _start(self) -> None:
        self._started = True
        if self._signals is not None:
            self._signals.install(asyncio.get_running_loop())

    def _stop(self) -> None:
        if self._stopping is None or self._stopping.done():
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
                self.engineio_server.driver.restart()
                self._start()
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
    exchange = driver.http(_request(scope))
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
        if not isinstance(error, _GONE):
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
    headers = [*_raw(response.headers), (b"content-length", b"%d" % len(response.body))]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


@lru_cache(256)
def _raw(headers: tuple[Header, ...]) -> tuple[tuple[bytes, bytes], ...]:
    # "Header names should be lower-cased", says the ASGI specification. The same few sets of
    # headers go out again and again. What is sent is always a new list: middleware may change it.
    return tuple(
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
    )


def _request(scope: Scope) -> Request:
    client = scope.get("client")
    return Request(
        # A WebSocket scope has no method: it is opened by a GET.
        method=scope.get("method", "GET"),
        path=scope["path"],
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=Headers(
            [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        ),
        scheme="https" if scope.get("scheme") in ("https", "wss") else "http",
        peer=client[0] if client else "",
        native=partial(ASGIEnviron, scope),
    )


# -- WebSocket -----------------------------------------------------------------------------


async def _serve_websocket(driver: Driver, scope: Scope, receive: Receive, send: Send) -> None:
    if (await receive())["type"] != "websocket.connect":
        return
    port = _ASGIWebSocket(driver, send)
    decision = await driver.websocket(_request(scope), port)
    if isinstance(decision, Response):
        await _deny(scope, send, decision)
        return
    try:
        await send({"type": "websocket.accept", "headers": [*_raw(decision)]})
    except BaseException as error:
        driver.closed(port, None, "the client left during the handshake")
        if not (port.aborted or isinstance(error, _GONE)):
            raise
        return
    driver.accepted(port)
    await port.read(receive)


async def _deny(scope: Scope, send: Send, response: Response) -> None:
    """Refuse a WebSocket, with the response where the server can send one.

    A server that cannot answers 403; daphne would hang if it were sent the response anyway.
    """
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [*_raw(response.headers), (b"content-length", b"%d" % len(response.body))]
    status = {"status": response.status, "headers": headers}
    await send({"type": "websocket.http.response.start", **status})
    await send({"type": "websocket.http.response.body", "body": response.body})


class _ASGIWebSocket(WebSocketPort):
    """One WebSocket connection.

    A ``send`` that the server takes at once is done when `write` returns; one that has to wait goes
    on in a task, and the engine hears of it through `Driver.drained`.

    Attributes:
        aborted: Whether `abort` has cancelled the task that serves the connection.
    """

    __slots__ = ("_closing", "_driver", "_pending", "_send", "_task", "_writing", "aborted")

    def __init__(self, driver: Driver, send: Send) -> None:
        super().__init__()
        self._driver = driver
        self._send = send
        self._pending: Sequence[Data] = ()
        self._writing = False
        self._closing: Event | None = None
        self.aborted = False
        self._task = asyncio.current_task()

    async def read(self, receive: Receive) -> None:
        """Pass on what arrives until the connection is gone."""
        received, port = self._driver.received, self
        try:
            while True:
                event = await receive()
                if event["type"] != "websocket.receive":
                    break
                data = event.get("text")
                wait = received(port, event["bytes"] if data is None else data)
                if wait is not None:
                    await wait
        except BaseException:
            self._driver.closed(self, None, "the server cancelled the connection")
            if not self.aborted:
                raise
            # It was `abort` that cancelled this task: returning is what drops the connection.
            return
        code = event.get("code")
        # Servers give an enum, a plain int, or for some kinds of loss nothing.
        self._driver.closed(self, None if code is None else int(code), event.get("reason") or "")

    def write(self, frames: Sequence[Data]) -> bool:
        """Send messages; False if one of them, and so the rest, has to wait."""
        for index, frame in enumerate(frames):
            if not self.write_one(frame):
                self._pending = frames[index + 1 :]
                return False
        return True

    def write_one(self, frame: Data) -> bool:
        """Send one message; False if it has to wait."""
        kind = "text" if isinstance(frame, str) else "bytes"
        sending: Any = self._send({"type": "websocket.send", kind: frame})
        self._writing = not self._start(sending, self._written)
        return not self._writing

    def hang_up(self, code: int, reason: str) -> None:
        """Send the close frame, after what is being written."""
        self._closing = {"type": "websocket.close", "code": code, "reason": reason}
        if not self._writing:
            self._close(self._closing)

    def abort(self) -> None:
        """End the task that serves the connection, and with it the connection."""
        self.aborted = True
        if self._task is not None:
            self._task.cancel()

    def _start(self, sending: Any, finished: Callable[[BaseException | None], None]) -> bool:
        if type(sending) is not CoroutineType:
            sending = _awaiting(sending)
        try:
            return self._driver.runner.start(sending, finished)
        except _GONE:
            self._lost()
            return True

    def _written(self, error: BaseException | None) -> None:
        self._writing = False
        if error is not None:
            self._lost()
            if not isinstance(error, (*_GONE, asyncio.CancelledError)):
                raise error
            return
        if not self.write(self._pending):
            return
        self._pending = ()
        if self._closing is not None:
            self._close(self._closing)
        else:
            self._driver.drained(self)

    def _close(self, event: Event) -> None:
        try:
            self._start(self._send(event), self._closed)
        except Exception:
            # daphne raises here: it lets applications close with 1000 and 3000 to 4999 only.
            if event["code"] == _NORMAL:
                raise
            self._close({**event, "code": _NORMAL})

    def _closed(self, error: BaseException | None) -> None:
        """The close frame is out, or the connection was gone: `read` hears of either."""

    def _lost(self) -> None:
        self._driver.closed(self, None, "the connection broke while writing")


async def _awaiting(awaitable: Awaitable[None]) -> None:
    """Make a coroutine of what a server that is not written in Python returns."""
    await awaitable
