"""An idle session costs memory and nothing else: no task and no timer of its own."""

import asyncio
import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import engineio
from engineio.testing import Client
from tests.aio.served import Served

Serve = Callable[..., Served]

KIT = str(Path(engineio.__file__).parent / "testing")


def tasks_of_the_server() -> int:
    """Count the tasks that were made by the server, not by the kit or by this test."""

    def is_ours(task: asyncio.Task[Any]) -> bool:
        code = getattr(task.get_coro(), "cr_code", None)
        assert code is not None
        return not code.co_filename.startswith((KIT, str(Path(__file__).parent)))

    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    return sum(map(is_ours, tasks))


async def connected(served: Served, kind: Any, count: int) -> list[Client]:
    clients = [served.client(kind) for _ in range(count)]
    for client in clients:
        await client.connect()
    return clients


@pytest.mark.parametrize("kind", ["websocket", "upgrade", "polling"])
async def test_idle_sessions_have_no_tasks_and_one_timer(serve: Serve, kind: str) -> None:
    served = serve()
    served.echo()
    loop = asyncio.get_running_loop()
    # asyncio's own list of timers; a server with the loop's clock would have its timer there.
    timers = loop._scheduled  # type: ignore[attr-defined]  # nothing public tells
    counts = []
    clients: list[Client] = []

    for total in (50, 500):
        clients += await connected(served, kind, total - len(clients))
        for client in clients[:10]:
            await client.send("x")
            await client.receive()
        await served.clock.settle()
        handles = [handle for handle in timers if not handle.cancelled()]
        counts.append((tasks_of_the_server(), served.clock.scheduled, len(handles)))

    assert counts[0] == counts[1]
    tasks, on_the_clock, on_the_loop = counts[1]
    # The spare carriers of the runner, and the one timer for all sessions.
    assert tasks <= 2
    assert on_the_clock == 1
    # A parked poll watches its connection within a timeout that has no end, and so no timer.
    assert on_the_loop == 0

    # And heartbeats change nothing about it.
    await served.clock.advance(60.0)
    assert (tasks_of_the_server(), served.clock.scheduled) == (tasks, 1)
    assert len(served.eio.sids) == 500
    await served.eio.disconnect()
    for client in clients:
        await client.close()
    assert served.is_empty


async def test_the_loop_has_one_timer_for_all_sessions_too() -> None:
    served = Served(traced=False)
    served.eio.driver._given_clock = None
    loop = asyncio.get_running_loop()
    clients = await connected(served, "websocket", 100)
    handles = [
        handle
        for handle in loop._scheduled  # type: ignore[attr-defined]  # nothing public tells
        if not handle.cancelled()
    ]

    assert len(handles) == 1
    for client in clients:
        await client.close()


async def test_nothing_is_left_of_sessions_that_have_ended(serve: Serve, transport: str) -> None:
    served = serve()
    served.echo()
    served.keep_reasons()

    async def live() -> None:
        async with served.client(transport) as client:
            await client.send("x")
            await client.receive()

    async def objects() -> int:
        for _ in range(100):
            await live()
        served.heard.clear()
        # The timetable forgets the dead when their time comes.
        await served.clock.advance(120.0)
        gc.collect()
        return len(gc.get_objects())

    await objects()
    before = await objects()
    after = await objects()
    assert served.is_empty
    assert after - before < 50
    assert served.clock.scheduled == 0


async def test_refused_clients_leave_nothing_either(serve: Serve, carrier: str) -> None:
    served = serve()
    served.eio.on("connect", lambda sid: False)

    for _ in range(300):
        with pytest.raises(engineio.EngineIOError):
            await served.client(carrier).connect()

    assert served.is_empty
    assert tasks_of_the_server() <= 2
    assert served.clock.scheduled <= 1


async def test_an_idle_session_is_small(serve: Serve) -> None:
    """What the server holds for one WebSocket, without the kit: its own objects, counted once."""
    served = serve()
    clients = await connected(served, "websocket", 20)
    await served.clock.settle()
    session = served.session(clients[0].sid)
    mine: list[Any] = [
        session,
        session.outbox,
        session.polling,
        session.heartbeat,
        session.websocket,
        session.owner,
        session.owner.user,
        session.sid,
    ]

    assert sum(map(sys.getsizeof, mine)) < 2_000
    assert session.owner._queue is None
    assert session.outbox._queue is None
    for client in clients:
        await client.close()
