"""The socket below a WSGI request, where the server lets it be found.

What differs between WSGI servers and matters here is written where it matters. No server promises
the places looked at, so each is tried with care: where nothing is found, clients stay on polling.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple, cast

from ..sync.concurrency import Concurrency

__all__ = ["Found", "SocketConnection", "chunk_reader", "find", "why_no_websocket"]

# Not there on every system; without it a blocking socket cannot be written to without waiting.
_NO_WAIT = getattr(socket, "MSG_DONTWAIT", 0)
_CHUNK = 65_536
_HEX_DIGITS = b"0123456789abcdefABCDEF"
_MAX_DIGITS = 15
# Bytes in a line of chunked framing, extensions included; lines behind the last chunk.
_MAX_LINE = 4_096
_MAX_TRAILERS = 100


class Found(NamedTuple):
    """A socket that was found.

    Attributes:
        stream: The socket as the server uses it: reading may wait in the server's own way.
        early: Returns what the server has read ahead of the request.
        end: How the server is left: ``stop`` by StopIteration, ``started`` after a call of
            ``start_response``, ``silent`` without one, ``eventlet`` as it wants it.
        is_lent: Whether it is a copy, which has to be closed.
        is_open: Whether the server has sent the 101 itself.
    """

    stream: Any
    early: Callable[[], bytes]
    end: str
    is_lent: bool = False
    is_open: bool = False


class SocketConnection:
    """What can be told about a connection without waiting (for `engineio.sync.exchange`).

    Args:
        stream: The socket.
    """

    __slots__ = ("raw", "stream")

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.raw = raw_socket(stream)

    def is_gone(self) -> bool:
        """Whether the peer has closed its side, with nothing unread before that."""
        try:
            return not self.raw.recv(1, socket.MSG_PEEK | _NO_WAIT)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            return True

    def stop_reading(self) -> None:
        """Let whoever reads find the end of the stream."""
        with suppress(OSError):
            self.raw.shutdown(socket.SHUT_RD)


def raw_socket(stream: Any) -> socket.socket:
    """Return the socket of the system below one of gevent (``_sock``) or eventlet (``fd``)."""
    for name in ("_sock", "fd"):
        inner = getattr(stream, name, None)
        # eventlet has the first name too, for the socket itself.
        if inner is not stream and hasattr(inner, "recv"):
            return cast(socket.socket, inner)
    return cast(socket.socket, stream)


def find(environ: dict[str, Any], concurrency: Concurrency) -> Found | None:
    """Return the socket of a request, or None where it cannot be found or used."""
    if environ.get("HTTP_VERSION") == "2" or environ.get("SERVER_PROTOCOL") == "HTTP/2.0":
        # One of several requests at the same time: the connection is not ours.
        return None
    for look in (_named, _eventlet, _uwsgi, _buffered):
        found = look(environ, concurrency)
        if found is not None:
            # Over TLS bytes cannot be written without waiting, nor looked at without taking them.
            return None if hasattr(found.stream, "getpeercert") else found
    return None


def chunk_reader(environ: dict[str, Any]) -> Callable[[], bytes] | None:
    """Return what reads the next chunk of a body, on a server whose input does not know of chunks.

    It returns b"" behind the last one. Such servers are uWSGI, and wsgiref with all that is made of
    it, as Django's runserver.
    """
    uwsgi = sys.modules.get("uwsgi")
    if uwsgi is not None and "uwsgi.version" in environ:
        return cast("Callable[[], bytes] | None", getattr(uwsgi, "chunked_read", None))
    if _is_wsgiref(environ):
        for reader in _readers(environ):
            if hasattr(reader, "readline") and hasattr(reader, "raw"):
                return ChunkReader(reader)
    return None


def _is_wsgiref(environ: dict[str, Any]) -> bool:
    return bool(environ.get("SERVER_SOFTWARE", "").startswith("WSGIServer/"))


class ChunkReader:
    """Reads a chunked body (RFC 9112 section 7.1), a chunk or a large part of one with each call.

    Args:
        stream: Where the body begins.
    """

    __slots__ = ("_left", "_stream")

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._left = 0

    def __call__(self) -> bytes:
        """Return the next bytes, b"" behind the last chunk.

        Raises:
            ValueError: The framing is broken, or the stream has ended.
        """
        if not self._left:
            self._left = self._next_size()
            if not self._left:
                self._skip_trailers()
                return b""
        data: bytes = self._stream.read(min(self._left, _CHUNK))
        self._left -= len(data)
        if not data or (not self._left and self._line()):
            raise ValueError("a chunk of another size than it announced")
        return data

    def _next_size(self) -> int:
        digits = self._line().partition(b";")[0].strip(b" \t")
        # int() takes signs, underscores and spaces too.
        if not digits or digits.translate(None, _HEX_DIGITS) or len(digits) > _MAX_DIGITS:
            raise ValueError("no size of a chunk")
        return int(digits, 16)

    def _skip_trailers(self) -> None:
        for _ in range(_MAX_TRAILERS):
            if not self._line():
                return
        raise ValueError("too many trailers")

    def _line(self) -> bytes:
        line: bytes = self._stream.readline(_MAX_LINE)
        if not line.endswith(b"\r\n"):
            raise ValueError("a line that is too long or cut off")
        return line[:-2]


def why_no_websocket(environ: dict[str, Any], found: Found | None) -> str | None:
    """Return why a server can carry no WebSocket, or None if it can."""
    if found is None:
        if environ.get("wsgi.url_scheme") == "https":
            return "the server itself speaks TLS, or keeps its sockets to itself"
        return "the server keeps its sockets to itself"
    named = "gunicorn.socket" in environ or "werkzeug.socket" in environ
    if (named and not environ.get("wsgi.multithread")) or _is_single_wsgiref(environ):
        return "the server has one thread, which one WebSocket would keep from everybody else"
    return None


def _is_single_wsgiref(environ: dict[str, Any]) -> bool:
    # wsgiref says `wsgi.multithread` in any case. A server that is mixed with `ThreadingMixIn` runs
    # each connection in a thread that is named for this method. Elsewhere the thread is not looked
    # at: where gevent has patched `threading` each greenlet that asks is noted down as a thread.
    if not _is_wsgiref(environ):
        return False
    return "process_request_thread" not in threading.current_thread().name


def _named(environ: dict[str, Any], concurrency: Concurrency) -> Found | None:
    if "werkzeug.socket" in environ:
        # It writes its own answer in the end, to a socket that is shut down, and then closes it.
        return Found(environ["werkzeug.socket"], lambda: _read_ahead(environ), "started")
    if "gunicorn.socket" in environ:
        # gunicorn takes StopIteration for "already handled", if it comes from `iter(response)`.
        return Found(environ["gunicorn.socket"], lambda: _read_ahead(environ), "stop")
    return None


def _eventlet(environ: dict[str, Any], concurrency: Concurrency) -> Found | None:
    get_socket = getattr(environ.get("eventlet.input"), "get_socket", None)
    if get_socket is None:
        return None
    return Found(get_socket(), lambda: _read_ahead(environ), "eventlet")


def _uwsgi(environ: dict[str, Any], concurrency: Concurrency) -> Found | None:
    uwsgi = sys.modules.get("uwsgi")
    if uwsgi is None or "uwsgi.version" not in environ:
        return None
    # uWSGI has the descriptor alone, so the socket is a copy of it.
    return Found(concurrency.adopt(uwsgi.connection_fd()), bytes, "silent", is_lent=True)


def _buffered(environ: dict[str, Any], concurrency: Concurrency) -> Found | None:
    for reader in _readers(environ):
        stream = getattr(getattr(reader, "raw", None), "_sock", None)
        if stream is not None and hasattr(stream, "recv"):
            is_open = environ.get("wsgi.websocket") is not None
            return Found(stream, lambda: _read_ahead(environ), "started", is_open=is_open)
    return None


def _readers(environ: dict[str, Any]) -> Iterator[Any]:
    """The buffered reader of a connection, however deep in ``wsgi.input`` it is."""
    body = environ.get("wsgi.input")
    yield body
    # gevent and eventlet: `Input.rfile`; Werkzeug: `DechunkedInput._rfile`.
    yield getattr(body, "rfile", None)
    yield getattr(body, "_rfile", None)
    # Django's runserver wraps the reader, and keeps its bound method.
    yield getattr(getattr(body, "_read", None), "__self__", None)


def _read_ahead(environ: dict[str, Any]) -> bytes:
    """Return the bytes behind the request that the server has read already."""
    # gunicorn keeps them beside its parser.
    unreader: Any = getattr(getattr(environ.get("wsgi.input"), "reader", None), "unreader", None)
    buffer = getattr(unreader, "buf", None)
    if buffer is not None:
        return bytes(buffer.getvalue())
    for reader in _readers(environ):
        if hasattr(reader, "peek") and hasattr(reader, "raw"):
            return _buffer_of(reader)
    return b""


def _buffer_of(reader: Any) -> bytes:
    """Empty the buffer of a buffered reader, whose methods would go on to wait for more."""
    stream = reader.raw._sock  # noqa: SLF001  # there is no other way to it
    timeout = stream.gettimeout()
    stream.settimeout(0.0)
    try:
        # With a socket that does not wait, a peek at an empty buffer returns nothing. It may take
        # more from the socket than was there before, which is just as early.
        return bytes(reader.read1(len(reader.peek(1)))) if reader.peek(1) else b""
    except OSError:
        return b""
    finally:
        stream.settimeout(timeout)
