"""Messages reach their handler in order, in bounded number, and without delaying heartbeats."""

import asyncio
import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest

from engineio.testing import Client
from tests.aio.served import Served, eventually

Serve = Callable[..., Served]


class Gate:
    """A handler that waits until the test lets it through."""

    def __init__(self) -> None:
        self.began: list[Any] = []
        self.ended: list[Any] = []
        self.at_work = self.most_at_work = 0
        self.open = asyncio.Event()

    async def message(self, sid: str, data: Any) -> None:
        self.began.append(data)
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        await self.open.wait()
        self.at_work -= 1
        self.ended.append(data)


def unread(client: Client) -> int:
    """How many frames of a WebSocket the server has not read yet."""
    (connection,) = client.network.connections  # type: ignore[attr-defined]  # it is in memory
    return len(connection._incoming)


@pytest.mark.parametrize("where", ["coroutine", "thread", "inline"])
async def test_one_message_at_a_time_and_in_order(serve: Serve, transport: str, where: str) -> None:
    served = serve(sync_handlers="inline" if where == "coroutine" else where)
    active = 0

    async def waiting(sid: str, data: Any) -> None:
        nonlocal active
        active += 1
        assert active == 1
        for _ in range(int(data) % 3):
            await asyncio.sleep(0)
        served.heard.append(data)
        active -= 1

    def plain(sid: str, data: Any) -> None:
        served.heard.append(data)

    served.eio.on("message", waiting if where == "coroutine" else plain)
    sent = [str(number) for number in range(200)]

    async with served.client(transport) as client:
        async with asyncio.TaskGroup() as group:
            for data in sent:
                group.create_task(client.send(data))
        await eventually(lambda: len(served.heard) == 200)

    assert served.heard == sent


async def test_a_waiting_handler_holds_up_only_its_own_session(serve: Serve, carrier: str) -> None:
    served = serve()
    gate = Gate()
    slow_sids: set[str] = set()

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        if sid in slow_sids:
            await gate.message(sid, data)
        else:
            await served.eio.send(sid, data)

    async with served.client(carrier) as slow, served.client(carrier) as quick:
        slow_sids.add(slow.sid)
        await slow.send("one")
        await slow.send("two")
        await quick.send("hello")
        assert await quick.receive() == "hello"
        assert gate.began == ["one"]
        gate.open.set()
        await eventually(lambda: gate.ended == ["one", "two"])


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_concurrent_handlers_are_bounded(serve: Serve, transport: str, limit: int) -> None:
    served = serve(async_handlers=True, max_concurrent_handlers=limit)
    gate = Gate()
    served.eio.on("message", gate.message)
    served.keep_reasons()

    async with served.client(transport) as client:
        for number in range(10):
            await client.send(number_text := str(number))
        await eventually(lambda: len(gate.began) == min(limit, 10))
        await served.clock.settle()
        assert gate.began == [str(number) for number in range(min(limit, 10))]
        gate.open.set()
        await eventually(lambda: len(gate.ended) == 10)
        assert gate.ended[-1] == number_text

    assert gate.most_at_work == min(limit, 10)
    assert len(served.heard) == 1
    assert served.is_empty


async def test_disconnect_waits_for_all_concurrent_handlers(serve: Serve, carrier: str) -> None:
    served = serve(async_handlers=True)
    gate = Gate()
    served.eio.on("message", gate.message)
    served.eio.on("disconnect", lambda sid: served.heard.append(list(gate.ended)))

    async with served.client(carrier) as client:
        for data in "abc":
            await client.send(data)
        await served.clock.settle()
    assert served.heard == []
    gate.open.set()
    await eventually(lambda: served.heard)

    assert served.heard == [["a", "b", "c"]]
    await eventually(lambda: served.is_empty)


@pytest.mark.parametrize("limits", [{"receive_queue_packets": 10}, {"receive_queue_bytes": 10_000}])
async def test_a_websocket_is_not_read_while_handlers_are_behind(
    serve: Serve, limits: dict[str, int]
) -> None:
    served = serve(**limits)
    gate = Gate()
    served.eio.on("message", gate.message)
    served.keep_reasons()
    sent = [f"{number:04}" + "x" * 996 for number in range(100)]

    async with served.client("websocket") as client:
        for data in sent:
            await client.send(data)
        await served.clock.settle()
        # One is at work, ten wait, and the rest is still in the connection.
        assert gate.began == sent[:1]
        assert unread(client) >= 85

        # The silence is the server's own: no heartbeat is missed because of it.
        for _ in range(10):
            await served.clock.advance(25.0)
        assert not client.closed
        assert served.heard == []

        gate.open.set()
        await eventually(lambda: gate.ended == sent)
        assert unread(client) == 0
        for _ in range(10):
            await served.clock.advance(25.0)
        assert not client.closed
        client._machine._heartbeats = False
        await served.clock.advance(60.0)
        assert client.closed

    assert served.heard == ["ping timeout"]


async def test_a_post_is_not_read_while_handlers_are_behind(serve: Serve) -> None:
    served = serve(receive_queue_packets=10)
    gate = Gate()
    served.eio.on("message", gate.message)
    served.keep_reasons()
    sent = [str(number) for number in range(50)]

    async with served.client("polling") as client:
        tasks = [asyncio.create_task(client.send(data, timeout=5)) for data in sent]
        await served.clock.settle()
        waiting = asyncio.create_task(client.send("later", timeout=5))
        for _ in range(10):
            await served.clock.advance(25.0)
        assert not waiting.done()
        assert not client.closed

        gate.open.set()
        await waiting
        await asyncio.gather(*tasks)
        await eventually(lambda: gate.ended == [*sent, "later"])
        for _ in range(10):
            await served.clock.advance(25.0)
        assert not client.closed

    assert served.heard == ["client disconnect"]


async def test_a_post_that_waits_is_given_up_by_its_client(serve: Serve) -> None:
    served = serve(receive_queue_packets=1)
    gate = Gate()
    served.eio.on("message", gate.message)
    served.keep_reasons()

    async with served.client("polling") as client:
        for data in ("one", "two"):
            await client.send(data)
        held = asyncio.create_task(client.send("three", timeout=5))
        await served.clock.settle()
        client.abort()
        gate.open.set()
        await asyncio.gather(held, return_exceptions=True)
    await eventually(lambda: served.heard)

    assert served.heard == ["transport error"]
    assert gate.ended == ["one", "two"]
    assert served.is_empty


async def test_a_session_that_ends_while_handlers_are_behind(serve: Serve, carrier: str) -> None:
    served = serve(receive_queue_packets=2)
    gate = Gate()
    served.eio.on("message", gate.message)
    served.keep_reasons()

    async with served.client(carrier) as client:
        for data in ("one", "two"):
            await client.send(data)
        held = asyncio.create_task(client.send("three", timeout=5))
        await served.clock.settle()
        await served.eio.disconnect(client.sid)
        await served.clock.settle()
        assert served.heard == []
        gate.open.set()
        await asyncio.gather(held, return_exceptions=True)
    await eventually(lambda: served.heard == ["server disconnect"])

    assert gate.ended[:2] == ["one", "two"]
    assert served.is_empty


@pytest.mark.parametrize("turn", range(8))
async def test_a_session_that_ends_as_its_post_is_read_after_all(serve: Serve, turn: int) -> None:
    """Two answers to one request within a few turns of the loop: the first to come is the one."""
    served = serve(receive_queue_packets=1)
    gate = Gate()
    served.eio.on("message", gate.message)
    served.keep_reasons()

    async with served.client("polling") as client:
        for data in ("one", "two"):
            await client.send(data)
        held = asyncio.create_task(client.send("three"))
        await served.clock.settle()
        gate.open.set()
        for _ in range(turn):
            await asyncio.sleep(0)
        await served.eio.disconnect(client.sid)
        await asyncio.gather(held, return_exceptions=True)
    await eventually(lambda: served.is_empty)

    assert served.heard == ["server disconnect"]
    assert gate.ended[:2] == ["one", "two"]


async def test_a_long_payload_leaves_the_loop_to_others(serve: Serve, transport: str) -> None:
    """Handlers that never wait must not keep everybody else waiting (faults.md F-19)."""
    served = serve(receive_queue_packets=100_000)
    turns: list[int] = []

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        served.heard.append(data)

    async def others() -> None:
        while len(served.heard) < 5_000:
            turns.append(len(served.heard))
            await asyncio.sleep(0)

    async with served.client(transport) as client:
        async with asyncio.TaskGroup() as group:
            group.create_task(others())
            if client.transport == "polling":
                body = "\x1e".join(f"4{number}" for number in range(5_000))
                group.create_task(client.send_raw(body, timeout=5))
            else:
                for number in range(5_000):
                    await client.send_raw(f"4{number}")
        assert served.heard == [str(number) for number in range(5_000)]

    steps = [after - before for before, after in itertools.pairwise(turns)]
    assert max(steps) <= 130


async def test_a_handler_may_send_to_its_own_full_queue(serve: Serve, carrier: str) -> None:
    """It waits for the client to read, and the session goes on when it does."""
    served = serve(send_queue_packets=3)

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        for number in range(20):
            await served.eio.send(sid, f"{data} {number}")
        served.heard.append(data)

    async with served.client(carrier) as client:
        client.stop_reading()
        await client.send("a")
        await client.send("b")
        await served.clock.settle()
        assert served.heard == []
        client.start_reading()
        received = [await client.receive() for _ in range(40)]

    assert received == [f"{data} {number}" for data in "ab" for number in range(20)]
    assert served.heard == ["a", "b"]


async def test_a_handler_thread_may_use_the_loop(serve: Serve, carrier: str) -> None:
    served = serve()
    loop = asyncio.get_running_loop()

    @served.on("message")
    def message(sid: str, data: Any) -> None:
        sending = served.eio.send(sid, f"{data} from {threading.current_thread().name[:7]}")
        asyncio.run_coroutine_threadsafe(sending, loop).result(5)

    async with served.client(carrier) as client:
        await client.send("hello")
        assert await client.receive() == "hello from asyncio"
