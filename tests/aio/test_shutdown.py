"""The end of a server: every client is told, nothing hangs, and it may begin again."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

import engineio
from engineio.aio.signals import StopSignals
from engineio.testing import Client, ConnectionRejected
from tests.aio.served import Served, eventually, soon

Serve = Callable[..., Served]


async def enter(stack: AsyncExitStack, served: Served, *kinds: Any) -> list[Client]:
    return [await stack.enter_async_context(served.client(kind)) for kind in kinds]


async def test_every_client_is_told_and_every_handler_runs(serve: Serve) -> None:
    served = serve()

    @served.on("disconnect")
    async def disconnected(sid: str, reason: engineio.Reason) -> None:
        await asyncio.sleep(0)
        served.heard.append(reason.value)

    async with AsyncExitStack() as stack:
        clients = await enter(stack, served, *["polling", "websocket", "upgrade"] * 10)
        for client in clients:
            await served.eio.send(client.sid, "last words")
        await soon(served.eio.shutdown())

        assert served.heard == ["server shutdown"] * 30
        assert served.is_empty
        for client in clients:
            assert await client.receive() == "last words"
            await client.wait_closed()
            assert client.close_code == (None if client.transport == "polling" else 1001)


async def test_new_clients_are_refused_until_it_starts_again(serve: Serve, carrier: str) -> None:
    served = serve()
    served.echo()
    await served.eio.shutdown()
    await served.eio.shutdown()

    with pytest.raises(ConnectionRejected, match="503"):
        await served.client(carrier).connect()

    served.eio.driver.restart()
    async with served.client(carrier) as client:
        await client.send("again")
        assert await client.receive() == "again"


async def test_clients_that_are_being_decided_about_are_refused(serve: Serve, carrier: str) -> None:
    served = serve()
    served.keep_reasons()
    go = asyncio.Event()
    served.eio.on("connect", lambda sid: go.wait())

    client = served.client(carrier)
    connecting = asyncio.create_task(client.connect())
    await served.clock.settle()
    stopping = asyncio.create_task(served.eio.shutdown())
    with pytest.raises(ConnectionRejected, match="503"):
        await connecting
    go.set()
    await soon(stopping)

    assert served.heard == []
    assert served.is_empty


async def test_it_ends_in_time_whatever_clients_and_handlers_do(serve: Serve) -> None:
    served = serve(shutdown_timeout=0.1)
    never = asyncio.Event()
    served.eio.on("disconnect", lambda sid: never.wait())

    async with AsyncExitStack() as stack:
        polling, websocket = await enter(stack, served, "polling", "websocket")
        for client in (polling, websocket):
            client.stop_reading()
            await served.eio.send(client.sid, "ends the parked poll")
        await soon(served.eio.shutdown())
        await served.clock.settle()
        # The WebSocket that took no part was dropped.
        assert not websocket.network.connections  # type: ignore[attr-defined]  # in memory
    never.set()


async def test_a_plain_disconnect_handler_is_waited_for(serve: Serve, carrier: str) -> None:
    served = serve()
    served.eio.on("disconnect", lambda sid, reason: served.heard.append(reason.value))

    async with served.client(carrier):
        await soon(served.eio.shutdown())
        assert served.heard == ["server shutdown"]


async def test_messages_that_wait_are_handled_first(serve: Serve, carrier: str) -> None:
    served = serve()

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        await asyncio.sleep(0.001)
        served.heard.append(data)

    served.keep_reasons()
    async with served.client(carrier) as client:
        for data in "abc":
            await client.send(data)
        await served.clock.settle()
        await soon(served.eio.shutdown())

    assert served.heard == ["a", "b", "c", "server shutdown"]


async def test_a_server_without_clients_ends_at_once(serve: Serve) -> None:
    await soon(serve().eio.shutdown())


async def test_two_shutdowns_at_once_end_together(serve: Serve) -> None:
    served = serve()
    served.keep_reasons()

    async with AsyncExitStack() as stack:
        await enter(stack, served, "polling", "websocket")
        await soon(asyncio.gather(served.eio.shutdown(), served.eio.shutdown()))

    assert served.heard == ["server shutdown"] * 2


async def test_no_task_is_left(serve: Serve) -> None:
    served = serve()
    served.echo()
    before = asyncio.all_tasks()

    async with AsyncExitStack() as stack:
        clients = await enter(stack, served, "polling", "websocket", "upgrade")
        for client in clients:
            await client.send("x")
        await served.eio.shutdown()
    await served.clock.settle()

    assert asyncio.all_tasks() == before
    assert served.clock.scheduled == 0


# -- the lifespan ------------------------------------------------------------------------------


class Lifespan:
    """Plays an ASGI server's part of the lifespan."""

    def __init__(self, app: Any) -> None:
        self.events: list[str] = []
        self._to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_app: asyncio.Queue[str] = asyncio.Queue()
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        self.task = asyncio.ensure_future(app(scope, self._to_app.get, self._send))

    async def _send(self, event: dict[str, Any]) -> None:
        await self._from_app.put(event["type"])

    async def tell(self, event: str) -> str:
        """Send an event, and return the application's answer."""
        await self._to_app.put({"type": f"lifespan.{event}"})
        return str(await soon(self._from_app.get()))


async def test_the_lifespan_ends_with_a_shutdown(serve: Serve) -> None:
    served = serve()
    served.keep_reasons()
    lifespan = Lifespan(served.app)
    assert await lifespan.tell("startup") == "lifespan.startup.complete"

    async with served.client("websocket") as client:
        assert await lifespan.tell("shutdown") == "lifespan.shutdown.complete"
        assert client.close_code == 1001
    await soon(lifespan.task)

    assert served.heard == ["server shutdown"]


async def test_a_lifespan_may_begin_again(serve: Serve) -> None:
    served = serve()

    for _ in range(2):
        lifespan = Lifespan(served.app)
        await lifespan.tell("startup")
        async with served.client() as client:
            assert not client.closed
        await lifespan.tell("shutdown")
        await soon(lifespan.task)


async def test_another_application_has_its_lifespan_inside_ours(serve: Serve) -> None:
    served = serve()
    served.keep_reasons()

    async def other(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan"
        assert (await receive())["type"] == "lifespan.startup"
        served.heard.append("other started")
        await send({"type": "lifespan.startup.complete"})
        assert (await receive())["type"] == "lifespan.shutdown"
        served.heard.append("other stopped")
        await send({"type": "lifespan.shutdown.complete"})

    lifespan = Lifespan(engineio.ASGIApp(served.eio, other, handle_signals=False))
    await lifespan.tell("startup")
    async with served.client():
        await lifespan.tell("shutdown")
    await soon(lifespan.task)

    assert served.heard == ["other started", "server shutdown", "other stopped"]


# -- signals -----------------------------------------------------------------------------------


@pytest.fixture
def restored() -> Any:
    """Put the handlers of the process back afterwards."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_signal_begins_the_shutdown_and_reaches_the_server(
    serve: Serve, number: signal.Signals
) -> None:
    served = serve()
    served.keep_reasons()
    app = engineio.ASGIApp(served.eio)
    theirs: list[int] = []
    signal.signal(number, lambda number, frame: theirs.append(number))

    async with Client(app) as polling, Client(app, transport="websocket") as websocket:
        signal.raise_signal(number)
        assert theirs == [], "the server hears of it before our clients"
        await polling.wait_closed()
        await websocket.wait_closed()
        assert theirs == [number]
        assert websocket.close_code == 1001
        with pytest.raises(ConnectionRejected, match="503"):
            await Client(app).connect()
        signal.raise_signal(number)
        await asyncio.sleep(0)
        assert theirs == [number, number]

    assert served.heard == ["server shutdown"] * 2


@pytest.mark.usefixtures("restored")
async def test_the_handlers_are_put_back(serve: Serve) -> None:
    def theirs(number: int, frame: Any) -> None:
        raise AssertionError("nobody sends a signal")

    signal.signal(signal.SIGTERM, theirs)
    app = engineio.ASGIApp(serve().eio)
    lifespan = Lifespan(app)
    await lifespan.tell("startup")
    assert signal.getsignal(signal.SIGTERM) is not theirs

    await lifespan.tell("shutdown")

    assert signal.getsignal(signal.SIGTERM) is theirs
    await soon(lifespan.task)


@pytest.mark.usefixtures("restored")
async def test_a_signal_that_nobody_handles_is_left_alone(serve: Serve) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    app = engineio.ASGIApp(serve().eio)

    async with Client(app):
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.usefixtures("restored")
def test_handlers_of_loops_that_are_gone_do_not_pile_up() -> None:
    """A test suite makes many applications, and none of them has a lifespan."""
    theirs: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: theirs.append(number))

    async def serve() -> StopSignals:
        signals = StopSignals(lambda: None)
        signals.install(asyncio.get_running_loop())
        return signals

    kept = [asyncio.run(serve()) for _ in range(2_000)]
    signal.raise_signal(signal.SIGTERM)

    assert theirs == [signal.SIGTERM]
    assert len(kept) == 2_000


@pytest.mark.usefixtures("restored")
async def test_two_applications_stop_in_any_order_and_pass_signals_on(serve: Serve) -> None:
    theirs: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: theirs.append(number))
    servers = [serve(), serve()]
    lifespans = [Lifespan(engineio.ASGIApp(served.eio)) for served in servers]
    for served, lifespan in zip(servers, lifespans, strict=True):
        served.keep_reasons()
        await lifespan.tell("startup")

    await lifespans[0].tell("shutdown")
    async with servers[1].client("websocket") as client:
        signal.raise_signal(signal.SIGTERM)
        await client.wait_closed()
    await lifespans[1].tell("shutdown")
    signal.raise_signal(signal.SIGTERM)
    await asyncio.sleep(0)

    assert theirs == [signal.SIGTERM] * 2
    assert servers[1].heard == ["server shutdown"]


async def test_outside_of_the_main_thread_signals_are_left_alone(serve: Serve) -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def connect() -> None:
        async with Client(engineio.ASGIApp(engineio.AsyncServer(async_mode="asgi"))) as client:
            assert not client.closed

    await asyncio.to_thread(asyncio.run, connect())
    await eventually(lambda: signal.getsignal(signal.SIGTERM) is before)
