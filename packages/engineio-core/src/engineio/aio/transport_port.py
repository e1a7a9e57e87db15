"""A WebSocket whose frames go to an asyncio transport as they are: the writing half of a port.

For gateways of frameworks that hand out the transport of a connection. The framework does the
handshake and reads; writing a message then costs no coroutine, no future and no task.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import suppress

from ..http.frames import close_frame, message_frame
from ..http.request import Request
from ..http.response import Header, Response
from ..types import Data
from .driver import Driver
from .port import WebSocketPort

__all__ = ["TransportPort"]


class TransportPort(WebSocketPort):
    """The base of such a port.

    A gateway makes one, calls `open`, accepts or refuses as that returns, and calls `accepted`.
    Then it passes messages on to `Driver.received`, and in the end calls `closed` or `failed`.

    Args:
        driver: The driver of the server.
        transport: The transport.

    Attributes:
        driver: The driver.
        transport: The transport.
    """

    __slots__ = ("_aborted", "_closing", "_drain", "_free", "_room", "driver", "transport")

    def __init__(self, driver: Driver, transport: asyncio.Transport) -> None:
        super().__init__()
        self.driver = driver
        self.transport = transport
        # The transport asks for a pause when it holds more than this.
        self._room = transport.get_write_buffer_limits()[1]
        # Nothing may be written before the accept, nor while the client does not read.
        self._free = False
        self._drain: asyncio.Task[None] | None = None
        self._closing: bytes | None = None
        self._aborted = False

    @property
    def is_reading(self) -> bool:
        """Whether the framework still reads: some do not any more while they stop."""
        return True

    @abstractmethod
    async def drain(self) -> None:
        """Return when the transport has asked for more, after it had asked for a pause.

        A lost connection ends the wait too, perhaps with a `ConnectionError`.
        """

    async def open(self, request: Request) -> tuple[Header, ...] | Response | None:
        """Return the headers to accept with, or the response to refuse with; None for neither."""
        try:
            return await self.driver.websocket(request, self)
        except asyncio.CancelledError:
            if not self._aborted:
                raise
            return None

    def accepted(self) -> None:
        """Take note that the accept is out, and so whatever waited for it may follow."""
        self._go_on()

    def closed(self, code: int | None = None, reason: str = "") -> None:
        """The connection ends; ``code`` and ``reason`` are the peer's, if it sent a close frame."""
        if self._closing is None:
            # RFC 6455 section 5.5.1: "When sending a Close frame in response, the endpoint
            # typically echos the status code it received."
            self._close(close_frame(code))
        # A TLS transport of asyncio has no buffer any more once it is closed.
        if not self.transport.is_closing():
            # Whoever does not read may not keep the connection open either.
            is_full = self.transport.get_write_buffer_size() > self._room
            (self.transport.abort if is_full else self.transport.close)()
        self.driver.closed(self, code, reason)

    def failed(self, code: int, detail: str) -> None:
        """The client sent what a WebSocket cannot take; close it with ``code``."""
        self.hang_up(code, detail)
        self.driver.failed(self, code, detail)
        self.closed()

    def write(self, frames: Sequence[Data]) -> bool:
        """Write messages in one go; False if the client does not read as fast as that."""
        transport = self.transport
        if transport.is_closing():
            return self._held_up()
        transport.write(b"".join(map(message_frame, frames)))
        return transport.get_write_buffer_size() <= self._room or self._held_up()

    def write_one(self, frame: Data) -> bool:
        """Write one message, as `write` does."""
        # As `write`, without the detour.
        transport = self.transport
        if transport.is_closing():
            return self._held_up()
        transport.write(message_frame(frame))
        return transport.get_write_buffer_size() <= self._room or self._held_up()

    def hang_up(self, code: int, reason: str) -> None:
        """Send the close frame, after what the client has yet to read; only the first counts."""
        if self._closing is None:
            self._closing = close_frame(code, reason)
            if self._free:
                self._close(self._closing)

    def abort(self) -> None:
        """Drop the connection, or end the wait for the decision whether there is to be one."""
        self._aborted = True
        if self.decision is not None:
            self.decision.cancel()
        self.transport.abort()

    def _held_up(self) -> bool:
        """Return False: what was written counts as out when the client has read it."""
        self._free = False
        loop = asyncio.get_running_loop()
        if self.transport.is_closing():
            # Soon and not now: the engine must first hear that this is not out, or it would not
            # count as undelivered.
            loop.call_soon(self._lost)
        else:
            self._drain = loop.create_task(self._wait())
        return False

    async def _wait(self) -> None:
        with suppress(ConnectionError):
            await self.drain()
        if self.transport.is_closing():
            self._lost()
        else:
            self._go_on()

    def _go_on(self) -> None:
        self._free = True
        if self._closing is None:
            self.driver.drained(self)
        else:
            self._close(self._closing)

    def _close(self, frame: bytes) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(frame)
        if self.is_reading:
            return
        # The client's close frame would never be read, so there is nothing to wait for.
        self.transport.close()

    def _lost(self) -> None:
        self.driver.closed(self, None, "the connection broke while writing")
