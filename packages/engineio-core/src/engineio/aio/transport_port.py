"""A WebSocket whose frames go to an asyncio transport as they are: the writing half of a port.

For gateways of frameworks that hand out the transport of a connection. The framework does the
handshake and reads; writing a message then costs no coroutine, no future and no task.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import suppress

from ..http.frames import close_frame, data_frame
from ..http.request import Request
from ..http.response import Header, Response
from ..types import Data
from .driver import Driver
from .port import WebSocketPort

__all__ = ["TransportPort"]


class TransportPort(WebSocketPort):
    """The base of such a port.

    A gateway makes one, calls `open`, accepts or refuses as that returns, and calls `accepted`.
    Then it passes messages on to `Driver.received`, and in the end calls `closed`.

    Args:
        driver: The driver of the server.
        transport: The transport, of which nothing has been read ahead of the handshake.

    Attributes:
        driver: The driver.
        transport: The transport.
    """

    __slots__ = ("_aborted", "_closing", "_drain", "_free", "driver", "transport")

    def __init__(self, driver: Driver, transport: asyncio.Transport) -> None:
        super().__init__()
        self.driver = driver
        self.transport = transport
        # Nothing may be written before the accept, nor while the client does not read.
        self._free = False
        self._drain: asyncio.Task[None] | None = None
        self._closing: bytes | None = None
        self._aborted = False

    @property
    @abstractmethod
    def is_paused(self) -> bool:
        """Whether the transport has asked for no more, as `asyncio.Protocol.pause_writing` does."""

    @property
    def is_reading(self) -> bool:
        """Whether the framework still reads: some do not any more while they stop."""
        return True

    @abstractmethod
    async def drain(self) -> None:
        """Return when that is over; a lost connection ends it too, or raises `ConnectionError`."""

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
        # Whoever does not read may not keep the connection open either.
        (self.transport.abort if self.is_paused else self.transport.close)()
        self.driver.closed(self, code, reason)

    def write(self, frames: Sequence[Data]) -> bool:
        """Write messages in one go; False if the client does not read as fast as that."""
        return self._write(b"".join(map(data_frame, frames)))

    def write_one(self, frame: Data) -> bool:
        """Write one message, as `write` does."""
        return self._write(data_frame(frame))

    def hang_up(self, code: int, reason: str) -> None:
        """Send the close frame, after what the client has yet to read."""
        self._closing = close_frame(code, reason)
        if self._free:
            self._close(self._closing)

    def abort(self) -> None:
        """Drop the connection, or end the wait for the decision whether there is to be one."""
        self._aborted = True
        if self.decision is not None:
            self.decision.cancel()
        self.transport.abort()

    def _write(self, data: bytes) -> bool:
        transport = self.transport
        if transport.is_closing():
            self._free = False
            # Soon and not now: the engine must first hear that this is not out, or it would not
            # count as undelivered.
            asyncio.get_running_loop().call_soon(self._lost)
            return False
        transport.write(data)
        if not self.is_paused:
            return True
        self._free = False
        self._drain = asyncio.get_running_loop().create_task(self._wait())
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
        # The client's close frame will never be read; that it ends the connection in turn will be.
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def _lost(self) -> None:
        self.driver.closed(self, None, "the connection broke while writing")
