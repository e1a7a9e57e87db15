"""Background tasks and sleeping."""

import asyncio
import functools
import gc
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

import engineio
from tests.aio.served import Served, eventually

Serve = Callable[..., Served]


async def test_a_coroutine_function_runs_with_its_arguments(serve: Serve) -> None:
    served = serve()

    async def task(*args: Any, **kwargs: Any) -> str:
        served.heard.append((args, kwargs))
        return "done"

    future = served.eio.start_background_task(task, 123, name="x")
    assert served.heard == []
    assert isinstance(future, asyncio.Task)
    assert await future == "done"
    assert served.heard == [((123,), {"name": "x"})]


async def test_a_plain_function_runs_in_a_thread(serve: Serve) -> None:
    def task(number: int) -> tuple[int, int]:
        return number, threading.get_ident()

    future = serve().eio.start_background_task(task, 5)
    assert isinstance(future, asyncio.Task)
    number, ident = await future

    assert number == 5
    assert ident != threading.get_ident()


class Worker:
    async def work(self, number: int) -> int:
        return number


async def test_methods_and_partials_of_coroutine_functions_count_as_such(serve: Serve) -> None:
    eio = serve().eio

    for target in (Worker().work, functools.partial(Worker().work)):
        future = eio.start_background_task(target, 7)
        assert isinstance(future, asyncio.Task)
        assert await future == 7


async def test_a_task_that_nobody_holds_is_not_lost(serve: Serve) -> None:
    served = serve()
    go = asyncio.Event()

    async def task() -> None:
        await go.wait()
        served.heard.append("done")

    served.eio.start_background_task(task)
    await served.clock.settle()
    gc.collect()
    go.set()
    await eventually(lambda: served.heard == ["done"])


async def test_a_failure_is_logged(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    served = serve()

    async def task() -> None:
        raise LookupError("of a background task")

    served.eio.start_background_task(task)
    await served.clock.settle()
    gc.collect()

    assert "of a background task" in caplog.text


async def test_tasks_start_from_handlers_in_threads(
    serve: Serve, carrier: str, caplog: pytest.LogCaptureFixture
) -> None:
    served = serve()
    futures: list[Any] = []

    async def reply(sid: str, text: str) -> int:
        await served.eio.send(sid, text)
        return len(text)

    async def fail() -> None:
        raise LookupError("of a distant task")

    @served.on("message")
    def message(sid: str, data: Any) -> None:
        futures.append(served.eio.start_background_task(reply, sid, data.upper()))
        served.heard.append(futures[0].result(5))
        served.eio.start_background_task(fail)

    async with served.client(carrier) as client:
        await client.send("hello")
        assert await client.receive() == "HELLO"
        await eventually(lambda: "of a distant task" in caplog.text)

    assert isinstance(futures[0], Future)
    assert served.heard == [5]


def test_without_a_loop_there_is_nowhere_to_run() -> None:
    eio = engineio.AsyncServer(async_mode="asgi")

    with pytest.raises(RuntimeError):
        eio.start_background_task(print)


async def test_a_task_sends_while_clients_come_and_go(serve: Serve, carrier: str) -> None:
    served = serve()

    async def ticker() -> None:
        for number in range(3):
            await served.eio.sleep(10)
            await served.eio.broadcast(f"tick {number}")

    task = served.eio.start_background_task(ticker)
    async with served.client(carrier) as client:
        assert await client.receive_nothing()
        await served.clock.advance(10)
        assert await client.receive() == "tick 0"
        await served.clock.advance(20)
        assert [await client.receive(), await client.receive()] == ["tick 1", "tick 2"]
    assert isinstance(task, asyncio.Task)
    await task


async def test_sleep_takes_as_long_as_the_clock_says(serve: Serve) -> None:
    served = serve()

    async def sleep() -> None:
        await served.eio.sleep(5)
        served.heard.append(served.clock.time())

    before = served.clock.time()
    sleeping = asyncio.create_task(sleep())
    await served.clock.advance(4.9)
    assert served.heard == []
    await served.clock.advance(10)
    assert served.heard == [before + 5]
    await sleeping
    await served.eio.sleep()
    await served.eio.sleep(0)


async def test_a_sleeper_that_is_cancelled_leaves_no_timer(serve: Serve) -> None:
    served = serve()
    sleeping = asyncio.create_task(served.eio.sleep(5))
    await served.clock.settle()
    assert served.clock.scheduled == 1

    sleeping.cancel()
    await asyncio.gather(sleeping, return_exceptions=True)

    assert served.clock.scheduled == 0


async def test_without_a_clock_of_its_own_a_server_sleeps_in_real_time() -> None:
    eio = engineio.AsyncServer(async_mode="asgi")
    loop = asyncio.get_running_loop()
    before = loop.time()

    await eio.sleep(0.01)

    assert loop.time() - before >= 0.009
