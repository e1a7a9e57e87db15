"""One HTTP/1.1 connection that is kept open, one request at a time."""

from __future__ import annotations

import asyncio
from typing import Self, cast

from .target import LoadError
from .wire import split_response


class HttpConnection(asyncio.Protocol):
    """A connection; `open` makes one."""

    def __init__(self) -> None:
        self._received = b""
        self._response: asyncio.Future[tuple[int, bytes]] = asyncio.Future()

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect to 127.0.0.1."""
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(cls, "127.0.0.1", port)
        return connection

    def request(self, request: bytes) -> asyncio.Future[tuple[int, bytes]]:
        """Send a request; the result is the status and the body of its response."""
        self._response = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._response

    def close(self) -> None:
        """End the connection."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # uvloop's transports do not inherit from asyncio's.
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Collect a response."""
        self._received += data
        response = split_response(self._received)
        if response is None:
            return
        self._received = b""
        if not self._response.done():
            self._response.set_result(response)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits for a response."""
        if not self._response.done():
            self._response.set_exception(LoadError("the server closed an HTTP connection"))
