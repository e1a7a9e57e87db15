"""One WebSocket as an ASGI application sees it: ``receive`` and ``send`` over a stream of frames.

For applications that know nothing of this package. What an ASGI server must do and when stands in
the comments; the bytes are `WebSocketStream`'s.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

from ..aio.stream import Receiver, WebSocketStream
from ..http.frames import ping_frame
from ..http.opening import RawHeader
from ..types import Data
from .asgi_scope import Event

__all__ = ["CLOSE_TIMEOUT", "ClientDisconnected", "Conversation", "Opening"]

CLOSE_TIMEOUT = 5.0
"""How long a client may take to answer a close frame, in seconds."""

# "If a close frame had no code, 1005"; and 1006 where there was none.
_NO_STATUS, _ABNORMAL, _TIMED_OUT = 1005, 1006, 1011


# Messages that wait for the application, together, beyond which nothing more is read.
_MOST_WAITING = 65_536


class ClientDisconnected(OSError):
    """The client has gone, so nothing can be sent to it: "servers ... raise an OSError"."""


class Opening(Protocol):
    """The handshake, which is answered once."""

    def switch(self, headers: list[RawHeader], receiver: Receiver, limit: int | None) -> None:
        """Answer 101 and give the receiver the stream."""

    def deny(self, status: int, headers: list[RawHeader], body: bytes) -> None:
        """Answer with a response and close."""


class Conversation:
    """What an application hears and says.

    Args:
        opening: The handshake.
        most: How many messages may wait for the application before reading stops.
        interval: Seconds between pings, None or 0 for none.
        patience: Seconds that a client may take for a pong, None for any time.
    """

    __slots__ = (
        "_arrived",
        "_denial",
        "_drained",
        "_end",
        "_events",
        "_interval",
        "_is_answered",
        "_most",
        "_opening",
        "_patience",
        "_ping",
        "_room",
        "_size",
        "_stream",
        "_taker",
        "_timer",
    )

    def __init__(
        self, opening: Opening, most: int, interval: float | None, patience: float | None
    ) -> None:
        self._opening = opening
        self._most = max(1, most)
        self._interval = interval
        self._patience = patience
        self._events: deque[Event] = deque([{"type": "websocket.connect"}])
        self._arrived: asyncio.Future[None] | None = None
        self._size = 0
        self._room: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ping = b""
        self._end: Event | None = None
        self._denial: tuple[int, list[RawHeader], bytearray] | None = None
        self._taker: tuple[Receiver, int] | None = None
        self._stream: WebSocketStream | None = None
        self._is_answered = False

    # -- for the application ---------------------------------------------------------------

    async def receive(self) -> Event:
        """Return the next event; the disconnect again and again once it is reached."""
        while not self._events:
            if self._end is not None:
                return self._end
            self._arrived = asyncio.get_running_loop().create_future()
            await self._arrived
        event = self._events.popleft()
        if not self._events:
            self._size = 0
            _wake(self._room)
        return event

    async def send(self, event: Event) -> None:
        """Carry out an event.

        Raises:
            ClientDisconnected: The client has gone.
            RuntimeError: The event cannot follow what has been sent.
        """
        stream, kind = self._stream, event["type"]
        if stream is None:
            self._answer(event, kind)
        elif kind == "websocket.send":
            await self._send(stream, event)
        elif kind == "websocket.close" and stream.is_open:
            code, reason = event.get("code") or 1000, event.get("reason") or ""
            stream.close(code, reason, within=CLOSE_TIMEOUT)
            self._disconnect(code, reason)
        elif self._end is None or kind != "websocket.close":
            raise _unexpected(kind)

    async def _send(self, stream: WebSocketStream, event: Event) -> None:
        # Before the message and not after it: who gives up waiting has then sent nothing.
        while stream.is_full and stream.is_open:
            if self._drained is None:
                self._drained = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._drained)
        if not stream.is_open:
            raise ClientDisconnected
        data = event.get("bytes")
        stream.send(event["text"] if data is None else data)

    def _answer(self, event: Event, kind: str) -> None:
        denial = self._denial
        if kind == "websocket.http.response.body" and denial is not None:
            denial[2].extend(event.get("body", b""))
            if not event.get("more_body", False):
                self._deny(*denial)
            return
        if self._is_answered:
            raise _unexpected(kind)
        if self._end is not None:
            raise ClientDisconnected
        if kind == "websocket.accept":
            self._accept(event)
        elif kind == "websocket.close":
            # "If this is sent before the socket is accepted, the server must close the connection
            # with a HTTP 403 error code."
            self._deny(403, [(b"content-type", b"text/plain")], bytearray())
        elif kind == "websocket.http.response.start":
            self._is_answered = True
            self._denial = event["status"], list(event.get("headers", ())), bytearray()
        else:
            raise _unexpected(kind)

    def _accept(self, event: Event) -> None:
        headers = [(bytes(name), bytes(value)) for name, value in event.get("headers", ())]
        if subprotocol := event.get("subprotocol"):
            headers.append((b"sec-websocket-protocol", subprotocol.encode("latin-1")))
        receiver, limit = self._taker or (self, None)
        self._opening.switch(headers, receiver, limit)
        self._is_answered = True

    def _deny(self, status: int, headers: list[RawHeader], body: bytearray) -> None:
        self._denial = None
        self._is_answered = True
        self._opening.deny(status, headers, bytes(body))
        self._disconnect(_ABNORMAL, "")

    def _disconnect(self, code: int, reason: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._end is None:
            self._end = {"type": "websocket.disconnect", "code": code, "reason": reason}
        _wake(self._arrived)
        self.writable()

    def take_over(self, receiver: Receiver, limit: int) -> None:
        """Let another have the stream, once the application has accepted.

        This is what the extension in the scope offers: accepting and denying goes through ``send``
        as ever, so that middleware has its say, and messages go past it.

        Args:
            receiver: Who gets the stream.
            limit: The largest message in bytes, if that is less than the server's own limit.
        """
        self._taker = receiver, limit

    # -- from the stream -------------------------------------------------------------------

    def opened(self, stream: WebSocketStream) -> None:
        """The handshake is over."""
        self._stream = stream
        stream.start()
        self._schedule_ping()

    @property
    def message(self) -> Callable[[Data], Awaitable[None] | None]:
        """Takes a message."""
        return self._message

    def _message(self, data: Data) -> Awaitable[None] | None:
        kind = "text" if isinstance(data, str) else "bytes"
        self._events.append({"type": "websocket.receive", kind: data})
        self._size += len(data)
        _wake(self._arrived)
        if len(self._events) < self._most and self._size < _MOST_WAITING:
            return None
        self._room = asyncio.get_running_loop().create_future()
        return self._room

    def too_big(self) -> None:
        """The stream closes; nothing has to be added."""

    def writable(self) -> None:
        """The transport takes more."""
        _wake(self._drained)
        self._drained = None

    def closed(self, code: int | None, reason: str) -> None:
        """Nothing comes any more."""
        stream = self._stream
        gone = code is None and (stream is None or stream.is_lost)
        self._disconnect((_ABNORMAL if gone else _NO_STATUS) if code is None else code, reason)

    # -- pings -----------------------------------------------------------------------------

    def pong(self, payload: bytes) -> None:
        """The client answered; only the answer to the last ping counts."""
        if self._ping and payload == self._ping:
            self._ping = b""
            self._schedule_ping()

    def _schedule_ping(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._interval:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._interval, self._send_ping)

    def _send_ping(self) -> None:
        assert self._stream is not None, "there is no timer before that"
        self._ping = os.urandom(4)
        self._stream.send_raw(ping_frame(self._ping))
        if self._patience is None:
            self._schedule_ping()
        else:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._patience, self._give_up)

    def _give_up(self) -> None:
        assert self._stream is not None, "there is no timer before that"
        self._stream.close(_TIMED_OUT, "keepalive ping timeout", within=CLOSE_TIMEOUT)
        self._disconnect(_TIMED_OUT, "keepalive ping timeout")


def _unexpected(kind: str) -> RuntimeError:
    return RuntimeError(f"an ASGI application cannot send {kind!r} now")


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
