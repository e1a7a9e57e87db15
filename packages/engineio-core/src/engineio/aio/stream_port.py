"""A WebSocket of the engine straight on an asyncio transport, where a server hands that over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from ..http.frames import message_frame
from ..types import Data
from .driver import Driver
from .port import WebSocketPort
from .stream import WebSocketStream

__all__ = ["StreamPort"]

# What a client that ignores the close may take of the time of a shutdown. The rest is for what
# comes after it, so that a process ends within `shutdown_timeout`.
_SHARE = 0.8


class StreamPort(WebSocketPort):
    """One WebSocket connection.

    Pass it to `Driver.websocket`; when that lets it in, answer 101, make a `WebSocketStream` with
    this as its receiver, and give that to `opened`. Then await `gone`.

    Args:
        driver: The driver.

    Attributes:
        aborted: Whether the engine dropped the connection before it was open.
        message: Takes a message (for the stream): the driver, with nothing in between.
    """

    __slots__ = ("_closing", "_driver", "_gone", "_stream", "aborted", "message")

    def __init__(self, driver: Driver) -> None:
        super().__init__()
        self._driver = driver
        self._stream: WebSocketStream | None = None
        self._closing: tuple[int, str] | None = None
        self.aborted = False
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.message: Callable[[Data], Awaitable[None] | None] = partial(driver.received, self)

    @property
    def limit(self) -> int:
        """The largest message that the engine takes, in bytes."""
        return self._driver.engine.config.max_payload

    @property
    def _patience(self) -> float | None:
        """How long a client may take to answer a close, in seconds; None if the engine says."""
        engine = self._driver.engine
        return engine.config.shutdown_timeout * _SHARE if engine.stopping else None

    # -- from the gateway ------------------------------------------------------------------

    def opened(self, stream: WebSocketStream) -> None:
        """The 101 answer is out."""
        self._stream = stream
        if self.aborted:
            stream.abort()
        elif self._closing is not None:
            stream.close(*self._closing, self._patience)
        else:
            self._driver.accepted(self)
        stream.start()

    async def gone(self) -> None:
        """Return when the WebSocket is over."""
        try:
            await self._gone
        except asyncio.CancelledError:
            self._driver.closed(self, None, "the server cancelled the connection")
            self.abort()
            raise

    # -- from the engine -------------------------------------------------------------------

    def write(self, frames: Sequence[Data]) -> bool:
        """Write messages in order; False if the transport wants no more for now."""
        stream = self._stream
        return stream is not None and stream.send_raw(b"".join(map(message_frame, frames)))

    def write_one(self, frame: Data) -> bool:
        """Write one message; False if the transport wants no more for now."""
        stream = self._stream
        return stream is not None and stream.send(frame)

    def hang_up(self, code: int, reason: str) -> None:
        """Start the closing handshake, behind what has been written."""
        if self._stream is not None:
            self._stream.close(code, reason, self._patience)
        else:
            self._closing = code, reason

    def abort(self) -> None:
        """Drop the connection."""
        if self._stream is not None:
            self._stream.abort()
            return
        self.aborted = True
        if self.decision is not None:
            # Nobody has to decide any more.
            self.decision.cancel()

    # -- from the stream -------------------------------------------------------------------

    def too_big(self) -> None:
        """A message over the limit begins to arrive."""
        self._driver.too_big(self)

    def pong(self, payload: bytes) -> None:
        """Nobody here sends pings: the engine has its own heartbeat."""

    def writable(self) -> None:
        """The transport has taken what was written."""
        self._driver.drained(self)

    def closed(self, code: int | None, reason: str) -> None:
        """Nothing comes any more."""
        self._driver.closed(self, code, reason)
        if not self._gone.done():
            self._gone.set_result(None)
