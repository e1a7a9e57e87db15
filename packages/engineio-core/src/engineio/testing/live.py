"""A network of real sockets: to a server that listens, whatever it is written in.

What lives here: as much of an HTTP client as the test kit needs, one connection for each request,
and WebSockets over wsproto. Nothing knows Engine.IO.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import quote

from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    RejectData,
    TextMessage,
)
from wsproto.events import Request as Handshake
from wsproto.utilities import RemoteProtocolError

from ..types import Data
from .network import Answer, Answered, Call, Headers, Listener, Network, Outgoing, Socket, ended

__all__ = ["LiveNetwork"]

_ABNORMAL = 1006
_PIECE = 65_536
# What a client says where it was given nothing better.
_ANY_HOST = "testserver"


class LiveNetwork(Network):
    """Connects to a server over TCP.

    Args:
        host: Its address.
        port: Its port.

    Example::

        async with Client(LiveNetwork("127.0.0.1", 8000), transport="websocket") as client:
            await client.send("hello")
    """

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.connections: set[_Connection] = set()

    def fetch(self, request: Outgoing, answered: Answered) -> Call:
        """Send an HTTP request."""
        return _Exchange(self, request, answered)

    def connect(self, request: Outgoing, listener: Listener) -> Socket:
        """Open a WebSocket."""
        return _Socket(self, request, listener)

    async def finish(self) -> list[Exception]:
        """Wait until every connection is closed; what the application raised is not known here."""
        await ended(connection.task for connection in self.connections)
        return []


class _Connection(ABC):
    """One TCP connection.

    Attributes:
        task: The task that serves it.
    """

    def __init__(self, network: LiveNetwork, request: Outgoing) -> None:
        self._network = network
        self._request = request
        self._over = False
        self._writer: asyncio.StreamWriter | None = None
        network.connections.add(self)
        self.task = asyncio.get_running_loop().create_task(self._run())
        self.task.add_done_callback(lambda _: network.connections.discard(self))

    def abort(self) -> None:
        """Drop the connection."""
        self._over = True
        if self._writer is not None:
            self._writer.transport.abort()
        else:
            self.task.cancel()

    @property
    def _host(self) -> str:
        given = dict(self._request.headers).get("host", _ANY_HOST)
        return f"{self._network.host}:{self._network.port}" if given == _ANY_HOST else given

    @property
    def _fields(self) -> list[tuple[str, str]]:
        return [field for field in self._request.headers if field[0] != "host"]

    @property
    def _target(self) -> str:
        return f"{quote(self._request.path)}?{self._request.query}"

    async def _run(self) -> None:
        error = ConnectionError("the server closed the connection")
        try:
            reader, self._writer = await asyncio.open_connection(
                self._network.host, self._network.port
            )
            try:
                await self._serve(reader, self._writer)
            finally:
                self._writer.close()
                with suppress(OSError):
                    await self._writer.wait_closed()
        except (OSError, EOFError, ValueError, RemoteProtocolError) as raised:
            error = ConnectionError(str(raised))
        finally:
            if not self._over:
                self._over = True
                self._failed(error)

    @abstractmethod
    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk until it is over."""

    @abstractmethod
    def _failed(self, error: Exception) -> None:
        """The connection is gone, and nobody was told how."""


class _Exchange(_Connection):
    """One HTTP request."""

    def __init__(self, network: LiveNetwork, request: Outgoing, answered: Answered) -> None:
        super().__init__(network, request)
        self._answered = answered

    def _failed(self, error: Exception) -> None:
        self._answered(error)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = self._request
        fields = [("host", self._host), ("connection", "close"), *self._fields]
        lines = [f"{request.method} {self._target} HTTP/1.1", *map(": ".join, fields), "", ""]
        writer.write("\r\n".join(lines).encode("latin-1") + (request.body or b""))
        status, headers = await _read_head(reader)
        answer = Answer(status, headers, await _read_body(reader, dict(headers)))
        if not self._over:
            self._over = True
            self._answered(answer)


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, Headers]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head[:-4].split("\r\n")
    parted = (line.partition(":") for line in lines)
    return int(first.split(" ")[1]), tuple(
        (name.lower(), value.strip()) for name, _, value in parted
    )


async def _read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    if headers.get("transfer-encoding") != "chunked":
        return await reader.read()
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    return body


class _Socket(_Connection):
    """One WebSocket."""

    def __init__(self, network: LiveNetwork, request: Outgoing, listener: Listener) -> None:
        super().__init__(network, request)
        self._listener = listener
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._opened = False
        self._status = 0
        self._headers: Headers = ()
        self._body = b""
        self._message: list[Data] = []
        self._reading = asyncio.Event()
        self._reading.set()

    def send(self, data: Data) -> None:
        """Send a message."""
        self._put(TextMessage(data) if isinstance(data, str) else BytesMessage(data))

    def close(self, code: int, reason: str) -> None:
        """Close it."""
        if not self._over:
            self._put(CloseConnection(code, reason))

    def pause(self) -> None:
        """Read nothing until `resume`."""
        self._reading.clear()

    def resume(self) -> None:
        """Read again."""
        self._reading.set()

    def _put(self, event: Event) -> None:
        if self._writer is not None and not self._over:
            self._writer.write(self._protocol.send(event))

    def _failed(self, error: Exception) -> None:
        if self._opened:
            self._listener.closed(_ABNORMAL, "")
        else:
            self._listener.refused(error)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fields = [(name.encode(), value.encode("latin-1")) for name, value in self._fields]
        self._put(Handshake(self._host, self._target, extra_headers=fields))
        while data := await reader.read(_PIECE):
            self._protocol.receive_data(data)
            for event in self._protocol.events():
                if not self._over:
                    self._take(event)
            if self._over:
                return
            await self._reading.wait()

    def _take(self, event: Event) -> None:
        match event:
            case AcceptConnection():
                self._opened = True
                self._listener.opened(Answer(101, _decoded(event.extra_headers)))
            case RejectConnection():
                self._status, self._headers = event.status_code, _decoded(event.headers)
                if not event.has_body:
                    self._refuse()
            case RejectData():
                self._body += event.data
                if event.body_finished:
                    self._refuse()
            case TextMessage() | BytesMessage():
                self._message.append(
                    event.data if isinstance(event.data, str) else bytes(event.data)
                )
                if event.message_finished:
                    empty: Data = "" if isinstance(event, TextMessage) else b""
                    message, self._message = self._message, []
                    self._listener.frame(empty.join(message))  # type: ignore[arg-type]  # one type
            case Ping():
                self._put(event.response())
            case CloseConnection():
                if self._protocol.state is ConnectionState.REMOTE_CLOSING:
                    self._put(event.response())
                self._over = True
                self._listener.closed(int(event.code), event.reason or "")

    def _refuse(self) -> None:
        self._over = True
        self._listener.refused(Answer(self._status, self._headers, self._body))


def _decoded(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    return tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers
    )
