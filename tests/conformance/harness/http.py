"""An HTTP/1.1 client that sends exactly the bytes a scenario asks for.

Nothing here knows Engine.IO. Every wait has a deadline, so that a server that hangs fails a
scenario instead of the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

__all__ = ["PATIENCE", "Address", "Connection", "Fields", "Response", "request_bytes"]

PATIENCE = 5.0
"""Seconds that any single answer may take before the scenario fails."""

Fields = Iterable[tuple[str, str]]
"""Header fields, in the order in which they are sent."""

_READ_SIZE = 1 << 18


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response.

    Attributes:
        status: The status code.
        fields: The header fields in order, names in lower case.
        body: The body, its transfer coding removed.
        seconds: The time from the last byte of the request to the last byte of the response.
    """

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float

    def header(self, name: str) -> str | None:
        """Return the only value of a field, or None; a field sent twice is an error."""
        values = self.headers(name)
        assert len(values) <= 1, f"{name} was sent {len(values)} times: {values}"
        return values[0] if values else None

    def headers(self, name: str) -> list[str]:
        """Return every value of a field."""
        return [value for key, value in self.fields if key == name.lower()]

    @property
    def text(self) -> str:
        """The body as UTF-8 text."""
        return self.body.decode()

    def json(self) -> Any:
        """Return the value of a JSON body."""
        return json.loads(self.body)


def request_bytes(
    method: str,
    target: str | bytes,
    *,
    host: str | None = "127.0.0.1",
    fields: Fields = (),
    body: bytes | None = None,
) -> bytes:
    """Return the bytes of one request; ``body`` gets a ``Content-Length``, None for no body."""
    raw_target = target.encode() if isinstance(target, str) else target
    lines = [method.encode() + b" " + raw_target + b" HTTP/1.1"]
    if host is not None:
        lines.append(b"Host: " + host.encode())
    lines += [f"{name}: {value}".encode("latin-1") for name, value in fields]
    if body is not None:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


class Connection:
    """One TCP connection to the server.

    Plain socket calls, not streams: what the server said before it reset the connection must stay
    readable, and a scenario decides itself when it reads.

    Attributes:
        interim: The 1xx answers seen so far.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._sent_at = time.monotonic()
        self.interim: list[int] = []

    @classmethod
    async def open(cls, address: Address) -> Self:
        """Connect to ``address``."""
        sock = socket.socket()
        sock.setblocking(False)
        # Each write of a scenario must be a segment of its own.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = cls(sock)
        async with asyncio.timeout(PATIENCE):
            await connection._loop.sock_connect(sock, (address.host, address.port))
        return connection

    # Writing.

    async def write(self, data: bytes) -> None:
        """Send ``data``; a server that has already hung up is not an error here."""
        # What the server said before it hung up is still to be read.
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE):
                await self._loop.sock_sendall(self._socket, data)
        self._sent_at = time.monotonic()

    async def dribble(self, data: bytes, *, size: int = 1) -> None:
        """Send ``data`` in pieces of ``size`` bytes, each a segment of its own."""
        for start in range(0, len(data), size):
            await self.write(data[start : start + size])
            await asyncio.sleep(0)

    def finish(self) -> None:
        """Send FIN: nothing more will be written, the answer can still be read."""
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Drop the connection with RST, as a crashed peer or an impatient proxy does."""
        if self._socket.fileno() >= 0:
            linger = struct.pack("ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._socket.close()

    def close(self) -> None:
        """Close the connection in the ordinary way."""
        self._socket.close()

    # Reading.

    async def read_exactly(self, size: int) -> bytes:
        """Return the next ``size`` bytes.

        Raises:
            EOFError: The connection ended before.
        """
        while len(self._buffer) < size:
            await self._fill()
        return self._take(size)

    async def read_until(self, end: bytes) -> bytes:
        """Return the bytes up to and with ``end``.

        Raises:
            EOFError: The connection ended before.
        """
        while (at := self._buffer.find(end)) < 0:
            await self._fill()
        return self._take(at + len(end))

    async def ended(self, *, within: float = PATIENCE) -> bytes:
        """Wait until the server ends the connection and return what it sent until then."""
        with contextlib.suppress(EOFError):
            async with asyncio.timeout(within):
                while True:
                    await self._fill()
        return self._take(len(self._buffer))

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    async def _fill(self) -> None:
        try:
            data = await self._loop.sock_recv(self._socket, _READ_SIZE)
        except ConnectionError as error:
            # A reset ends a connection as well as a FIN does.
            raise EOFError("the server reset the connection") from error
        if not data:
            raise EOFError("the server closed the connection")
        self._buffer += data

    # HTTP.

    async def request(
        self,
        method: str,
        target: str | bytes,
        *,
        fields: Fields = (),
        body: bytes | None = None,
    ) -> Response:
        """Send one request and return its response."""
        await self.write(request_bytes(method, target, fields=fields, body=body))
        return await self.response(method)

    async def response(self, method: str = "GET", *, within: float = PATIENCE) -> Response:
        """Read one response to a request made with ``method``.

        Raises:
            EOFError: The connection ended before the response was complete.
        """
        async with asyncio.timeout(within):
            status, fields = await self._head()
            while 100 <= status < 200 and status != 101:
                self.interim.append(status)
                status, fields = await self._head()
            body = await self._body(method, status, dict(fields))
        return Response(status, tuple(fields), body, time.monotonic() - self._sent_at)

    async def _head(self) -> tuple[int, list[tuple[str, str]]]:
        head = (await self.read_until(b"\r\n\r\n")).decode("latin-1")
        status_line, *lines = head[:-4].split("\r\n")
        pairs = (line.partition(":") for line in lines)
        fields = [(name.strip().lower(), value.strip()) for name, _, value in pairs]
        return int(status_line.split(" ")[1]), fields

    async def _body(self, method: str, status: int, fields: dict[str, str]) -> bytes:
        if method == "HEAD" or status in {101, 204, 304}:
            return b""
        if fields.get("transfer-encoding", "").lower() == "chunked":
            return await self._chunks()
        if "content-length" in fields:
            return await self.read_exactly(int(fields["content-length"]))
        return await self.ended()

    async def _chunks(self) -> bytes:
        body = bytearray()
        while size := int((await self.read_until(b"\r\n")).split(b";")[0], 16):
            body += await self.read_exactly(size)
            await self.read_exactly(2)
        while await self.read_until(b"\r\n") != b"\r\n":
            pass  # a trailer field
        return bytes(body)
