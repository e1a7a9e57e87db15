"""A transport of asyncio over a stream of Tornado: for TLS, which only the stream can read."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, cast

from tornado.concurrent import Future
from tornado.iostream import IOStream, StreamClosedError

__all__ = ["IOStreamTransport"]

# As asyncio has it: the protocol is asked to pause above, and may go on below.
_HIGH, _LOW = 65_536, 16_384
_PIECE = 65_536


class IOStreamTransport(asyncio.Transport):
    """Reads and writes for a protocol, once it has one and `start` was called.

    Args:
        stream: The stream, which nobody else uses any more.
    """

    def __init__(self, stream: IOStream) -> None:
        super().__init__()
        self._stream = stream
        self._protocol: asyncio.Protocol
        self._size = 0
        self._is_closing = False
        self._is_reading = False
        self._is_paused = False
        self._is_full = False
        stream.set_nodelay(True)

    def start(self) -> None:
        """Read from now on."""
        self._stream.set_close_callback(self._lost)
        self._read()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Let another protocol have what is read."""
        self._protocol = cast(asyncio.Protocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return the protocol."""
        return self._protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return the default: nothing is known here."""
        return default

    # -- writing -----------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write bytes; what cannot go out at once waits."""
        if self._is_closing or not data:
            return
        try:
            written = self._stream.write(bytes(data))
        except StreamClosedError:
            # `connection_lost` is on its way.
            return
        if not written.done():
            self._size += len(data)
            written.add_done_callback(partial(self._written, len(data)))
            if self._size > _HIGH and not self._is_full:
                self._is_full = True
                self._protocol.pause_writing()

    def get_write_buffer_size(self) -> int:
        """Return how many bytes wait."""
        return self._size

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Return below and above how many bytes the protocol is told."""
        return _LOW, _HIGH

    def _written(self, size: int, written: Future[None]) -> None:
        self._size -= size
        if written.exception() is not None:
            return
        if self._is_full and self._size <= _LOW:
            self._is_full = False
            self._protocol.resume_writing()
        if self._is_closing and not self._size:
            self._stream.close()

    # -- reading -----------------------------------------------------------------------------

    def is_reading(self) -> bool:
        """Whether bytes are passed on."""
        return not (self._is_paused or self._is_closing)

    def pause_reading(self) -> None:
        """Pass nothing on until `resume_reading`."""
        self._is_paused = True

    def resume_reading(self) -> None:
        """Pass bytes on again."""
        self._is_paused = False
        self._read()

    def _read(self) -> None:
        if self._is_reading or not self.is_reading():
            return
        self._is_reading = True
        try:
            reading = asyncio.ensure_future(self._stream.read_bytes(_PIECE, partial=True))
        except StreamClosedError:
            return
        reading.add_done_callback(self._received)

    def _received(self, reading: asyncio.Future[bytes]) -> None:
        self._is_reading = False
        if reading.exception() is not None or self._is_closing:
            return
        # At most one piece too many after a pause, which the protocol keeps.
        self._protocol.data_received(reading.result())
        self._read()

    # -- the end -----------------------------------------------------------------------------

    def is_closing(self) -> bool:
        """Whether nothing more is read."""
        return self._is_closing or self._stream.closed()

    def close(self) -> None:
        """Close when what was written has gone out."""
        self._is_closing = True
        if not self._size:
            self._stream.close()

    def abort(self) -> None:
        """Close at once."""
        self._is_closing = True
        self._stream.close()

    def _lost(self) -> None:
        self._is_closing = True
        self._protocol.connection_lost(self._stream.error)  # type: ignore[arg-type]  # typed wider
