"""The connection itself, with and without TLS: frames, pace, and who is to blame for an end."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import tornado.web
from wsproto import ConnectionType, WSConnection
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, Request, TextMessage

import engineio
from tornado_engineio import EngineIO
from tornado_engineio.testing import EngineIOTestServer

CERTIFICATE = Path(__file__).with_name("localhost.pem")
TARGET = "/engine.io/?EIO=4&transport=websocket"


class Raw:
    """A WebSocket client that sends what it is told, and reads when it is told."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._waiting: list[Event] = []

    def send(self, *events: Event) -> None:
        """Send all of it in one piece."""
        self.writer.write(b"".join(map(self._protocol.send, events)))

    async def event(self) -> Event:
        """Return the next thing that the server says."""
        while not self._waiting:
            data = await self.reader.read(65_536)
            if not data:
                raise EOFError
            self._protocol.receive_data(data)
            self._waiting += self._protocol.events()
        return self._waiting.pop(0)

    async def message(self) -> str | bytes:
        """Return the next whole message."""
        parts: list[Any] = []
        while True:
            event = await self.event()
            if isinstance(event, TextMessage | BytesMessage):
                parts.append(event.data)
                if event.message_finished:
                    return "".join(parts) if isinstance(parts[0], str) else b"".join(parts)


@pytest.fixture(params=["tcp", "tls"])
def secure(request: pytest.FixtureRequest) -> bool:
    """Whether there is TLS below."""
    return bool(request.param == "tls")


@asynccontextmanager
async def opened(
    secure: bool, **options: Any
) -> AsyncIterator[tuple[Raw, EngineIO, asyncio.Queue[str]]]:
    """A client that is let in, and a queue with why and how it ended."""
    eio = EngineIO(**options)
    ended: asyncio.Queue[str] = asyncio.Queue()

    @eio.on_disconnect
    async def gone(sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo) -> None:
        ended.put_nowait(f"{reason.value} {info.code}")

    ours = theirs = None
    if secure:
        ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ours.load_cert_chain(CERTIFICATE)
        theirs = ssl.create_default_context(cafile=str(CERTIFICATE))
    app = tornado.web.Application(eio.routes())
    async with EngineIOTestServer(app, ssl_options=ours) as server, asyncio.timeout(20):
        raw = Raw(*await asyncio.open_connection("127.0.0.1", server.port, ssl=theirs))
        raw.send(Request("x", TARGET))
        assert str(await raw.message()).startswith("0{")
        yield raw, eio, ended
        raw.writer.close()
        await eio.shutdown()


def echo(eio: EngineIO) -> None:
    @eio.on_message
    async def received(sid: str, data: str | bytes) -> None:
        await eio.send(sid, data)


async def test_messages_of_all_sizes_come_back(secure: bool) -> None:
    async with opened(secure) as (raw, eio, _):
        echo(eio)
        for size in (0, 1, 125, 126, 65_536, 900_000):
            raw.send(TextMessage("4" + "x" * size), BytesMessage(b"y" * size))
            assert await raw.message() == "4" + "x" * size
            assert await raw.message() == b"y" * size


@pytest.mark.parametrize("pause", [None, 0.0, 0.001], ids=["never waits", "yields", "sleeps"])
async def test_one_segment_of_many_frames(secure: bool, pause: float | None) -> None:
    """Whatever the handler does, everything before the close is heard, in order."""
    heard: list[str] = []
    async with opened(secure, receive_queue_packets=8) as (raw, eio, ended):

        @eio.on_message
        async def received(sid: str, data: str) -> None:
            if pause is not None:
                await asyncio.sleep(pause)
            heard.append(data)

        texts = [TextMessage(f"4{number}") for number in range(100)]
        raw.send(*texts, Ping(b"?"), *texts, CloseConnection(4000, "bye"))
        assert isinstance(await raw.event(), Pong)
        closing = await raw.event()
        assert isinstance(closing, CloseConnection)
        assert (closing.code, await ended.get()) == (4000, "transport close 4000")
        assert await raw.reader.read() == b""
    numbers = [str(number) for number in range(100)]
    assert heard == numbers * 2


async def test_a_client_that_does_not_read_holds_up_its_sender(secure: bool) -> None:
    """`send` waits when the queue is full, and goes on when the client reads."""
    async with opened(secure, send_queue_bytes=100_000) as (raw, eio, _):
        sid, text, sent = eio.sids[0], "x" * 50_000, 0

        async def pour() -> None:
            nonlocal sent
            while sent < 400:
                await eio.send(sid, text)
                sent += 1

        pouring = asyncio.create_task(pour())
        seen = -1
        while seen != sent:
            seen = sent
            await asyncio.sleep(0.2)
        assert sent < 400
        for _ in range(400):
            assert await raw.message() == "4" + text
        await pouring


async def test_one_that_never_reads_is_given_up(secure: bool) -> None:
    """After ``write_timeout``, as a slow client."""
    options = {"write_timeout": 0.3, "send_queue_policy": "close", "send_queue_bytes": 8_000_000}
    async with opened(secure, **options) as (_, eio, ended):
        sid = eio.sids[0]

        async def pour() -> None:
            while True:
                await eio.send(sid, "x" * 50_000)
                await asyncio.sleep(0.005)

        with pytest.raises((engineio.UnknownSessionError, engineio.SessionClosedError)):
            await pour()
        assert (await ended.get()).startswith("slow client")


async def test_the_server_closes(secure: bool) -> None:
    async with opened(secure) as (raw, eio, ended):
        await eio.send(eio.sids[0], "last")
        await eio.disconnect(eio.sids[0])
        assert [await raw.message() for _ in range(2)] == ["4last", "1"]
        closing = await raw.event()
        assert isinstance(closing, CloseConnection)
        raw.send(closing.response())
        assert closing.code == 1000
        assert await ended.get() == "server disconnect None"
        assert await raw.reader.read() == b""


async def test_a_client_that_breaks_off(secure: bool) -> None:
    async with opened(secure) as (raw, _, ended):
        raw.writer.transport.abort()
        assert (await ended.get()).startswith("transport ")


async def test_a_message_over_the_limit(secure: bool) -> None:
    async with opened(secure, max_payload=1_000) as (raw, _, ended):
        raw.send(TextMessage("4" + "x" * 1_000))
        closing = await raw.event()
        assert isinstance(closing, CloseConnection)
        assert closing.code == 1009
        assert await ended.get() == "payload too large None"


@pytest.mark.parametrize("pause", [0.0, 0.05], ids=["at once", "later"])
async def test_what_comes_with_the_request_is_kept(pause: float) -> None:
    """A frame in the segment of the handshake, whenever that is decided."""
    eio, heard = EngineIO(), asyncio.Queue[str]()

    @eio.on_connect
    async def connected(sid: str) -> None:
        await asyncio.sleep(pause)

    @eio.on_message
    async def received(sid: str, data: str) -> None:
        heard.put_nowait(data)

    app = tornado.web.Application(eio.routes())
    async with EngineIOTestServer(app) as server, asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        request = (
            f"GET {TARGET} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Ng==\r\n\r\n"
        )
        # The mask of the frame is all zeros.
        writer.write(request.encode() + b"\x81\x82\0\0\0\0" + b"4x")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        assert await heard.get() == "x"
        writer.close()
        await eio.shutdown()
