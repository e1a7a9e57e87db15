"""Messages that are passed on as they are parsed, and those that have to wait: one order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from wsproto import ConnectionType, WSConnection
from wsproto.events import CloseConnection, Event, Ping, Request, TextMessage

import engineio
from aiohttp_engineio import EngineIO, setup
from tests.aiohttp.running import serve


class Raw:
    """A WebSocket client that sends many frames in one segment."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = WSConnection(ConnectionType.CLIENT)

    def send(self, *events: Event) -> None:
        """Send all of it at once."""
        self._writer.write(b"".join(map(self._protocol.send, events)))

    async def events(self) -> AsyncIterator[Event]:
        """Return what the server sends until it closes the connection."""
        while data := await self._reader.read(65_536):
            self._protocol.receive_data(data)
            for event in self._protocol.events():
                yield event


@asynccontextmanager
async def opened(**options: Any) -> AsyncIterator[tuple[Raw, EngineIO, list[str]]]:
    """A client that is let in, and what the application heard from it."""
    app = web.Application()
    eio = setup(app, **options)
    heard: list[str] = []

    @eio.on_disconnect
    async def gone(sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo) -> None:
        heard.append(f"{reason.value} {info.code}")

    runner, network = await serve(app)
    reader, writer = await asyncio.open_connection(network.host, network.port)
    raw = Raw(reader, writer)
    raw.send(Request("x", "/engine.io/?EIO=4&transport=websocket"))
    try:
        async for event in raw.events():
            if isinstance(event, TextMessage):
                break
        yield raw, eio, heard
    finally:
        writer.close()
        await writer.wait_closed()
        await runner.cleanup()


def texts(count: int) -> list[Event]:
    return [TextMessage(data=f"4{number}") for number in range(count)]


@pytest.mark.parametrize("pause", [None, 0.0, 0.001], ids=["never waits", "yields", "sleeps"])
async def test_one_segment_of_many_frames(pause: float | None) -> None:
    """Whatever the handler does, everything before the close is heard, in order, and no more."""
    async with opened(receive_queue_packets=8) as (raw, eio, heard), asyncio.timeout(5):

        @eio.on_message
        async def received(sid: str, data: str) -> None:
            if pause is not None:
                await asyncio.sleep(pause)
            heard.append(data)

        raw.send(*texts(100), Ping(b"?"), *texts(100), CloseConnection(4000, "bye"))
        answers = [event async for event in raw.events()]
        while not heard or not heard[-1].startswith("transport close"):  # noqa: ASYNC110  # it follows
            await asyncio.sleep(0.001)

    numbers = [str(number) for number in range(100)]
    assert heard == [*numbers, *numbers, "transport close 4000"]
    assert [type(event).__name__ for event in answers[-2:]] == ["Pong", "CloseConnection"]
    closing = answers[-1]
    assert isinstance(closing, CloseConnection)
    assert closing.code == 4000


async def test_a_handler_that_fails_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async with opened() as (raw, eio, heard), asyncio.timeout(5):

        @eio.on_message
        async def received(sid: str, data: str) -> None:
            heard.append(data)
            if data == "1":
                raise RuntimeError("asked to fail")

        raw.send(*texts(3))
        while len(heard) < 3:  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.001)
        assert len(eio.sids) == 1

    assert heard[:3] == ["0", "1", "2"]
    assert "asked to fail" in caplog.text


async def test_a_handler_may_end_the_session_it_is_called_for() -> None:
    async with opened() as (raw, eio, heard), asyncio.timeout(5):

        @eio.on_message
        async def received(sid: str, data: str) -> None:
            heard.append(data)
            await eio.disconnect(sid)

        raw.send(*texts(3))
        async for event in raw.events():
            if isinstance(event, CloseConnection):
                assert event.code == 1000
                raw.send(event.response())

    assert heard == ["0", "server disconnect None"]
