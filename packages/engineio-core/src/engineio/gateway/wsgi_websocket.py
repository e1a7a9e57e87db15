"""The WebSocket half of the WSGI gateway: a bare socket as a port of the shell for threads.

The thread or greenlet that brought the request serves the connection, while the server iterates the
response. Writing never waits: what the socket does not take at once goes out through a worker.
Nothing here decides anything about the protocol.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any

from ..http.frames import (
    TOO_BIG,
    Close,
    FrameError,
    FrameReader,
    Ping,
    close_frame,
    message_frame,
    pong_frame,
)
from ..http.opening import head_bytes, switching_headers
from ..http.response import Header
from ..sync.driver import Driver
from ..sync.port import WebSocketPort
from ..types import Data
from .wsgi_socket import Found, SocketConnection

__all__ = ["WSGIWebSocket", "switching_protocols"]

StartResponse = Callable[..., Any]

_NO_WAIT = getattr(socket, "MSG_DONTWAIT", 0)
_CHUNK = 65_536
# Pongs that wait for a peer that pings and does not read; more are dropped (faults.md F-55).
_MAX_WAITING_PONGS = 65_536
# RFC 6455 section 7.4.1: "1005 is a reserved value": no code in the frame. 1000 answers it.
_NORMAL = 1000


def switching_protocols(key: str, headers: Sequence[Header]) -> bytes:
    """Return the head of the 101 response."""
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return head_bytes(101, [*switching_headers(key), *fields])


class WSGIWebSocket(WebSocketPort):
    """One WebSocket connection, and the iterable that a WSGI server gets for it.

    Args:
        driver: The shell.
        found: The socket.
    """

    __slots__ = (
        "_closing",
        "_driver",
        "_found",
        "_head",
        "_is_closed",
        "_is_over",
        "_is_writing",
        "_mutex",
        "_owes",
        "_peer",
        "_raw",
        "_reader",
        "_start_response",
        "_stream",
        "_unsent",
    )

    def __init__(self, driver: Driver, found: Found) -> None:
        super().__init__(driver.concurrency.lock())
        self._driver = driver
        self._found = found
        self._stream = found.stream
        self._raw = SocketConnection(found.stream).raw
        self._reader = FrameReader(driver.config.max_payload)
        self._head = b""
        # Guards what follows; nothing waits while it is held.
        self._mutex = driver.concurrency.mutex()
        self._unsent = bytearray()
        # Whether the engine waits to hear that the rest of a write is out; whether a worker writes.
        self._owes = False
        self._is_writing = False
        # The close frame was written; the connection takes nothing more; `closed` was called.
        self._closing = False
        self._is_over = False
        self._is_closed = False
        self._peer: Close | None = None

    def accept(self, head: bytes, start_response: StartResponse) -> None:
        """Take the head of the response, which is written when the server iterates it."""
        self._head = head
        self._start_response = start_response

    # -- what the driver asks for ----------------------------------------------------------

    def write(self, frames: Sequence[Data]) -> bool:
        """Write messages in order; False if they have to wait."""
        return self._send(b"".join(map(message_frame, frames)))

    def write_one(self, frame: Data) -> bool:
        """Write one message; False if it has to wait."""
        return self._send(message_frame(frame))

    def go_on(self) -> None:
        """Write what had to wait (for the driver, once the engine knows that it waits)."""
        with self._mutex:
            if self._is_writing or not self._owes:
                return
            self._is_writing = True
        self._driver.concurrency.start_job(self._write_rest)

    def hang_up(self, code: int, reason: str) -> None:
        """Send the close frame, after what is being written."""
        self._close(code, reason)

    def abort(self) -> None:
        """Shut the socket down, which wakes whoever reads or writes."""
        self._is_over = True
        with suppress(OSError):
            self._raw.shutdown(socket.SHUT_RDWR)

    def is_gone(self) -> bool:
        """Whether the client has left."""
        return SocketConnection(self._stream).is_gone()

    def read_aside(self) -> None:
        """Pass on what has arrived, in place of a thread that is in a handler."""
        if not self.turn.acquire(False):
            return
        try:
            session = self.session
            if self._is_over or (session is not None and session.paused):
                return
            if self._pass_on(serving=False):
                data = self._receive(self._raw.recv, _CHUNK, _NO_WAIT)
                if data:
                    self._reader.feed(data)
                    self._pass_on(serving=False)
                elif data is not None:
                    self._lost("the connection ended", serving=False)
        finally:
            self.turn.release()

    def turn_away(self) -> Iterable[bytes]:
        """Close a WebSocket that the server has accepted before the engine was asked."""
        self._close(1008, "")
        self._is_closed = True
        self._end()
        return ()

    # -- serving ---------------------------------------------------------------------------

    def __iter__(self) -> Iterator[bytes]:
        """Serve the connection; the server gets nothing to send."""
        self.turn.acquire()
        try:
            self._serve()
        finally:
            self.turn.release()
            self._end()
        return self._leave()

    def _serve(self) -> None:
        if self._found.is_lent:
            # It shares this with the server's own descriptor, so not for any other request.
            self._stream.setblocking(True)
        early = self._found.early()
        if early:
            self._reader.feed(early)
        if not self._send(self._head):
            self.go_on()
        self._driver.drained(self)
        receive = self._stream.recv
        while self._pass_on(serving=True):
            data = self._receive(receive, _CHUNK)
            if not data:
                self._lost("the connection ended", serving=True)
                return
            self._reader.feed(data)

    def _receive(self, receive: Callable[..., bytes], *args: int) -> bytes | None:
        """Return what arrives, b"" at the end, or None for nothing yet."""
        try:
            return receive(*args)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            return b""

    def _pass_on(self, serving: bool) -> bool:
        """Pass on the frames that are there; False if nothing more may be read."""
        while True:
            try:
                frame = self._reader.next_event()
            except FrameError as error:
                self._failed(error, serving)
                return False
            if frame is None:
                # Another thread may have read the end while this one was in a handler.
                return not (self._is_over or self._is_closed)
            if isinstance(frame, (str, bytes)):
                if not self._closing:
                    self._driver.received(self, frame, serving)
                    if not serving and self.session is not None and self.session.paused:
                        return False
            elif isinstance(frame, Ping):
                self._pong(frame.payload)
            elif isinstance(frame, Close):
                self._peer = frame
                self._close(_NORMAL if frame.code is None else frame.code, "")
                self._gone(frame.code, frame.reason, serving)
                return False

    def _failed(self, error: FrameError, serving: bool) -> None:
        """The peer broke the rules, and nothing more can be read."""
        if error.code == TOO_BIG:
            self._driver.too_big(self)
            return
        self._close(error.code, "")
        self._driver.failed(self, error.code, error.reason)
        self._gone(None, error.reason, serving)

    def _lost(self, detail: str, serving: bool) -> None:
        self._is_over = True
        self._gone(None, detail, serving)

    def _gone(self, code: int | None, reason: str, serving: bool) -> None:
        with self._mutex:
            if self._is_closed:
                return
            self._is_closed = True
        self._driver.closed(self, code, reason, serving)

    # -- writing ---------------------------------------------------------------------------

    def _send(self, data: bytes) -> bool:
        with self._mutex:
            if self._is_over or self._closing:
                # The engine hears of the end soon; until then this counts as not delivered.
                self._owes = True
                return False
            if not self._unsent:
                data = data[self._push(data) :]
                if not data:
                    return True
            self._unsent += data
            self._owes = True
            return False

    def _push(self, data: bytes | bytearray) -> int:
        """Return how many bytes the socket takes now."""
        sent = 0
        try:
            while sent < len(data):
                sent += self._raw.send(memoryview(data)[sent:] if sent else data, _NO_WAIT)
        except (BlockingIOError, InterruptedError):
            return sent
        except OSError:
            self._is_over = True
        return sent

    def _pong(self, payload: bytes) -> None:
        frame = pong_frame(payload)
        with self._mutex:
            if self._closing or self._is_over or len(self._unsent) > _MAX_WAITING_PONGS:
                return
            self._append(frame)
        self._write_on()

    def _close(self, code: int | None, reason: str) -> None:
        frame = close_frame(code, reason)
        with self._mutex:
            if self._closing or self._is_over:
                return
            self._append(frame)
            self._closing = True
        self._write_on()

    def _append(self, frame: bytes) -> None:
        if self._unsent:
            self._unsent += frame
        else:
            self._unsent += frame[self._push(frame) :]

    def _write_on(self) -> None:
        with self._mutex:
            if not self._unsent or self._is_writing or self._owes:
                # With a write under way that the engine knows of, `go_on` sees to the rest.
                return
            self._is_writing = True
        self._driver.concurrency.start_job(self._write_rest)

    def _write_rest(self) -> None:
        """Write what had to wait (by a worker)."""
        while True:
            with self._mutex:
                del self._unsent[: self._push(self._unsent)]
                if self._is_over or not self._unsent:
                    owes, self._owes = self._owes, False
                    self._is_writing = False
                    break
            self._driver.concurrency.wait_writable(self._raw, self._driver.config.write_timeout)
        if self._is_over:
            self.abort()
            self._gone(None, "the connection broke while writing", False)
        elif owes:
            self._driver.drained(self)

    # -- the end ---------------------------------------------------------------------------

    def _end(self) -> None:
        """Take part in the closing handshake, and leave nothing for the server to read."""
        timeout = self._driver.config.close_timeout
        try:
            if not self._is_over and self._peer is None:
                # Not after a broken frame: then bytes are read and thrown away, so that they do not
                # make the system take the close frame back. The peer may wait for our FIN.
                if not self._unsent:
                    self._raw.shutdown(socket.SHUT_WR)
                self._stream.settimeout(timeout)
                until = self._driver.now() + timeout
                while self._driver.now() < until and self._stream.recv(_CHUNK):
                    pass
        except OSError:
            self._is_over = True
        # The right to read is given back, so this is no longer the thread that serves.
        self._gone(None, "the connection ended", serving=False)
        self.abort()
        if self._found.is_lent:
            self._stream.close()

    def _leave(self) -> Iterator[bytes]:
        """Tell the server, in its own way, that there is nothing more to do."""
        match self._found.end:
            case "stop":
                raise StopIteration
            case "started":
                # No `Connection`: PEP 3333 leaves it to the server, and wsgiref insists.
                self._start_response("101 Switching Protocols", [])
            case "eventlet":
                import_module("eventlet.wsgi").WSGI_LOCAL.already_handled = True
        return iter(())
