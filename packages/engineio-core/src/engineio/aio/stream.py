"""An open WebSocket straight on an asyncio transport: frames in, frames out, both ends' pace.

What lives here: the closing handshake, answers to pings, and back-pressure. What messages mean is
the receiver's. The opening handshake is over when a stream starts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from ..http.frames import (
    TOO_BIG,
    Close,
    Event,
    FrameError,
    FrameReader,
    Ping,
    Pong,
    close_frame,
    message_frame,
    pong_frame,
)
from ..types import Data

__all__ = ["Receiver", "WebSocketStream"]

# How long a client that broke the rules may take to read why, in seconds: a close of TCP with
# unread bytes behind it would take the close frame with it.
_LINGER = 2.0


# After this many control frames in a row the loop gets its turn; of messages the receiver decides.
_STREAK = 256


class Receiver(Protocol):
    """Who gets what a stream reads."""

    def opened(self, stream: WebSocketStream) -> None:
        """The opening handshake is over; call `WebSocketStream.start`."""

    @property
    def message(self) -> Callable[[Data], Awaitable[None] | None]:
        """Takes a message, and returns None or what to await before the next is read."""

    def too_big(self) -> None:
        """A message over the limit begins to arrive; close, or the stream does."""

    def pong(self, payload: bytes) -> None:
        """The peer answered a ping."""

    def writable(self) -> None:
        """What was written has been taken, after a `WebSocketStream.send` returned False."""

    def closed(self, code: int | None, reason: str) -> None:
        """Nothing comes any more; called once.

        Args:
            code: The peer's close code, or that of the rule it broke; None if there is none.
            reason: The text beside it.
        """


class WebSocketStream(asyncio.Protocol):
    """One WebSocket.

    Args:
        transport: The transport; give it this protocol with `start`.
        receiver: Who gets what is read.
        limit: The largest message, in bytes.
        early: What the peer has sent already.
        lost: Called when the connection below is gone.

    Attributes:
        is_open: Whether neither end has closed.
        is_lost: Whether the connection below is gone.
    """

    __slots__ = (
        "_full",
        "_heard",
        "_held",
        "_lost",
        "_owed",
        "_paused",
        "_reader",
        "_receiver",
        "_take",
        "_timer",
        "_transport",
        "_write",
        "is_lost",
        "is_open",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        receiver: Receiver,
        limit: int,
        early: bytes,
        lost: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._write = transport.write
        self._receiver = receiver
        self._take = receiver.message
        self._reader: FrameReader | None = FrameReader(limit)
        self._reader.feed(early)
        self._lost = lost
        self._timer: asyncio.TimerHandle | None = None
        # The receiver has not heard of the end; the transport takes no more; the receiver takes no
        # more; and so nothing is read.
        self._heard = True
        self._full = False
        self._held = False
        self._paused = False
        self._owed: bytes | None = None
        self.is_open = True
        self.is_lost = False

    def start(self) -> None:
        """Take over the transport and read."""
        self._transport.set_protocol(self)
        self._read()

    # -- writing ---------------------------------------------------------------------------

    @property
    def is_full(self) -> bool:
        """Whether the transport wants no more for now; `Receiver.writable` follows."""
        return self._full

    def send(self, data: Data) -> bool:
        """Write a message; return False if the transport wants no more for now.

        Raises:
            UnicodeEncodeError: The text holds a lone surrogate.
        """
        if self.is_open:
            self._write(message_frame(data))
        return not self._full

    def send_raw(self, frames: bytes) -> bool:
        """Write ready frames, as `send` does."""
        if self.is_open:
            self._write(frames)
        return not self._full

    def close(self, code: int | None, reason: str = "", within: float | None = None) -> None:
        """Start the closing handshake, behind what has been written.

        Args:
            code: The close code.
            reason: The text beside it.
            within: Seconds until the connection is dropped; None if the caller sees to that.
        """
        if self.is_open:
            self.is_open = False
            self._write(close_frame(code, reason))
        if within is not None and self._timer is None and not self.is_lost:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(within, self._transport.abort)
        if self._held:
            # Messages count no more, but the peer's answer does.
            self._held = False
            self._read_on()

    def end(self, code: int, within: float) -> None:
        """Close from below, as a server does that stops: the receiver is told as if the peer had.

        Args:
            code: The close code, for both.
            within: Seconds until the connection is dropped.
        """
        self.close(code, within=within)
        self._end(code, "")

    def abort(self) -> None:
        """Drop the connection."""
        self.is_open = False
        self._transport.abort()

    def pause_writing(self) -> None:
        """The transport is over its high-water mark (for the loop)."""
        self._full = True

    def resume_writing(self) -> None:
        """The transport is under its low-water mark again (for the loop)."""
        self._full = False
        if self._owed is not None:
            owed, self._owed = self._owed, None
            self.send_raw(pong_frame(owed))
        if self._heard:
            self._receiver.writable()

    # -- reading ---------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Bytes arrived (for the loop)."""
        reader = self._reader
        if reader is None:
            return
        if not self._held:
            self._read(data)
            return
        reader.feed(data)
        if not self._paused:
            # Not before something arrives: mostly the receiver is ready again by then, and then
            # reading never stops.
            self._paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """The peer closed its half (for the loop): the transport closes ours."""

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone (for the loop)."""
        self.is_open = False
        self.is_lost = True
        self._reader = None
        if self._timer is not None:
            self._timer.cancel()
        self._end(None, "" if error is None else "the connection broke")
        self._lost()

    def _read(self, data: bytes = b"") -> None:
        reader, controls = self._reader, 0
        if reader is None:
            return
        try:
            event: Event | None = reader.single(data)
            if event is None:
                reader.feed(data)
                event = reader.next_event()
            while event is not None:
                if isinstance(event, str | bytes):
                    if self.is_open:
                        wait = self._take(event)
                        if wait is not None and self._hold(wait):
                            return
                else:
                    self._control(event)
                    controls += 1
                    if controls == _STREAK and self._hold(asyncio.sleep(0)):
                        return
                if self._reader is None:
                    return
                event = reader.next_event()
        except FrameError as error:
            self._fail(error)

    def _control(self, event: Ping | Pong | Close) -> None:
        if isinstance(event, Ping):
            # "If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in response
            # to previous Ping frame(s), the endpoint MAY elect to send a Pong frame for only the
            # most recently processed Ping frame." So pings of a peer that reads nothing take no
            # memory (faults.md F-55).
            if self._full:
                self._owed = event.payload
            else:
                self.send_raw(pong_frame(event.payload))
        elif isinstance(event, Pong):
            self._receiver.pong(event.payload)
        else:
            # "Upon receiving a Close frame, the endpoint MUST send a Close frame in response" with
            # the code it got, "and then closes the TCP connection".
            self._reader = None
            if self.is_open:
                self.close(event.code, within=_LINGER)
            self._end(event.code, event.reason)
            self._transport.close()

    def _fail(self, error: FrameError) -> None:
        self._reader = None
        was_open = self.is_open
        if was_open and error.code == TOO_BIG:
            self._receiver.too_big()
        self.close(error.code, error.reason, within=_LINGER)
        if was_open:
            self._end(error.code, error.reason)
        else:
            # This was to be the answer to a close: nothing better will come.
            self._transport.close()

    def _end(self, code: int | None, reason: str) -> None:
        if self._heard:
            self._heard = False
            self._receiver.closed(code, reason)

    # -- a receiver that is behind -----------------------------------------------------------

    def _hold(self, wait: Awaitable[None]) -> bool:
        # A coroutine has to be awaited even if the receiver has closed and so stops nothing.
        asyncio.ensure_future(wait).add_done_callback(self._release)
        self._held = self.is_open
        return self._held

    def _release(self, _: asyncio.Future[None]) -> None:
        if self._held:
            self._held = False
            self._read_on()

    def _read_on(self) -> None:
        self._read()
        if self._paused and not self._held:
            self._paused = False
            self._transport.resume_reading()
