"""The network of real sockets, against servers that know no Engine.IO."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from engineio.testing import Answer, LiveNetwork
from engineio.testing.network import Outgoing
from engineio.types import Data

POST = Outgoing("/a b", "x=1", (("host", "testserver"), ("content-length", "2")), "POST", b"hi")
OPEN = Outgoing("/socket", "", (("host", "testserver"), ("x-test", "1")))


class Ear:
    """A listener, and an ``answered``, that writes everything down."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()

    def answered(self, answer: Answer | Exception) -> None:
        self.heard.put_nowait(("answered", answer))

    def opened(self, answer: Answer) -> None:
        self.heard.put_nowait(("opened", answer))

    def refused(self, answer: Answer | Exception) -> None:
        self.heard.put_nowait(("refused", answer))

    def frame(self, data: Data) -> None:
        self.heard.put_nowait(("frame", data))

    def closed(self, code: int, reason: str) -> None:
        self.heard.put_nowait(("closed", code, reason))

    async def next(self) -> tuple[Any, ...]:
        """Return what is heard next."""
        async with asyncio.timeout(2):
            return await self.heard.get()


@pytest.fixture
def ear() -> Ear:
    return Ear()


async def show(request: web.Request) -> web.Response:
    body = await request.text()
    seen = {"path": request.path, "query": request.query_string, "host": request.host, "body": body}
    return web.json_response(seen)


async def in_chunks(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for part in (b"one ", b"two"):
        await response.write(part)
    return response


async def silence(request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


async def socket(request: web.Request) -> web.StreamResponse:
    if request.headers.get("x-test") != "1":
        raise web.HTTPForbidden(text="no")
    websocket = web.WebSocketResponse()
    websocket.headers["X-Served-By"] = "test"
    await websocket.prepare(request)
    async for message in websocket:
        if message.data == "leave":
            await websocket.close(code=4001, message=b"bye")
        elif message.data == "ping":
            await websocket.ping()
        elif message.type is WSMsgType.TEXT:
            await websocket.send_str(message.data)
        else:
            await websocket.send_bytes(message.data)
    return websocket


@pytest.fixture
async def network() -> AsyncIterator[LiveNetwork]:
    app = web.Application()
    app.router.add_get("/chunks", in_chunks)
    app.router.add_get("/socket", socket)
    app.router.add_get("/silence", silence)
    app.router.add_post("/{path:.*}", show)
    async with TestServer(app, handler_cancellation=True) as server:
        network = LiveNetwork(server.host, server.port or 0)
        yield network
        assert await network.finish() == []
        assert network.connections == set()


async def test_a_request_and_its_answer(network: LiveNetwork, ear: Ear) -> None:
    network.fetch(POST, ear.answered)

    _, answer = await ear.next()
    assert (answer.status, answer.header("Content-Type")) == (
        200,
        "application/json; charset=utf-8",
    )
    host = f"{network.host}:{network.port}"
    assert answer.json() == {"path": "/a b", "query": "x=1", "host": host, "body": "hi"}


async def test_a_host_of_its_own_is_kept(network: LiveNetwork, ear: Ear) -> None:
    fields = (("host", "example.test"), ("content-length", "0"))
    network.fetch(Outgoing("/", "", fields, "POST", b""), ear.answered)

    assert (await ear.next())[1].json()["host"] == "example.test"


async def test_an_answer_in_chunks(network: LiveNetwork, ear: Ear) -> None:
    network.fetch(Outgoing("/chunks", "", (), "GET"), ear.answered)

    assert (await ear.next())[1].body == b"one two"


async def test_a_request_that_is_dropped(network: LiveNetwork, ear: Ear) -> None:
    """Nothing is reported, whether it has a connection by then or not."""
    for turns in (0, 20):
        call = network.fetch(Outgoing("/silence", "", (), "GET"), ear.answered)
        for _ in range(turns):
            await asyncio.sleep(0.001)
        call.abort()

    await network.finish()
    assert ear.heard.empty()


@asynccontextmanager
async def saying(answer: bytes) -> AsyncIterator[LiveNetwork]:
    """A server that says this whatever it is asked, and leaves."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield LiveNetwork(*server.sockets[0].getsockname()[:2])


async def test_an_answer_without_a_length_ends_with_the_connection(ear: Ear) -> None:
    async with saying(b"HTTP/1.0 200 OK\r\n\r\nall of it") as network:
        network.fetch(Outgoing("/", "", (), "GET"), ear.answered)

        assert (await ear.next())[1] == Answer(200, (), b"all of it")


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", b"?\r\n\r\n"]
)
async def test_no_answer_at_all(ear: Ear, answer: bytes) -> None:
    async with saying(answer) as network:
        network.fetch(Outgoing("/", "", (), "GET"), ear.answered)
        assert isinstance((await ear.next())[1], ConnectionError)
        network.connect(OPEN, ear)
        what, error = await ear.next()
        assert (what, type(error)) == ("refused", ConnectionError)


async def test_nobody_listens(ear: Ear) -> None:
    async with saying(b"") as network:
        pass
    network.fetch(Outgoing("/", "", (), "GET"), ear.answered)

    assert isinstance((await ear.next())[1], ConnectionError)


@pytest.mark.parametrize("data", ["text", "", b"bytes", b"", "€" * 100_000])
async def test_messages_of_a_websocket(network: LiveNetwork, ear: Ear, data: Data) -> None:
    socket = network.connect(OPEN, ear)
    what, answer = await ear.next()
    assert (what, answer.status, answer.header("X-Served-By")) == ("opened", 101, "test")

    socket.send(data)
    assert await ear.next() == ("frame", data)

    socket.close(1000, "")
    assert (await ear.next())[:2] == ("closed", 1000)
    socket.send("too late")


async def test_pings_are_answered(network: LiveNetwork, ear: Ear) -> None:
    socket = network.connect(OPEN, ear)
    await ear.next()
    socket.send("ping")
    socket.send("after")

    assert await ear.next() == ("frame", "after")
    socket.abort()


async def test_a_websocket_that_the_server_closes(network: LiveNetwork, ear: Ear) -> None:
    socket = network.connect(OPEN, ear)
    await ear.next()
    socket.send("leave")

    assert await ear.next() == ("closed", 4001, "bye")


async def test_a_websocket_that_is_refused(network: LiveNetwork, ear: Ear) -> None:
    network.connect(Outgoing("/socket", "", ()), ear)

    what, answer = await ear.next()
    assert (what, answer.status, answer.body) == ("refused", 403, b"no")


async def test_a_websocket_that_breaks(ear: Ear) -> None:
    """RFC 6455 section 7.1.5: code 1006 where there was no closing handshake."""
    app = web.Application()

    async def breaks(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        assert request.transport is not None
        request.transport.abort()
        return websocket

    app.router.add_get("/socket", breaks)
    async with TestServer(app) as server:
        LiveNetwork(server.host, server.port or 0).connect(OPEN, ear)
        assert (await ear.next())[0] == "opened"
        assert await ear.next() == ("closed", 1006, "")


async def test_a_reader_that_pauses(network: LiveNetwork, ear: Ear) -> None:
    socket = network.connect(OPEN, ear)
    await ear.next()
    socket.pause()
    # One read may be under way already.
    for number in range(3):
        socket.send(str(number))
        await asyncio.sleep(0.02)
    assert ear.heard.qsize() <= 1

    socket.resume()
    assert [await ear.next() for _ in range(3)] == [("frame", str(number)) for number in range(3)]
    socket.abort()
