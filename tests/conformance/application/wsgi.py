"""The conformance application behind `engineio.Middleware`.

``SERVER tests.conformance.application.wsgi:MODE_app`` runs it with that ``async_mode``.
"""

from __future__ import annotations

import gc
import hashlib
import json
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import engineio
from engineio.gateway.wsgi_socket import find
from engineio.http.frames import Close, FrameError, FrameReader, close_frame
from engineio.sync.concurrency import Concurrency, load
from tests.conformance.application.behaviour import Visitor
from tests.conformance.application.ledger import Ledger
from tests.conformance.application.profiles import path_of
from tests.conformance.application.sync import SyncApplications, build_servers

Environ = dict[str, Any]
WSGI = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def introduce(environ: Environ) -> Visitor:
    """Return what an ``environ`` tells about a client."""
    headers = {
        name[5:].lower().replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    query = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
    return Visitor(query, headers, environ["REMOTE_ADDR"])


def count_tasks() -> int:
    """Return the number of threads, and of greenlets where there are any."""
    # What waits for nothing but the collector is gone: Werkzeug leaves a selector a request behind.
    gc.collect()
    # The threads of a server's pool stay; what they do shows in the requests being served.
    count = sum(not each.name.startswith("ThreadPoolExecutor") for each in threading.enumerate())
    greenlets = sys.modules.get("greenlet")
    if greenlets is None:
        return count
    return count + sum(
        1 for item in gc.get_objects() if isinstance(item, greenlets.greenlet) and item
    )


class Application:
    """Everything that one process serves.

    A framework's application module overrides `build`.

    Args:
        mode: The ``async_mode`` of its servers.
        beside: Gets the requests that neither the servers nor the ledger serve.
    """

    def __init__(self, mode: str, beside: WSGI | None = None) -> None:
        self.mode = mode
        self.ledger = Ledger()
        self._beside = beside or _not_found
        self._lock = threading.Lock()
        self._concurrency: Concurrency = load(mode)
        self._applications, self._inner = self.build()

    def build(self) -> tuple[SyncApplications, WSGI]:
        """Return the servers, and the WSGI application that has them."""
        applications = build_servers(self._server, self.ledger, introduce)
        app: WSGI = self.other
        for profile, application in applications.items():
            app = engineio.Middleware(application.eio, app, engineio_path=path_of(profile))
        return applications, app

    def _server(self, profile: str, **options: Any) -> engineio.Server:
        return engineio.Server(async_mode=self.mode, **options)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Count the requests of each key on their way to the servers, as a middleware would."""
        query = environ.get("QUERY_STRING", "")
        key = dict(parse_qsl(query, max_num_fields=None)).get("key")
        if key is None:
            return self._inner(environ, start_response)
        with self._lock:
            self.ledger.request_started(key)
        try:
            response = self._inner(environ, start_response)
        except BaseException:
            self._ended(key)
            raise
        return _Counted(response, lambda: self._ended(key))

    def _ended(self, key: str) -> None:
        with self._lock:
            self.ledger.request_ended(key)

    def other(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve the ledger: the application beside the Engine.IO servers."""
        path = environ.get("PATH_INFO", "")
        if environ.get("HTTP_UPGRADE", "").lower() == "websocket":
            if path == "/bare":
                return _Bare(environ, start_response, self._concurrency)
            start_response("403 Forbidden", [("Content-Length", "0")])
            return [b""]
        if path == "/ledger":
            sessions = sum(len(each.eio.sids) for each in self._applications.values())
            return _respond(start_response, self.ledger.state(sessions, count_tasks()))
        if path.startswith("/ledger/"):
            key = path.removeprefix("/ledger/")
            return _respond(start_response, self.ledger.account(key))
        return self._beside(environ, start_response)


def _respond(
    start_response: Callable[..., Any], value: object, status: str = "200 OK"
) -> Iterable[bytes]:
    body = json.dumps(value).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]


def _not_found(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    value = {"elsewhere": environ.get("PATH_INFO", "")}
    return _respond(start_response, value, "404 Not Found")


def made_for(kind: type[Application], name: str, names: dict[str, Any]) -> Application:
    """Return the ``MODE_app`` of a module that has one of each when it is asked for."""
    mode, _, rest = name.rpartition("_")
    if rest != "app":
        raise AttributeError(name)
    names[name] = application = kind(mode)
    return application


class _Counted:
    """A response whose request is over when it can be written, or when it is over itself.

    A WebSocket is served, and a framework's poll waits, before there is anything to iterate.
    """

    def __init__(self, response: Iterable[bytes], ended: Callable[[], None]) -> None:
        self._response = response
        self._ended: Callable[[], None] | None = ended

    def __iter__(self) -> Iterator[bytes]:
        try:
            return iter(self._response)
        finally:
            self._end()

    def close(self) -> None:
        self._end()
        close = getattr(self._response, "close", None)
        if close is not None:
            close()

    def _end(self) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended()


class _Bare:
    """A WebSocket under ``/bare`` that costs no more than the server below takes."""

    def __init__(
        self, environ: Environ, start_response: Callable[..., Any], concurrency: Concurrency
    ) -> None:
        self._found = find(environ, concurrency)
        self._start_response = start_response
        digest = hashlib.sha1((environ["HTTP_SEC_WEBSOCKET_KEY"] + _MAGIC).encode()).digest()
        self._token = b64encode(digest).decode()

    def __iter__(self) -> Iterator[bytes]:
        assert self._found is not None
        stream = self._found.stream
        if self._found.is_lent:
            stream.setblocking(True)
        if not self._found.is_open:
            head = (
                f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {self._token}"
            )
            stream.sendall(f"HTTP/1.1 101 Switching Protocols\r\n{head}\r\n\r\n".encode())
        reader = FrameReader(65_536)
        with suppress(OSError, FrameError):
            while data := stream.recv(4_096):
                reader.feed(data)
                while (event := reader.next_event()) is not None:
                    if isinstance(event, Close):
                        stream.sendall(close_frame(event.code))
                        stream.shutdown(1)
            stream.shutdown(2)
        if self._found.is_lent:
            stream.close()
        if self._found.end == "stop":
            raise StopIteration
        if self._found.end == "started":
            self._start_response("101 Switching Protocols", [])
        if self._found.end == "eventlet":
            sys.modules["eventlet.wsgi"].WSGI_LOCAL.already_handled = True
        return iter(())


def __getattr__(name: str) -> Application:
    return made_for(Application, name, globals())
