"""From the start of an application to its end, in the order in which aiohttp does things."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

import engineio
from aiohttp_engineio import EngineIO, setup
from engineio.testing import Client, ConnectionRejected
from tests.aiohttp.running import serve, settled


def noting(eio: EngineIO) -> list[Any]:
    """Write down why sessions end."""
    ended: list[Any] = []

    @eio.on_disconnect
    async def gone(sid: str, reason: engineio.Reason) -> None:
        ended.append(reason)

    return ended


@pytest.mark.parametrize("transport", ["polling", "websocket", "upgrade"])
async def test_clients_are_told_before_aiohttp_waits_for_them(transport: Any) -> None:
    app = web.Application()
    eio = setup(app)
    ended = noting(eio)
    runner, network = await serve(app)
    loop = asyncio.get_running_loop()

    async with Client(network, transport=transport) as client:
        await settled(eio, client.sid, transport)
        began = loop.time()
        await runner.cleanup()
        took = loop.time() - began

        assert client.closed
        assert client.close_code == (None if transport == "polling" else 1001)
        assert ended == [engineio.Reason.SERVER_SHUTDOWN]
        # aiohttp would wait for a minute, and a client that takes no part for five seconds.
        assert took < 2


async def test_messages_on_their_way_are_delivered_first() -> None:
    app = web.Application()
    eio = setup(app)
    runner, network = await serve(app)

    async with Client(network, transport="websocket") as client:
        for number in range(100):
            await eio.send(client.sid, f"{number}".ljust(5_000))
        await runner.cleanup()
        received = [str(await client.receive()).strip() for _ in range(100)]

    assert received == [str(number) for number in range(100)]


async def test_the_same_server_can_run_again() -> None:
    """As in tests, or in a process that runs one application after the other."""
    eio = EngineIO()
    for transport in ("polling", "websocket"):
        app = web.Application()
        eio.attach(app)
        runner, network = await serve(app)
        async with Client(network, transport=transport):
            assert len(eio.sids) == 1
        await runner.cleanup()


async def test_a_stopping_server_takes_nobody_new() -> None:
    """Nobody gets that far under aiohttp, which listens no more; an application in front might."""
    app = web.Application()
    eio = setup(app)
    runner, network = await serve(app)
    await eio.shutdown()

    with pytest.raises(ConnectionRejected, match="503"):
        await Client(network).connect()
    await runner.cleanup()


async def test_nothing_is_left(transport: Any) -> None:
    """No task, and no look at requests that do not wait any more."""
    app = web.Application()
    setup(app)
    before = asyncio.all_tasks()
    runner, network = await serve(app)
    async with Client(network, transport=transport):
        pass
    await runner.cleanup()
    async with asyncio.timeout(2):
        while asyncio.all_tasks() - before:  # noqa: ASYNC110  # nothing tells when a task is over
            await asyncio.sleep(0.01)
