"""`ASGIApp`: where it serves, what it hands on, and servers that behave differently."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import pytest

import engineio
from engineio.testing import Answer, ASGINetwork, Client, ConnectionRejected
from engineio.testing.network import Outgoing
from tests.aio.served import Served, eventually

Serve = Callable[..., Served]


async def ask(app: Any, path: str, query: str = "", method: str = "GET", **scope: Any) -> Answer:
    """Send one request, and return the answer."""
    answered: asyncio.Future[Answer | Exception] = asyncio.get_running_loop().create_future()
    network = ASGINetwork(app, scope)
    network.fetch(
        Outgoing(path, query, (("host", "testserver"),), method, b""), answered.set_result
    )
    async with asyncio.timeout(1):
        answer = await answered
    assert isinstance(answer, Answer), answer
    return answer


HANDSHAKE = "EIO=4&transport=polling"


# -- where it serves ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "path", "is_served"),
    [
        ("engine.io", "/engine.io/", True),
        ("engine.io", "/engine.io", True),
        ("/engine.io/", "/engine.io/", True),
        ("a/b", "/a/b/", True),
        ("", "/", True),
        ("", "", True),
        ("engine.io", "/", False),
        ("engine.io", "/engine.io/x", False),
        ("engine.io", "/engine.io//", False),
        ("engine.io", "/engine.ioX", False),
        ("engine.io", "/enginexio/", False),
        ("engine.io", "//engine.io/", False),
        ("engine.io", "/ENGINE.IO/", False),
    ],
)
async def test_paths(serve: Serve, option: str, path: str, is_served: bool) -> None:
    app = engineio.ASGIApp(serve().eio, engineio_path=option, handle_signals=False)

    answer = await ask(app, path, HANDSHAKE)

    assert answer.status == (200 if is_served else 404)


@pytest.mark.parametrize(
    ("root_path", "path", "is_served"),
    [
        # The path contains the mount, or does not, or contains a part of it.
        ("/api", "/api/engine.io/", True),
        ("/api", "/engine.io/", True),
        ("/outer/inner", "/outer/inner/engine.io/", True),
        ("/outer/inner", "/inner/engine.io/", True),
        ("/outer/inner", "/engine.io/", True),
        ("/api/", "/api/engine.io/", True),
        ("/api", "/other/engine.io/", False),
        ("/api", "/apiengine.io/", False),
    ],
)
async def test_mounts(serve: Serve, root_path: str, path: str, is_served: bool) -> None:
    answer = await ask(serve().app, path, HANDSHAKE, root_path=root_path)

    assert answer.status == (200 if is_served else 404)


async def test_everything_else_is_the_other_applications(serve: Serve) -> None:
    served = serve()

    async def other(scope: Any, receive: Any, send: Any) -> None:
        served.heard.append((scope["type"], scope["path"]))
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 418, "headers": []})
            await send({"type": "http.response.body", "body": b"tea"})
        else:
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 4000})

    app = engineio.ASGIApp(served.eio, other, handle_signals=False)

    assert (await ask(app, "/tea")).status == 418
    assert (await ask(app, "/engine.io/", HANDSHAKE)).status == 200
    client = Client(app, transport="websocket", path="/chat")
    with pytest.raises(ConnectionRejected):
        await client.connect()
    assert served.heard == [("http", "/tea"), ("websocket", "/chat")]


async def test_without_another_application_the_rest_is_not_found(serve: Serve) -> None:
    app = serve().app

    answer = await ask(app, "/elsewhere")
    assert (answer.status, answer.body) == (404, b"Not Found")
    with pytest.raises(ConnectionRejected, match="404"):
        await Client(app, transport="websocket", path="/elsewhere").connect()


async def test_a_framework_that_routes_itself(serve: Serve) -> None:
    """It serves whatever path the framework has found, for as long as the framework runs."""
    served = serve()
    app = engineio.ASGIApp(served.eio, handle_signals=False)
    assert (await ask(app.serve, "/anywhere", HANDSHAKE)).status == 200

    for _ in range(2):
        async with app.running():
            for transport in ("polling", "websocket"):
                client = Client(app.serve, path="/any/where", transport=transport)
                async with client:
                    assert client.sid in served.eio.sids
            assert (await ask(app.serve, "/anywhere", HANDSHAKE)).status == 200
        assert (await ask(app.serve, "/anywhere", HANDSHAKE)).status == 503


async def test_an_unknown_scope_type_is_an_error(serve: Serve) -> None:
    async def never() -> Any:
        raise AssertionError("there is nothing to receive or to send")

    with pytest.raises(RuntimeError, match="smoke"):
        await serve().app({"type": "smoke", "path": "/"}, never, never)  # type: ignore[arg-type]  # not used


# -- servers -----------------------------------------------------------------------------------


async def test_a_server_without_denial_responses_just_closes(serve: Serve) -> None:
    served = serve()
    served.eio.on("connect", lambda sid: {"why": "not"})

    with pytest.raises(ConnectionRejected) as caught:
        await served.client("websocket", scope={"extensions": {}}).connect()

    assert (caught.value.status, caught.value.body) == (403, b"")
    assert served.is_empty


def adapted(
    app: Any,
    adapt: Callable[[Callable[[Any], Awaitable[None]], Any], Any],
    module: str | None = "some_server",
) -> Any:
    """Return the application on a server whose ``send`` is another, from ``module``."""

    async def on_that_server(scope: Any, receive: Any, send: Any) -> None:
        def adapted_send(event: Any) -> Any:
            return adapt(send, event)

        named: Any = adapted_send
        # Compiled code has none.
        named.__module__ = module
        await app(scope, receive, named)

    return on_that_server


class Promise:
    """What a server that is not written in Python returns: something to await, no coroutine."""

    def __init__(self, coroutine: Any) -> None:
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coroutine.__await__()


def promised(send: Callable[[Any], Awaitable[None]], event: Any) -> Any:
    return Promise(send(event))


async def at_once(send: Callable[[Any], Awaitable[None]], event: Any) -> None:
    await send(event)


async def later(send: Callable[[Any], Awaitable[None]], event: Any) -> None:
    await asyncio.sleep(0)
    await send(event)


async def with_a_timeout(send: Callable[[Any], Awaitable[None]], event: Any) -> None:
    async with asyncio.timeout(1):
        await asyncio.sleep(0)
        await send(event)


UVICORN = "uvicorn.protocols.websockets.websockets_sansio_impl"


@pytest.mark.parametrize(
    ("adapt", "module"),
    [
        (promised, None),
        (later, "some_server"),
        (with_a_timeout, "some_server"),
        (at_once, UVICORN),
        (later, UVICORN),
    ],
)
async def test_a_server_may_take_its_time(
    serve: Serve, transport: Any, adapt: Callable[..., Any], module: str | None
) -> None:
    served = serve()
    served.echo()
    served.keep_reasons()

    async with Client(
        adapted(served.app, adapt, module), transport=transport, clock=served.clock
    ) as client:
        sent = [str(number) for number in range(30)]
        for data in sent:
            await client.send(data)
        assert [await client.receive() for _ in sent] == sent
        for _ in range(3):
            await served.clock.advance(25.0)
        assert not client.closed
        await served.eio.disconnect(client.sid)
        await client.wait_closed()

    assert served.heard == ["server disconnect"]
    await eventually(lambda: served.is_empty)


async def test_a_server_that_knows_few_close_codes(serve: Serve) -> None:
    """daphne raises unless the code is 1000 or from 3000 to 4999."""
    served = serve()

    async def few(send: Callable[[Any], Awaitable[None]], event: Any) -> None:
        if event["type"] == "websocket.close" and event.get("code") not in (None, 1000):
            raise ValueError("no such code")
        await send(event)

    async with Client(adapted(served.app, few), transport="websocket") as client:
        await served.eio.shutdown()
        await client.wait_closed()
        assert client.close_code == 1000


@pytest.mark.parametrize("kind", [OSError, RuntimeError, ConnectionResetError])
async def test_a_write_that_fails_ends_the_session(
    serve: Serve, carrier: Any, kind: type[Exception]
) -> None:
    served = serve()
    infos: list[engineio.DisconnectInfo] = []
    served.eio.on("disconnect", lambda sid, reason, info: infos.append(info))
    broken = False

    async def breaking(send: Callable[[Any], Awaitable[None]], event: Any) -> None:
        if broken:
            raise kind("the connection is gone")
        await send(event)

    client = Client(adapted(served.app, breaking), transport=carrier)
    await client.connect()
    await served.clock.settle()
    broken = True
    await served.eio.send(client.sid, "lost")
    await eventually(lambda: infos)
    client.abort()
    await client.network.finish()

    assert infos[0].reason == ("transport error" if carrier == "polling" else "transport close")
    assert infos[0].undelivered == ("lost",)
    await eventually(lambda: served.is_empty)


@pytest.mark.parametrize("wait", [at_once, later])
async def test_a_message_that_the_server_will_not_send_closes_the_websocket(
    serve: Serve, wait: Any
) -> None:
    """daphne raises for a message over a limit of its own, and the client is still there."""
    served = serve()
    infos: list[engineio.DisconnectInfo] = []
    served.eio.on("disconnect", lambda sid, reason, info: infos.append(info))

    async def limited(send: Callable[[Any], Awaitable[None]], event: Any) -> None:
        if len(event.get("text") or "") > 1_000:
            await asyncio.sleep(0)
            raise RuntimeError("1 001 bytes are too many")
        await wait(send, event)

    client = Client(adapted(served.app, limited), transport="websocket")
    await client.connect()
    await served.eio.send(client.sid, "x" * 1_000)
    await client.wait_closed()

    assert client.close_code == 1011
    assert infos[0].reason == "transport close"
    assert infos[0].detail == "the connection broke while writing: 1 001 bytes are too many"
    assert await client.network.finish() == []
    await eventually(lambda: served.is_empty)


async def test_a_client_that_leaves_as_its_answer_comes_is_told_of(serve: Serve) -> None:
    """The server says that the client is gone, and in the same turn the answer is decided."""
    served = serve()

    @served.on("disconnect")
    async def gone(sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo) -> None:
        served.heard.append((reason.value, info.undelivered))

    client = served.client("polling")
    await client.connect()
    await served.clock.settle()
    client.abort()
    await served.eio.send(client.sid, "lost")
    await served.clock.settle()

    assert served.heard == [("transport error", ("lost",))]
    assert served.is_empty


class RawWebSocket:
    """A WebSocket without a client, on a server that takes one type of event only when `taken`."""

    def __init__(self, app: Any, slow: str, query: str = "EIO=4&transport=websocket") -> None:
        self.sent: list[str] = []
        self.offered = asyncio.Event()
        self.taken = asyncio.Event()
        self.arriving: asyncio.Queue[Any] = asyncio.Queue()
        self.arriving.put_nowait({"type": "websocket.connect"})
        self._slow = slow
        scope = {
            "type": "websocket",
            "path": "/engine.io/",
            "query_string": query.encode(),
            "headers": [(b"host", b"testserver")],
        }
        self.task = asyncio.create_task(app(scope, self.arriving.get, self._send))

    async def _send(self, event: Any) -> None:
        if event["type"] == self._slow:
            self.offered.set()
            await self.taken.wait()
        self.sent.append(event["type"])

    async def over(self) -> None:
        """Leave; what the application raises is raised here."""
        self.arriving.put_nowait({"type": "websocket.disconnect", "code": 1000})
        async with asyncio.timeout(1):
            await self.task


@pytest.mark.parametrize("number", range(62, 67))
async def test_a_handler_may_disconnect_in_any_message_of_a_burst(
    serve: Serve, number: int
) -> None:
    """After some messages the reader lets others have their turn, and then it waits for that."""
    served = serve()
    sids: list[str] = []

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        sids.append(sid)
        if len(sids) == number:
            await served.eio.disconnect(sid)

    websocket = RawWebSocket(served.app, "websocket.close")
    for _ in range(number):
        websocket.arriving.put_nowait({"type": "websocket.receive", "text": "4x"})
    async with asyncio.timeout(1):
        await websocket.offered.wait()
    await served.clock.settle()
    websocket.taken.set()
    await eventually(lambda: "websocket.close" in websocket.sent)
    await websocket.over()

    assert len(sids) == number
    await eventually(lambda: served.is_empty)


async def test_a_session_may_end_while_its_upgrade_is_being_accepted(serve: Serve) -> None:
    served = serve()
    client = served.client("polling")
    await client.connect()
    query = f"EIO=4&transport=websocket&sid={client.sid}"
    websocket = RawWebSocket(served.app, "websocket.accept", query)
    async with asyncio.timeout(1):
        await websocket.offered.wait()
    await served.eio.disconnect(client.sid)
    await served.clock.settle()
    websocket.taken.set()
    await eventually(lambda: "websocket.close" in websocket.sent)
    await websocket.over()

    assert websocket.sent == ["websocket.accept", "websocket.close"]
    await eventually(lambda: served.is_empty)


async def test_a_client_may_be_too_slow_before_it_is_accepted(serve: Serve) -> None:
    served = serve(send_queue_policy="close", send_queue_packets=2)
    floods: list[asyncio.Task[None]] = []

    async def flood(sid: str) -> None:
        for _ in range(3):
            await served.eio.send(sid, "x")

    @served.on("connect")
    async def connected(sid: str) -> None:
        # It runs in the very turn in which the decision is known but not yet acted on.
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: floods.append(loop.create_task(flood(sid))))
        await asyncio.sleep(0)

    websocket = RawWebSocket(served.app, "")
    async with asyncio.timeout(1):
        await websocket.task

    with pytest.raises(engineio.SessionClosedError):
        await floods[0]
    await eventually(lambda: served.is_empty)


async def test_a_websocket_may_close_without_a_code(serve: Serve) -> None:
    served = serve()
    served.eio.on("disconnect", lambda sid, reason, info: served.heard.append(info.code))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def vague() -> Any:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return {"type": "websocket.disconnect"}
            return event

        await served.app(scope, vague, send)

    async with Client(app, transport="websocket"):
        pass
    await eventually(lambda: served.heard)

    assert served.heard == [None]


async def test_frames_may_have_both_keys_or_one(serve: Serve) -> None:
    served = serve()
    served.echo()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def terse() -> Any:
            event = await receive()
            return {key: value for key, value in event.items() if value is not None}

        await served.app(scope, terse, send)

    async with Client(app, transport="websocket") as client:
        for data in ("text", b"bytes"):
            await client.send(data)
            assert await client.receive() == data


async def test_a_body_may_come_in_parts(serve: Serve) -> None:
    served = serve()
    served.echo()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        parts: list[bytes] = []

        async def in_parts() -> Any:
            if not parts:
                event = await receive()
                if not event.get("body"):
                    return event
                parts.extend(event["body"][at : at + 1] for at in range(len(event["body"])))
                parts.reverse()
            await asyncio.sleep(0)
            body = parts.pop()
            return {"type": "http.request", "body": body, "more_body": bool(parts)}

        await served.app(scope, in_parts, send)

    async with Client(app) as client:
        await client.send("in very small parts")
        assert await client.receive() == "in very small parts"


async def test_a_body_that_ends_early_is_not_delivered(serve: Serve) -> None:
    served = serve()
    served.echo()
    served.keep_reasons()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        events = [{"type": "http.disconnect"}, {"type": "http.request", "more_body": True}]

        async def cut_off() -> Any:
            return events.pop() if scope["method"] == "POST" else await receive()

        await served.app(scope, cut_off, send)

    client = Client(app)
    await client.connect()
    with pytest.raises(engineio.EngineIOError):
        await client.send("never arrives")
    await client.close()

    assert served.heard == ["transport error"]
    assert served.is_empty


async def test_a_body_over_the_limit_is_not_read_to_its_end(serve: Serve) -> None:
    served = serve(max_payload=1_000)
    served.keep_reasons()
    read = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def endless() -> Any:
            nonlocal read
            if scope["method"] != "POST":
                return await receive()
            read += 100
            return {"type": "http.request", "body": b"x" * 100, "more_body": True}

        headers = [field for field in scope["headers"] if field[0] != b"content-length"]
        await served.app({**scope, "headers": headers}, endless, send)

    client = Client(app)
    await client.connect()
    with pytest.raises(engineio.EngineIOError):
        await client.send("x")
    assert client.rejected is not None
    assert client.rejected.status == 413
    assert client.rejected.header("connection") == "close"
    await client.close()

    assert read == 1_100
    assert served.heard == ["payload too large"]


async def test_a_body_has_a_deadline(serve: Serve) -> None:
    served = serve(body_timeout=10)
    served.keep_reasons()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def stuck() -> Any:
            if scope["method"] == "POST":
                await asyncio.Event().wait()
            return await receive()

        await served.app(scope, stuck, send)

    client = Client(app)
    await client.connect()
    sending = asyncio.create_task(client.send("x", timeout=5))
    await served.clock.advance(9.9)
    assert not sending.done()
    await served.clock.advance(0.2)
    with pytest.raises(engineio.EngineIOError):
        await sending
    assert client.rejected is not None
    assert client.rejected.status == 408
    await client.close()

    assert served.heard == ["transport error"]
    assert served.is_empty
