"""WSGI: `Middleware` routes, and turns environs and bodies into calls of the shell for threads.

Nothing here decides anything about the protocol. What differs between WSGI servers and matters here
is written where it matters; their sockets are looked for in ``wsgi_socket``.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, TypeAlias

from ..errors import BodyAborted, BodyTooLarge
from ..http.opening import refusal
from ..http.request import Headers, Request
from ..http.response import Header, Response
from ..sync.driver import Driver
from ..sync.exchange import Exchange
from ..sync.server import Server
from ..sync.signals import StopSignals
from .wsgi_socket import Found, SocketConnection, chunk_reader, find, why_no_websocket
from .wsgi_websocket import WSGIWebSocket, switching_protocols

__all__ = ["Middleware", "PendingAnswer", "WSGIApp", "WSGIGateway"]

logger = logging.getLogger(__name__)

Environ: TypeAlias = dict[str, Any]
StartResponse: TypeAlias = Callable[..., Any]
App: TypeAlias = Callable[[Environ, StartResponse], Iterable[bytes]]

_CHUNK = 65_536
# Of a WebSocket; the fields of the opening handshake itself are no part of such a response.
_ACCEPTED = 101
# A body whose length has so many digits is not worth reading only to throw it away.
_MANY_DIGITS = 6
_NO_TAKING_OVER = "the framework keeps the connection"
_NOT_FOUND = Response(404, (("Content-Type", "text/plain"),), b"Not Found")


class WSGIGateway:
    """Serves the requests to one server, which somebody else has routed here.

    Args:
        server: The server.
        handle_signals: As for `Middleware`.
        websockets: Whether connections may be taken over; not where a framework writes the answer
            in its own way.
    """

    def __init__(
        self, server: Server, *, handle_signals: bool = True, websockets: bool = True
    ) -> None:
        self._driver = server.driver
        self._signals = StopSignals(server) if handle_signals else None
        self._websockets = websockets
        self._was_asked = False
        if self._signals is not None:
            self._signals.install()

    def serve(
        self, environ: Environ, start_response: StartResponse, native: object = None
    ) -> Iterable[bytes]:
        """Serve one request, as WSGI says (PEP 3333).

        Args:
            environ: The request.
            start_response: As WSGI has it.
            native: What a ``connect`` handler gets as its second argument; ``environ`` if None.
        """
        answer = self.open(environ, native)
        return answer.finish(answer.wait(), start_response)

    def open(self, environ: Environ, native: object = None) -> PendingAnswer:
        """Take a request, for a framework that has its own way to answer.

        A ``connect`` handler that the request leads to has been called when this returns.

        Args:
            environ: The request.
            native: As for `serve`.

        Returns:
            What becomes of it. One of `PendingAnswer.finish` and `PendingAnswer.abandon` has to be
            called.
        """
        driver = self._driver
        found = find(environ, driver.concurrency)
        why = why_no_websocket(environ, found) if self._websockets else _NO_TAKING_OVER
        if not self._was_asked:
            self._first_request(why)
        request = _request_of(environ, why is None, environ if native is None else native)
        if found is not None and why is None and _wants_websocket(request):
            return _WebSocketAnswer(driver, request, found)
        return _HTTPAnswer(driver, request, environ, found)

    def _first_request(self, why: str | None) -> None:
        self._was_asked = True
        if why is not None and self._websockets:
            logger.warning("no client is offered a WebSocket: %s", why)
        if self._signals is not None:
            # A server that serves in its main thread may have set its handlers after the import.
            self._signals.install()


class Middleware:
    """A WSGI application that serves Engine.IO under one path and everything else elsewhere.

    Args:
        engineio_app: The server.
        wsgi_app: Gets every other request; without it they are answered 404.
        engineio_path: Where clients connect, relative to where this application is mounted.
        handle_signals: Whether SIGTERM and SIGINT begin the shutdown at once, before the server's
            own handling of them goes on, and whether the exit of Python does if there was no
            signal. Without it clients are not told of the server's end.

    Example::

        eio = engineio.Server(async_mode="threading")
        app = engineio.Middleware(eio)
    """

    def __init__(
        self,
        engineio_app: Server,
        wsgi_app: App | None = None,
        engineio_path: str = "engine.io",
        *,
        handle_signals: bool = True,
    ) -> None:
        self.engineio_app = engineio_app
        self.wsgi_app = wsgi_app
        path = engineio_path.strip("/")
        self._paths = frozenset({f"/{path}", f"/{path}/"} if path else {"", "/"})
        self._gateway = WSGIGateway(engineio_app, handle_signals=handle_signals)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request, as WSGI says (PEP 3333)."""
        if environ.get("PATH_INFO", "") not in self._paths:
            if self.wsgi_app is not None:
                return self.wsgi_app(environ, start_response)
            return _respond(start_response, _NOT_FOUND)
        return self._gateway.serve(environ, start_response)


WSGIApp = Middleware


def _wants_websocket(request: Request) -> bool:
    upgrade = request.headers.get("upgrade") or ""
    connection = request.headers.get("connection") or ""
    names = [name.strip().lower() for name in connection.split(",")]
    return request.method == "GET" and upgrade.strip().lower() == "websocket" and "upgrade" in names


def _request_of(environ: Environ, websockets: bool, native: object) -> Request:
    """Return the head of the request that an environ describes."""
    fields = [
        (name[5:].lower().replace("_", "-"), value)
        for name, value in environ.items()
        if name.startswith("HTTP_") and isinstance(value, str)
    ]
    # PEP 3333 has one value for each name, so servers join two of them. No host has a comma.
    hosts = environ.get("HTTP_HOST", "").split(",")
    fields += [("host", host.strip()) for host in hosts[1:]]
    # These two have no prefix. Werkzeug has them empty where the client sent none.
    fields += [
        (name.lower().replace("_", "-"), environ[name])
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        if environ.get(name)
    ]
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", ""),
        query=environ.get("QUERY_STRING", ""),
        headers=Headers(fields),
        scheme=environ.get("wsgi.url_scheme", "http"),
        peer=environ.get("REMOTE_ADDR", ""),
        websockets=websockets,
        native=lambda: native,
    )


def _head(response: Response) -> tuple[str, list[Header]]:
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = "Refused"
    headers = [*response.headers, ("Content-Length", str(len(response.body)))]
    return f"{response.status} {phrase}", headers


def _respond(start_response: StartResponse, response: Response) -> Iterable[bytes]:
    start_response(*_head(response))
    return [response.body]


class PendingAnswer(ABC):
    """A request that was taken and is not answered yet."""

    __slots__ = ("_driver",)

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    @property
    @abstractmethod
    def is_ready(self) -> bool:
        """Whether `wait` returns at once."""

    @abstractmethod
    def wait(self) -> Response:
        """Read the body if there is one to read, wait, and return the answer.

        A WebSocket that was accepted has the status 101, and the fields that are to go with it.
        """

    @abstractmethod
    def finish(self, response: Response, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, as WSGI says; a WebSocket is served while the server iterates what this returns.

        Args:
            response: What `wait` returned, with whatever the framework has made of it.
            start_response: As WSGI has it.
        """

    @abstractmethod
    def abandon(self) -> None:
        """Take note that this answer will never be written."""


# -- WebSockets ----------------------------------------------------------------------------


class _WebSocketAnswer(PendingAnswer):
    __slots__ = ("_decision", "_found", "_key", "_port")

    def __init__(self, driver: Driver, request: Request, found: Found) -> None:
        super().__init__(driver)
        self._found = found
        self._key = request.headers.get("sec-websocket-key") or ""
        self._port: WSGIWebSocket | None = None
        refused = refusal(b"GET", request.headers)
        if refused is None:
            self._port = WSGIWebSocket(driver, found)
            decision = driver.websocket(request, self._port)
            refused = decision if isinstance(decision, Response) else Response(_ACCEPTED, decision)
        self._decision = refused

    @property
    def is_ready(self) -> bool:
        return True

    def wait(self) -> Response:
        return self._decision

    def finish(self, response: Response, start_response: StartResponse) -> Iterable[bytes]:
        port = self._port
        if port is not None and response.status == _ACCEPTED:
            is_open = self._found.is_open
            head = b"" if is_open else switching_protocols(self._key, response.headers)
            port.accept(head, start_response)
            return port
        self.abandon()
        if port is not None and self._found.is_open:
            # gevent-websocket has accepted the client before anybody was asked.
            return port.turn_away()
        return _respond(start_response, response)

    def abandon(self) -> None:
        if self._port is not None and self._decision.status == _ACCEPTED:
            self._driver.closed(self._port, None, "the answer was replaced", serving=False)


# -- HTTP ----------------------------------------------------------------------------------


class _HTTPAnswer(PendingAnswer):
    __slots__ = ("_body", "_connection", "_environ", "_exchange")

    def __init__(
        self, driver: Driver, request: Request, environ: Environ, found: Found | None
    ) -> None:
        super().__init__(driver)
        self._environ = environ
        self._connection = None if found is None else SocketConnection(found.stream)
        self._body = _Body(environ, request)
        self._exchange = driver.http(request, self._connection)

    @property
    def is_ready(self) -> bool:
        return self._exchange.is_answered

    def wait(self) -> Response:
        response = self._exchange.response(self._body.read)
        if response is None:
            # The client has gone, and nobody will read this.
            return Response(400)
        if self._body.is_endless and self._connection is not None:
            # Servers read what is left before the next request, however long that takes.
            self._connection.stop_reading()
        return response

    def finish(self, response: Response, start_response: StartResponse) -> Iterable[bytes]:
        # eventlet collects small pieces otherwise, and writes them after it has asked for more.
        self._environ["eventlet.minimum_write_chunk_size"] = 1
        start_response(*_head(response))
        last = self._connection if self._driver.engine.stopping else None
        return _Answer(self._exchange, response.body, last)

    def abandon(self) -> None:
        if self.is_ready:
            self._exchange.sent(accepted=False)
        else:
            self._driver.http_closed(self._exchange)


class _Answer:
    """The body of an answer, which notices whether the server has written it.

    A server asks for the next part when it has written the one before; it asks for nothing more
    when that failed.

    Args:
        exchange: What is told.
        body: The body.
        last: The connection, if this is the last answer on it. A server that stops may wait for
            clients that keep their connections open.
    """

    __slots__ = ("_body", "_exchange", "_last")

    def __init__(self, exchange: Exchange, body: bytes, last: SocketConnection | None) -> None:
        self._exchange = exchange
        self._body: bytes | None = body
        self._last = last

    def __iter__(self) -> _Answer:
        return self

    def __next__(self) -> bytes:
        if self._body is None:
            self._exchange.sent(accepted=True)
            raise StopIteration
        body, self._body = self._body, None
        return body

    def close(self) -> None:
        """End, as PEP 3333 asks of every server: with no failure once the body was written."""
        self._exchange.sent(accepted=False)
        if self._last is not None:
            self._last.stop_reading()


class _Body:
    """The body of a request, counted while it is read.

    Args:
        environ: The environ.
        request: The request.

    Attributes:
        is_endless: Whether reading what is left of the request could take for ever.
    """

    __slots__ = ("_chunked", "_input", "_length", "is_endless")

    def __init__(self, environ: Environ, request: Request) -> None:
        self._input = environ["wsgi.input"]
        self._length = request.headers.get("content-length")
        coding = request.headers.get("transfer-encoding")
        self._chunked = coding is not None
        if self._chunked:
            # A server that says nothing about the end of its input may let it be read for ever.
            knows_the_end = environ.get("wsgi.input_terminated") or "eventlet.input" in environ
            read_chunk = None if knows_the_end else chunk_reader(environ)
            is_doubtful = coding != "chunked" or self._length is not None
            if is_doubtful or not (knows_the_end or read_chunk):
                self._input = None
            elif read_chunk is not None:
                self._input = _Chunks(read_chunk)
        is_long = self._length is not None and len(self._length) >= _MANY_DIGITS
        self.is_endless = self._chunked or is_long

    def read(self, limit: int) -> bytes:
        """Return the whole body.

        Raises:
            BodyTooLarge: It is over ``limit`` bytes.
            BodyAborted: The client went away, or the framing is doubtful (faults.md SEC-40).
        """
        if self._input is None:
            raise BodyAborted("a body whose end cannot be told")
        # The length was checked before anybody wanted the body (`post_rejection`).
        self.is_endless = True
        left = limit + 1 if self._chunked else int(self._length or 0)
        data = bytearray()
        while left:
            part = self._part(min(left, _CHUNK))
            if not part:
                break
            data += part
            left -= len(part)
        if len(data) > limit:
            raise BodyTooLarge(f"a body over {limit} bytes")
        if left and not self._chunked:
            raise BodyAborted("the client left while it sent a body")
        self.is_endless = False
        return bytes(data)

    def _part(self, size: int) -> bytes:
        try:
            part: bytes = self._input.read(size)
        except Exception as error:
            # Each server has errors of its own for a body that is cut short or framed wrongly.
            raise BodyAborted("a request body could not be read") from error
        return part


class _Chunks:
    """A body that is read a chunk at a time, whatever size a chunk has.

    Args:
        read_chunk: Returns the next chunk, b"" behind the last one.
    """

    __slots__ = ("_next_chunk", "_rest")

    def __init__(self, read_chunk: Callable[[], bytes]) -> None:
        self._next_chunk = read_chunk
        self._rest = b""

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes, b"" at the end."""
        data = self._rest or self._next_chunk()
        self._rest = data[size:]
        return data[:size]
