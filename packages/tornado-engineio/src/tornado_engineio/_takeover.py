"""From Tornado's stream to the core's: a connection after its opening handshake.

A message takes Tornado several times as long as the core's stream on a transport of the event loop
(measured), and a task for each connection. So the loop gets the socket itself, and Tornado's stream
is closed. With TLS only Tornado's stream can read what arrives, and it becomes a transport.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from tornado.iostream import IOStream, SSLIOStream, StreamClosedError

from engineio.aio.stream import WebSocketStream
from engineio.aio.stream_port import StreamPort

from ._transport import IOStreamTransport

__all__ = ["take_over"]


async def take_over(stream: IOStream, port: StreamPort, lost: Callable[[], None]) -> None:
    """Give a port the connection of a stream that Tornado has let go.

    Args:
        stream: The stream.
        port: The port.
        lost: Called when the connection is gone.
    """
    if isinstance(stream, SSLIOStream) or stream.writing():
        transport = IOStreamTransport(stream)
        _open(transport, port, b"", lost)
        transport.start()
        return
    try:
        early = _buffered(stream)
        # Another descriptor of the same connection, which the close of the stream leaves open.
        socket = stream.socket.dup()
    except (StreamClosedError, OSError) as error:
        stream.close()
        port.closed(None, str(error))
        lost()
        return
    stream.close()
    loop = asyncio.get_running_loop()
    await loop.connect_accepted_socket(lambda: _Landing(port, early, lost), socket)


def _buffered(stream: IOStream) -> bytes:
    """Return what the client has sent behind its request, and leave the buffer empty.

    Raises:
        StreamClosedError: The client has gone.
    """
    # It takes the whole buffer, or where that is empty, as much as one read of the socket brings.
    reading = asyncio.ensure_future(stream.read_bytes(stream.max_buffer_size, partial=True))
    return reading.result() if reading.done() else b""


def _open(
    transport: asyncio.Transport, port: StreamPort, early: bytes, lost: Callable[[], None]
) -> None:
    port.opened(WebSocketStream(transport, port, port.limit, early, lost))


class _Landing(asyncio.Protocol):
    """The protocol of a new transport for the moment until the core's stream is there."""

    def __init__(self, port: StreamPort, early: bytes, lost: Callable[[], None]) -> None:
        self._port = port
        self._early = early
        self._lost = lost

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        _open(cast(asyncio.Transport, transport), self._port, self._early, self._lost)
