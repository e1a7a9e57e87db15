"""A server may cancel a request at any time: whatever it cuts through, nothing is left behind.

Each story is played again and again, and each time one task of the server is cancelled one turn
later, until the story ends before it comes to that.
"""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import pytest

from engineio.errors import EngineIOError
from engineio.testing import Client
from tests.aio.served import Served, eventually

Serve = Callable[..., Served]


class Play:
    """One performance: a server, a client, and the task of the server that is cancelled.

    Args:
        served: The server.
        transport: How the client begins.
        victim: Which of the application's tasks is cancelled, by number.
        turn: In which turn of its life.
    """

    def __init__(self, served: Served, transport: Any, victim: int, turn: int) -> None:
        self.served = served
        self.transport = transport
        self.accepted: list[str] = []
        self.ended: list[str] = []
        self.cancelled = False
        self._numbers = itertools.count()
        self._victim = victim
        self._turn = turn
        self._tasks: set[asyncio.Task[None]] = set()
        served.eio.on("connect", self._connect)
        served.eio.on("message", self._message)
        served.eio.on("disconnect", self._disconnect)
        self.client: Client = served.client(transport)
        self.client.network.app = self._app  # type: ignore[attr-defined]  # it is in memory

    async def _connect(self, sid: str) -> None:
        await asyncio.sleep(0)
        self.accepted.append(sid)

    async def _message(self, sid: str, data: Any) -> None:
        await asyncio.sleep(0)
        with suppress(EngineIOError):
            await self.served.eio.send(sid, data)

    async def _disconnect(self, sid: str) -> None:
        await asyncio.sleep(0)
        self.ended.append(sid)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        if next(self._numbers) == self._victim:
            task = asyncio.current_task()
            assert task is not None
            killer = asyncio.create_task(self._kill(task))
            self._tasks.add(killer)

        async def slow(event: Any) -> None:
            # As a server whose socket takes its time.
            await asyncio.sleep(0)
            await send(event)
            await asyncio.sleep(0)

        await self.served.app(scope, receive, slow)

    async def _kill(self, task: asyncio.Task[Any]) -> None:
        for _ in range(self._turn):
            await asyncio.sleep(0)
            if task.done():
                return
        self.cancelled = task.cancel()


async def talk(client: Client) -> None:
    await client.connect()
    await client.send("one")
    await client.receive()
    await client.send("two")
    await client.receive()
    await client.close()


async def upgrade(client: Client) -> None:
    await client.connect()
    await client.send("one")
    await client.upgrade()
    await client.receive()
    await client.send("two")
    await client.receive()
    await client.close()


STORIES: dict[str, tuple[str, Callable[[Client], Coroutine[Any, Any, None]]]] = {
    "polling": ("polling", talk),
    "websocket": ("websocket", talk),
    "upgrade": ("polling", upgrade),
}
LAST_TURN = 80


async def perform(play: Play, story: Callable[[Client], Coroutine[Any, Any, None]]) -> None:
    served = play.served
    playing = asyncio.create_task(story(play.client))
    with suppress(EngineIOError, TimeoutError, RuntimeError):
        async with asyncio.timeout(0.2):
            await playing
    play.client.abort()
    await play.client.network.finish()
    await served.clock.settle()
    if play.transport == "polling":
        # Such a client may be lost without a trace, between two requests.
        await served.clock.advance(60.0)
    assert sorted(play.ended) == sorted(play.accepted)
    assert served.is_empty
    # And the server serves on.
    async with served.client("polling") as other:
        await other.send("hello")
        assert await other.receive() == "hello"


# A WebSocket session has one task, the others one for each request.
CASES = [("websocket", 0), *itertools.product(("polling", "upgrade"), range(5))]


@pytest.mark.parametrize(("story", "victim"), CASES)
async def test_a_task_of_the_server_is_cancelled_at_every_await(
    serve: Serve, story: str, victim: int
) -> None:
    transport, script = STORIES[story]
    for turn in range(LAST_TURN):
        play = Play(serve(), transport, victim, turn)
        await perform(play, script)
        if not play.cancelled:
            break

    assert 0 < turn < LAST_TURN - 1


@pytest.mark.parametrize("turn", range(12))
async def test_a_reader_is_cancelled_while_handlers_are_behind(serve: Serve, turn: int) -> None:
    served = serve(receive_queue_packets=2)
    served.keep_reasons()
    go = asyncio.Event()

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        await go.wait()
        served.heard.append(data)

    async with served.client("websocket") as client:
        for data in "abcdef":
            await client.send(data)
        for _ in range(turn):
            await asyncio.sleep(0)
        (connection,) = client.network.connections  # type: ignore[attr-defined]  # in memory
        connection.task.cancel()
        await served.clock.settle()
        go.set()
        await eventually(lambda: served.is_empty)
        assert client.closed

    assert served.heard[-1] == "transport close"
    assert served.heard[:-1] == list("abcdef")[: len(served.heard) - 1]


async def test_a_handler_is_cancelled_and_its_session_goes_on(
    serve: Serve, carrier: str, caplog: pytest.LogCaptureFixture
) -> None:
    """By another handler, as applications do with a request that is out of date."""
    served = serve(async_handlers=True)
    latest: dict[str, asyncio.Task[Any]] = {}
    go = asyncio.Event()

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        if sid in latest:
            latest[sid].cancel()
        latest[sid] = task
        await go.wait()
        served.heard.append(data)
        await served.eio.send(sid, data)

    async with served.client(carrier) as client:
        for data in "abcde":
            await client.send(data)
        await served.clock.settle()
        go.set()
        assert await client.receive() == "e"
        assert await client.receive_nothing()
        await client.send("f")
        assert await client.receive() == "f"

    assert served.heard == ["e", "f"]


@pytest.mark.parametrize("turn", range(10))
async def test_a_sender_is_cancelled_and_nothing_is_sent_twice(
    serve: Serve, carrier: str, turn: int
) -> None:
    served = serve(send_queue_packets=2)

    async with served.client(carrier) as client:

        async def talk() -> None:
            for number in range(10):
                await served.eio.send(client.sid, str(number))
                await asyncio.sleep(0)

        task = asyncio.create_task(talk())
        for _ in range(turn):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await served.eio.send(client.sid, "end")
        received = []
        while (data := await client.receive()) != "end":
            received.append(data)

    assert received == [str(number) for number in range(len(received))]
