"""The proxy makes the network bad, but never wrong."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.chaos_proxy import ChaosProxy, Weather

STORM = Weather(delay=0.02, pieces=5, seed=1)


@asynccontextmanager
async def echo_server() -> AsyncIterator[int]:
    """The port of a server that sends everything back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1000):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            # The test cut the connection.
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_bytes_arrive_unchanged_and_in_order_through_a_storm() -> None:
    sent = random.Random(2).randbytes(300_000)
    async with echo_server() as port, ChaosProxy(port, STORM) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(sent)
        assert await asyncio.wait_for(reader.readexactly(len(sent)), 10) == sent
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(), 10) == b"", "the end is passed on too"
        writer.close()
        assert proxy.connections == 1


async def test_a_delayed_piece_arrives_later() -> None:
    async with echo_server() as port, ChaosProxy(port, Weather(delay=0.2, seed=3)) as proxy:
        slowest = 0.0
        for _ in range(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            started = time.monotonic()
            writer.write(b"x")
            await reader.readexactly(1)
            slowest = max(slowest, time.monotonic() - started)
            writer.close()
        assert slowest > 0.05


async def test_a_stalled_connection_goes_on_where_it_stopped() -> None:
    async with echo_server() as port, ChaosProxy(port) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"a")
        assert await reader.readexactly(1) == b"a"
        proxy.stall()
        writer.write(b"b")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        proxy.resume()
        assert await asyncio.wait_for(reader.readexactly(1), 10) == b"b"
        writer.close()


async def test_a_cut_connection_is_reset_and_a_new_one_may_lead_elsewhere() -> None:
    async with echo_server() as port, echo_server() as other, ChaosProxy(port) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"a")
        await reader.readexactly(1)
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(1), 10)
        proxy.target = other
        reader, again = await asyncio.open_connection("127.0.0.1", proxy.port)
        again.write(b"c")
        assert await asyncio.wait_for(reader.readexactly(1), 10) == b"c"
        writer.close()
        again.close()


async def test_a_request_for_a_websocket_is_cut_off_when_they_are_blocked() -> None:
    async with echo_server() as port, ChaosProxy(port) as proxy:
        proxy.block_websockets = True
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"GET / HTTP/1.1\r\nUpgrade: WebSocket\r\n\r\n")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
            await asyncio.wait_for(reader.readexactly(1), 10)
        reader, other = await asyncio.open_connection("127.0.0.1", proxy.port)
        other.write(b"GET / HTTP/1.1\r\n\r\n")
        assert (await asyncio.wait_for(reader.readexactly(3), 10)) == b"GET"
        writer.close()
        other.close()
