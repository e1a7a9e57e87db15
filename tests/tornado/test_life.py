"""From the start of a server to its end, which Tornado tells nobody about."""

import asyncio
from typing import Any

import pytest
import tornado.web

import engineio
from engineio.testing import Client, ConnectionRejected
from tests.tornado.test_http import parked
from tornado_engineio import EngineIO
from tornado_engineio.testing import EngineIOTestServer


@pytest.mark.parametrize("transport", ["polling", "websocket", "upgrade"])
async def test_clients_are_told_at_the_end_of_the_block(transport: Any) -> None:
    eio = EngineIO()
    ended: list[Any] = []

    @eio.on_disconnect
    async def gone(sid: str, reason: engineio.Reason) -> None:
        ended.append(reason)

    loop = asyncio.get_running_loop()
    async with EngineIOTestServer(tornado.web.Application(eio.routes())) as server:
        async with eio:
            client = await server.engineio_connect(transport=transport)
            await parked(eio, client)
            began = loop.time()
        took = loop.time() - began
        await client.wait_closed()

    assert client.close_code == (None if transport == "polling" else 1001)
    assert ended == [engineio.Reason.SERVER_SHUTDOWN]
    # A client that takes no part holds it up for five seconds.
    assert took < 2


async def test_messages_on_their_way_are_delivered_first() -> None:
    eio = EngineIO()
    async with EngineIOTestServer(tornado.web.Application(eio.routes())) as server:
        client = await server.engineio_connect(transport="websocket")
        for number in range(100):
            await eio.send(client.sid, f"{number}".ljust(5_000))
        await eio.shutdown()
        received = [str(await client.receive()).strip() for _ in range(100)]

    assert received == [str(number) for number in range(100)]


async def test_a_stopping_server_takes_nobody_new(transport: Any) -> None:
    eio = EngineIO()
    async with EngineIOTestServer(tornado.web.Application(eio.routes())) as server:
        await eio.shutdown()
        with pytest.raises(ConnectionRejected, match="503"):
            await server.engineio_connect(transport=transport)
        async with eio:
            await server.engineio_connect(transport=transport)


async def test_a_websocket_has_no_task_and_no_handler() -> None:
    """What Tornado keeps for a connection is gone as soon as that is open."""
    eio = EngineIO()
    async with EngineIOTestServer(tornado.web.Application(eio.routes())) as server:
        first = await server.engineio_connect(transport="websocket")
        await first.send("hello")
        before = len(asyncio.all_tasks())
        clients = [await server.engineio_connect(transport="websocket") for _ in range(5)]
        async with asyncio.timeout(2):
            # Each client in this process has a task of its own.
            while len(asyncio.all_tasks()) > before + len(clients):  # noqa: ASYNC110  # nothing tells
                await asyncio.sleep(0.01)


async def test_nothing_is_left(transport: Any) -> None:
    before = asyncio.all_tasks()
    eio = EngineIO()
    async with EngineIOTestServer(tornado.web.Application(eio.routes())) as server, eio:
        await server.engineio_connect(transport=transport)
    async with asyncio.timeout(2):
        while asyncio.all_tasks() - before:  # noqa: ASYNC110  # nothing tells when a task is over
            await asyncio.sleep(0.01)


def test_one_server_after_the_other_on_loops_of_their_own() -> None:
    """As in test cases, each of which has its own loop."""
    eio = EngineIO()

    async def use() -> None:
        async with EngineIOTestServer(tornado.web.Application(eio.routes())) as server, eio:
            client: Client = await server.engineio_connect()
            assert eio.sids == [client.sid]

    for _ in range(2):
        asyncio.run(use())
