"""One server belongs to one event loop: another one is an error, or the next."""

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

import engineio
from engineio.testing import Client
from tests.aio.served import Served, eventually

Serve = Callable[..., Served]


async def from_another_loop(use: Callable[[], Any]) -> BaseException | None:
    """Return what a coroutine raises in a thread that has a loop of its own."""

    def run() -> BaseException | None:
        try:
            asyncio.run(use())
        except Exception as error:  # noqa: BLE001  # it is what the test asks for
            return error
        return None

    return await asyncio.to_thread(run)


USES: dict[str, Callable[[engineio.AsyncServer, str], Any]] = {
    "send": lambda eio, sid: eio.send(sid, "x"),
    "broadcast": lambda eio, sid: eio.broadcast("x"),
    "disconnect": lambda eio, sid: eio.disconnect(sid),
    "disconnect all": lambda eio, sid: eio.disconnect(),
    "shutdown": lambda eio, sid: eio.shutdown(),
    "connect": lambda eio, sid: Client(engineio.ASGIApp(eio)).connect(),
}


@pytest.mark.parametrize("use", USES)
async def test_the_wrong_loop_is_an_error_that_says_so(
    serve: Serve, carrier: str, use: str
) -> None:
    served = serve()
    served.echo()

    async with served.client(carrier) as client:
        error = await from_another_loop(lambda: USES[use](served.eio, client.sid))
        assert isinstance(error, RuntimeError)
        assert "another event loop" in str(error)
        await client.send("still fine")
        assert await client.receive() == "still fine"
        assert not client.closed


async def test_the_right_way_from_a_thread(serve: Serve, carrier: str) -> None:
    served = serve()
    loop = asyncio.get_running_loop()

    async with served.client(carrier) as client:

        def run() -> bool:
            sending = served.eio.send(client.sid, "from afar")
            return asyncio.run_coroutine_threadsafe(sending, loop).result(5)

        assert await asyncio.to_thread(run)
        assert await client.receive() == "from afar"


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_server_outlives_its_loop(
    serve: Serve, transport: Any, factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """As in tests, where every test has a loop and the application is a module's."""
    served = serve()
    served.echo()
    served.keep_reasons()

    async def live(leave: bool) -> None:
        client = served.client(transport)
        await client.connect()
        await client.send("hello")
        assert await client.receive() == "hello"
        if leave:
            await client.close()

    for leave in (True, False, True, False, True):
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(live(leave))
    assert len(served.heard) == 5


def test_a_loop_that_ends_with_clients_connected_ends_quietly(
    transport: Any, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Any] = []

    async def live() -> None:
        served = Served(traced=False)
        served.echo()
        served.eio.on("disconnect", heard.append)
        client = served.client(transport)
        await client.connect()
        await client.send("hello")
        assert await client.receive() == "hello"

    asyncio.run(live())
    assert len(heard) == 1
    # A task that was still to do something would be logged as it is destroyed.
    gc.collect()
    assert caplog.messages == []


def test_two_servers_live_in_two_threads() -> None:
    echoed: list[Any] = []
    barrier = threading.Barrier(2)

    async def live(name: str) -> None:
        served = Served(traced=False)
        served.echo()
        async with served.client("websocket") as client:
            barrier.wait(5)
            for number in range(100):
                await client.send(f"{name} {number}")
                echoed.append(await client.receive())

    threads = [threading.Thread(target=asyncio.run, args=(live(name),)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    for name in ("a", "b"):
        mine = [text for text in echoed if text.startswith(name)]
        assert mine == [f"{name} {number}" for number in range(100)]


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_the_server_works_on_every_loop(
    serve: Serve, transport: Any, factory: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    served = serve()
    served.keep_reasons()

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        async with asyncio.timeout(1):
            await asyncio.sleep(0)
        await served.eio.send(sid, data)

    async def live() -> None:
        async with served.client(transport) as client:
            for number in range(50):
                await client.send(str(number))
            assert [await client.receive() for _ in range(50)] == [str(n) for n in range(50)]
            for _ in range(5):
                await served.clock.advance(25.0)
            assert not client.closed
        await eventually(lambda: served.is_empty)
        await served.eio.shutdown()

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(live())
    assert len(served.heard) == 1
