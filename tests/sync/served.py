"""A threaded server in memory, a clock that a test moves, and clients that speak to both.

A request is a call of the WSGI application in a thread of its own, as a server makes it; the socket
of a WebSocket is one end of a socket pair. Nothing listens anywhere.
"""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from heapq import heappop, heappush
from itertools import count
from typing import Any, NamedTuple

from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

import engineio
from engineio.types import Data

__all__ = ["ManualClock", "Response", "Served", "WebSocket", "eventually"]

PATIENCE = 5.0
_KEY = "MDEyMzQ1Njc4OWFiY2RlZg=="


def eventually(happened: Callable[[], Any], seconds: float = PATIENCE) -> None:
    """Wait until something has happened in another thread."""
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, f"{happened} did not happen"
        time.sleep(0.002)


class _Call:
    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class ManualClock:
    """A monotonic clock that stands still until `advance`, which makes calls in its own thread."""

    def __init__(self) -> None:
        self._now = 1_000.0
        self._calls: list[tuple[float, int, _Call]] = []
        self._order = count()
        self._lock = threading.Lock()

    def time(self) -> float:
        return self._now

    def call_at(self, when: float, callback: Callable[[], object], /) -> _Call:
        call = _Call(callback)
        with self._lock:
            heappush(self._calls, (when, next(self._order), call))
        return call

    def advance(self, seconds: float) -> None:
        """Make every call that falls due, in order."""
        end = self._now + seconds
        while True:
            with self._lock:
                if not self._calls or self._calls[0][0] > end:
                    break
                when, _, call = heappop(self._calls)
            self._now = max(self._now, when)
            if call.callback is not None:
                call.callback()
        self._now = end


class Response(NamedTuple):
    """One HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def packets(self) -> list[str]:
        return self.body.decode().split("\x1e")


class Served:
    """A `Server` in the mode ``threading``, its WSGI application, and what its handlers heard.

    Args:
        traced: Whether every message goes the long way, as a hook for packets makes it go.
        clock: The clock, or None for the system's.
        **options: The options of the server.
    """

    def __init__(self, traced: bool = False, clock: Any = None, **options: Any) -> None:
        # Polling clients of a test rarely come back to hear of the end.
        options.setdefault("shutdown_timeout", 0.2)
        self.eio = engineio.Server(async_mode="threading", clock=clock, **options)
        self.app = engineio.Middleware(self.eio, handle_signals=False)
        self.heard: list[Any] = []
        self._sockets: list[WebSocket] = []
        if traced:
            self.eio.on("packet", lambda sid, packet, direction: None)

    def echo(self) -> None:
        self.eio.on("message", lambda sid, data: self.eio.send(sid, data))

    def keep_reasons(self) -> None:
        self.eio.on("disconnect", lambda sid, reason: self.heard.append(reason.value))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left of any session."""
        engine = self.eio.driver.engine
        tables = (engine.sessions, engine._tickets, engine._ports, engine._closing)
        return not any((*tables, self.eio._inboxes, engine.outputs))

    def call(
        self, method: str, query: str, body: bytes = b"", connection: Any = None, **extra: Any
    ) -> Response:
        """Make a request and return its response."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": "/engine.io/",
            "QUERY_STRING": query,
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.multithread": True,
            **extra,
        }
        if connection is not None:
            environ["werkzeug.socket"] = connection
        if method == "POST":
            environ.setdefault("CONTENT_TYPE", "text/plain;charset=UTF-8")
            if "HTTP_TRANSFER_ENCODING" not in extra:
                environ.setdefault("CONTENT_LENGTH", str(len(body)))
        started: list[Any] = []
        result = self.app(environ, lambda *args: started.extend(args))
        try:
            data = b"".join(result)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()
        status, headers = started
        return Response(int(status.split()[0]), dict(headers), data)

    def later(self, *args: Any, **extra: Any) -> Future[Response]:
        """Make a request in a thread of its own."""
        future: Future[Response] = Future()

        def run() -> None:
            try:
                future.set_result(self.call(*args, **extra))
            except BaseException as error:
                future.set_exception(error)
                raise

        threading.Thread(target=run, daemon=True).start()
        return future

    # Polling.

    def open_polling(self, query: str = "EIO=4") -> str:
        """Open a session over polling and return its sid."""
        response = self.call("GET", f"{query}&transport=polling")
        assert response.status == 200, response
        sid: str = json.loads(response.packets[0][1:])["sid"]
        return sid

    def target(self, sid: str) -> str:
        return f"EIO=4&transport=polling&sid={sid}"

    def poll(self, sid: str) -> list[str]:
        return self.call("GET", self.target(sid)).packets

    def park(self, sid: str, connection: Any = None) -> Future[Response]:
        """Send a poll and return when the server holds it."""
        poll = self.later("GET", self.target(sid), connection=connection)
        eventually(lambda: self.eio.driver.engine.sessions[sid].polling.get is not None)
        return poll

    def post(self, sid: str, *packets: str) -> Response:
        return self.call("POST", self.target(sid), "\x1e".join(packets).encode())

    # WebSockets.

    def websocket(self, query: str = "EIO=4&transport=websocket") -> WebSocket:
        """Open a WebSocket."""
        websocket = WebSocket(self, query)
        self._sockets.append(websocket)
        return websocket

    def close(self) -> None:
        """End every client and the server."""
        for websocket in self._sockets:
            websocket.drop()
        self.eio.shutdown()


class WebSocket:
    """The client's end of a WebSocket.

    Attributes:
        serving: Done when the server has let go of the connection.
    """

    def __init__(self, served: Served, query: str) -> None:
        self._served = served
        self.socket, other = socket.socketpair()
        self.socket.settimeout(PATIENCE)
        self.code: int | None = None
        self._connection = Connection(ConnectionType.CLIENT)
        self._messages: list[Data] = []
        self._partial: list[Data] = []
        extra = {
            "HTTP_UPGRADE": "websocket",
            "HTTP_CONNECTION": "Upgrade",
            "HTTP_SEC_WEBSOCKET_VERSION": "13",
            "HTTP_SEC_WEBSOCKET_KEY": _KEY,
        }
        self.serving = served.later("GET", query, connection=other, **extra)
        self.serving.add_done_callback(lambda _: other.close())
        head = b""
        while b"\r\n\r\n" not in head and not self.serving.done():
            head += self.socket.recv(65_536)
        self.head, _, rest = head.partition(b"\r\n\r\n")
        self._feed(rest)
        self.sid = ""

    def opened(self) -> WebSocket:
        """Take the open packet."""
        self.sid = json.loads(str(self.receive())[1:])["sid"]
        # A clock must not be moved while the server does not know yet that its write is out.
        session = self._served.eio.driver.engine.sessions[self.sid]
        eventually(lambda: session.websocket is not None and not session.websocket.busy)
        return self

    def send(self, *messages: Data) -> None:
        for message in messages:
            event = TextMessage(message) if isinstance(message, str) else BytesMessage(message)
            self.socket.sendall(self._connection.send(event))

    def receive(self) -> Data:
        """Return the next message."""
        while not self._messages:
            assert self.code is None, f"closed with {self.code}"
            data = self.socket.recv(65_536)
            assert data, "the connection ended"
            self._feed(data)
        return self._messages.pop(0)

    def closed(self) -> int:
        """Wait for the close frame, answer it, and return its code."""
        while self.code is None:
            self._feed(self.socket.recv(65_536))
        return self.code

    def close(self, code: int = 1000) -> None:
        """Close, and wait until the server has let go."""
        self.socket.sendall(self._connection.send(CloseConnection(code)))
        self.serving.result(PATIENCE)

    def drop(self) -> None:
        self.socket.close()

    def _feed(self, data: bytes) -> None:
        self._connection.receive_data(data)
        for event in self._connection.events():
            if isinstance(event, (TextMessage, BytesMessage)):
                self._partial.append(event.data)  # type: ignore[arg-type]  # bytes, as bytearray
                if event.message_finished:
                    empty: Any = "" if isinstance(event, TextMessage) else b""
                    self._messages.append(empty.join(self._partial))
                    self._partial = []
            elif isinstance(event, Ping):
                self.socket.sendall(self._connection.send(event.response()))
            elif isinstance(event, CloseConnection):
                self.code = int(event.code)
                if self._connection.state.name == "REMOTE_CLOSING":
                    self.socket.sendall(self._connection.send(event.response()))
