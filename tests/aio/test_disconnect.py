"""The end of a session: exactly one event, the first reason, from wherever it is asked for."""

import asyncio
import itertools
import random
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest

import engineio
from engineio.testing import Client, ConnectionClosed, ConnectionRejected
from tests.aio.served import Served, eventually, soon

Serve = Callable[..., Served]


async def test_the_server_disconnects(serve: Serve, transport: str) -> None:
    served = serve()
    served.keep_reasons()

    async with served.client(transport) as client:
        await served.eio.send(client.sid, "last words")
        await served.eio.disconnect(client.sid)
        await served.eio.disconnect(client.sid)
        assert await client.receive() == "last words"
        await client.wait_closed()
        assert client.close_code == (None if transport == "polling" else 1000)

    await served.eio.disconnect(client.sid)
    assert served.heard == ["server disconnect"]
    assert served.is_empty


async def test_all_clients_are_disconnected_at_once(serve: Serve) -> None:
    served = serve()
    served.keep_reasons()
    await served.eio.disconnect()

    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(served.client(kind))
            for kind in ("polling", "websocket", "upgrade")
        ]
        await served.eio.disconnect()
        for client in clients:
            await client.wait_closed()

    assert served.heard == ["server disconnect"] * 3
    assert served.is_empty


async def test_an_unknown_client_is_no_error(serve: Serve) -> None:
    await serve().eio.disconnect("nobody")


@pytest.mark.parametrize("when", ["at once", "after waiting"])
async def test_connect_disconnects_its_own_client(serve: Serve, carrier: str, when: str) -> None:
    served = serve()
    served.keep_reasons()

    @served.on("connect")
    async def connected(sid: str) -> None:
        if when == "after waiting":
            await asyncio.sleep(0)
        await served.eio.send(sid, "sorry")
        await soon(served.eio.disconnect(sid))

    client = served.client(carrier)
    async with client:
        assert await client.receive() == "sorry"
        await client.wait_closed()

    assert served.heard == ["server disconnect"]
    assert served.is_empty


async def test_connect_disconnects_and_refuses(serve: Serve, carrier: str) -> None:
    served = serve()
    served.keep_reasons()

    @served.on("connect")
    async def connected(sid: str) -> bool:
        await served.eio.disconnect(sid)
        return False

    with pytest.raises(ConnectionRejected, match="401"):
        await served.client(carrier).connect()

    assert served.heard == []
    assert served.is_empty


@pytest.mark.parametrize("when", ["at once", "after waiting"])
async def test_message_disconnects_its_own_client(serve: Serve, transport: str, when: str) -> None:
    served = serve()
    served.keep_reasons()

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        if when == "after waiting":
            await asyncio.sleep(0)
        await soon(served.eio.disconnect(sid))
        served.heard.append("returned")

    async with served.client(transport) as client:
        with suppress(ConnectionClosed):
            await client.send("bye")
        await client.wait_closed()
    await served.clock.settle()

    assert served.heard == ["returned", "server disconnect"]
    assert served.is_empty


@pytest.mark.parametrize("target", ["itself", "all"])
async def test_disconnect_disconnects(serve: Serve, transport: str, target: str) -> None:
    served = serve()

    @served.on("disconnect")
    async def disconnected(sid: str, reason: engineio.Reason) -> None:
        await soon(served.eio.disconnect(sid if target == "itself" else None))
        served.heard.append(reason.value)

    async with AsyncExitStack() as stack:
        for _ in range(3):
            client = await stack.enter_async_context(served.client(transport))
        await served.eio.disconnect(client.sid)
        if target == "all":
            await eventually(lambda: len(served.heard) == 3)

    assert len(served.heard) == 3
    assert served.is_empty


async def test_a_handler_disconnects_another_client(serve: Serve, carrier: str) -> None:
    served = serve()
    served.keep_reasons()
    served.eio.on("message", lambda sid, data: served.eio.disconnect(data))

    async with served.client(carrier) as one, served.client(carrier) as other:
        await one.send(other.sid)
        await other.wait_closed()
        assert not one.closed
        assert served.heard == ["server disconnect"]


async def test_plain_functions_disconnect_too(serve: Serve, carrier: str) -> None:
    """A plain function that returns the coroutine has it run, wherever the function ran."""
    served = serve()
    served.keep_reasons()
    served.eio.on("message", lambda sid, data: served.eio.disconnect(sid))

    async with served.client(carrier) as client:
        with suppress(ConnectionClosed):
            await client.send("bye")
        await client.wait_closed()
    await eventually(lambda: served.is_empty)

    assert served.heard == ["server disconnect"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("1", "client disconnect"),
        ("nonsense", "parse error"),
        ("0", "transport error"),
        ("2", "transport error"),
        ("5", "transport error"),
        ("4" + "x" * 2_000, "payload too large"),
    ],
)
async def test_reasons_of_the_clients_making(
    serve: Serve, transport: str, raw: str, reason: str
) -> None:
    served = serve(max_payload=1_000)
    served.keep_reasons()

    async with served.client(transport) as client:
        with suppress(ConnectionClosed):
            await client.send_raw(raw)
        await client.wait_closed()

    assert served.heard == [reason]
    assert served.is_empty


async def test_messages_before_the_end_are_heard_before_the_end(
    serve: Serve, transport: str
) -> None:
    served = serve()

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        await asyncio.sleep(0)
        served.heard.append(data)

    served.keep_reasons()

    async with served.client(transport) as client:
        for number in range(10):
            await client.send(str(number))
        client.abort()
    await served.clock.settle()

    assert served.heard[:-1] == [str(number) for number in range(10)]
    assert served.heard[-1] in ("transport close", "transport error")
    assert served.is_empty


async def test_what_was_not_delivered_is_told(serve: Serve, carrier: str) -> None:
    served = serve()

    @served.on("disconnect")
    async def disconnected(sid: str, reason: str, info: engineio.DisconnectInfo) -> None:
        served.heard.append(info.undelivered)

    async with served.client(carrier) as client:
        client.stop_reading()
        for number in range(5):
            await served.eio.send(client.sid, str(number))
        await served.clock.settle()
        client.abort()
        await served.clock.advance(60)

    # The poll that was parked has taken the first, and whether it arrived nobody knows.
    assert served.heard == [tuple(str(number) for number in range(5))]


async def test_a_client_that_leaves_during_connect_is_heard_of_afterwards(
    serve: Serve, carrier: str
) -> None:
    served = serve()
    served.keep_reasons()
    go = asyncio.Event()

    @served.on("connect")
    async def connected(sid: str) -> None:
        served.heard.append("asked")
        await go.wait()

    client = served.client(carrier)
    connecting = asyncio.create_task(client.connect())
    await eventually(lambda: served.heard == ["asked"])
    client.abort()
    await served.clock.settle()
    assert served.heard == ["asked"]
    go.set()
    with pytest.raises(ConnectionRejected):
        await connecting
    await served.clock.settle()

    assert served.heard == ["asked", "transport close"]
    assert served.is_empty


async def test_a_client_cannot_use_a_session_that_is_not_accepted_yet(serve: Serve) -> None:
    served = serve()
    go = asyncio.Event()
    served.heard.clear()

    @served.on("connect")
    async def connected(sid: str) -> None:
        served.heard.append(sid)
        await go.wait()

    client = served.client()
    connecting = asyncio.create_task(client.connect())
    await eventually(lambda: served.heard)
    with pytest.raises(ConnectionRejected) as caught:
        await served.client(query={"sid": served.heard[0]}).connect()
    assert caught.value.status == 400
    go.set()
    await connecting
    await client.close()


async def test_a_connect_handler_has_a_deadline(serve: Serve, carrier: str) -> None:
    served = serve(connect_timeout=10)
    served.keep_reasons()
    go = asyncio.Event()
    served.eio.on("connect", lambda sid: go.wait())

    client = served.client(carrier)
    connecting = asyncio.create_task(client.connect())
    await served.clock.advance(9.9)
    assert not connecting.done()
    await served.clock.advance(0.2)
    with pytest.raises(ConnectionRejected, match="503"):
        await connecting
    go.set()
    await served.clock.settle()

    assert served.heard == []
    assert served.is_empty


ENDS: dict[str, Callable[[Served, Client], Any]] = {
    "server": lambda served, client: served.eio.disconnect(client.sid),
    "all": lambda served, client: served.eio.disconnect(),
    "client": lambda served, client: client.close(),
    "lost": lambda served, client: served.clock.settle(),
    "timeout": lambda served, client: served.clock.advance(45),
    "nonsense": lambda served, client: client.send_raw("nonsense"),
    "shutdown": lambda served, client: served.eio.shutdown(),
}


@pytest.mark.parametrize("ends", list(itertools.combinations(ENDS, 2)), ids="+".join)
async def test_two_ends_at_once_are_one_event(
    serve: Serve, carrier: str, ends: tuple[str, str]
) -> None:
    served = serve(shutdown_timeout=0.2)
    served.keep_reasons()

    async def end(client: Client, name: str) -> None:
        if name == "lost":
            client.abort()
        with suppress(ConnectionClosed, RuntimeError):
            await ENDS[name](served, client)

    for order in (ends, ends[::-1]):
        served.heard.clear()
        served.eio.driver.engine.restart()
        async with served.client(carrier, heartbeats=False) as client:
            await asyncio.gather(*(end(client, name) for name in order))
        await served.clock.advance(60)
        assert len(served.heard) == 1, served.heard
        assert served.is_empty


async def test_many_races_end_each_session_once(serve: Serve) -> None:
    served = serve()
    chance = random.Random(7)
    opened = 0

    @served.on("disconnect")
    async def disconnected(sid: str, reason: engineio.Reason) -> None:
        served.heard.append(sid)

    async def live(kind: Any) -> None:
        nonlocal opened
        async with served.client(kind, heartbeats=False) as client:
            opened += 1
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            match chance.randrange(4):
                case 0:
                    client.abort()
                case 1:
                    await served.eio.disconnect(client.sid)
                case 2:
                    with suppress(ConnectionClosed):
                        await client.send_raw("nonsense")
                case _:
                    await client.close()
            await served.eio.disconnect(client.sid)

    for _ in range(20):
        async with asyncio.TaskGroup() as group:
            for kind in ("polling", "websocket", "upgrade") * 5:
                group.create_task(live(kind))
    await served.clock.advance(60)

    assert opened == 300
    assert len(served.heard) == len(set(served.heard)) == 300
    assert served.is_empty
