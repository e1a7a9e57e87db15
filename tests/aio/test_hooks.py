"""Hooks: what they are told, and that they cannot break anything."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

import engineio
from engineio.callbacks import HookName
from engineio.testing import Client, ConnectionClosed, ConnectionRejected
from tests.aio.served import Served, eventually

Serve = Callable[..., Served]


async def test_packets_go_by_in_both_directions(serve: Serve, transport: str) -> None:
    served = serve()
    served.echo()

    @served.on("packet")
    def packet(sid: str, packet: Any, direction: str) -> None:
        served.heard.append((direction, packet.type.name, packet.data))

    async with served.client(transport) as client:
        await client.send("hello")
        assert await client.receive() == "hello"
        await served.clock.advance(25.0)

    kinds = [(direction, name) for direction, name, _ in served.heard]
    assert kinds[0] == ("out", "OPEN")
    assert ("in", "MESSAGE", "hello") in served.heard
    assert ("out", "MESSAGE", "hello") in served.heard
    assert kinds.index(("out", "PING")) < kinds.index(("in", "PONG"))


async def test_the_begin_and_the_end_of_a_session(serve: Serve, transport: str) -> None:
    served = serve()
    go = asyncio.Event()

    def heard(event: str) -> Callable[..., None]:
        return lambda sid, *rest: served.heard.append((event, sid, *rest))

    async def message(sid: str, data: Any) -> None:
        heard("message")(sid, data)
        await go.wait()

    for event in ("connect", "open", "close", "disconnect"):
        served.eio.on(event, heard(event))
    served.eio.on("message", message)

    async with served.client(transport) as client:
        sid = client.sid
        await client.send("hello")
        await served.clock.settle()
        await served.eio.disconnect(sid)
        # The handler of the message is still at work.
        await eventually(lambda: served.heard[-1][0] == "close")
        go.set()

    await eventually(lambda: served.is_empty)
    events = [event for event, of, *_ in served.heard if of == sid]
    assert events == ["connect", "open", "message", "close", "disconnect"]
    info = served.heard[3][2]
    assert isinstance(info, engineio.DisconnectInfo)
    assert info.reason is engineio.Reason.SERVER_DISCONNECT


async def test_a_client_that_is_refused_has_neither_begin_nor_end(
    serve: Serve, carrier: str
) -> None:
    served = serve()
    served.eio.on("connect", lambda sid: False)
    served.eio.on("open", lambda sid: served.heard.append("open"))
    served.eio.on("close", lambda sid, info: served.heard.append("close"))

    with pytest.raises(ConnectionRejected):
        await served.client(carrier).connect()

    await eventually(lambda: served.is_empty)
    assert served.heard == []


async def test_a_hook_for_packets_may_come_when_sessions_are_open(carrier: str) -> None:
    """From then on every message goes the long way, where it is seen."""
    served = Served(traced=False)
    served.echo()

    async with served.client(carrier) as client:
        await client.send("unseen")
        await client.receive()
        served.eio.on("packet", lambda sid, packet, direction: served.heard.append(packet.data))
        await client.send("seen")
        await client.receive()

    assert "unseen" not in served.heard
    assert served.heard.count("seen") == 2


REFUSALS: dict[str, tuple[dict[str, Any], int, str]] = {
    "transport": ({"query": {"transport": "pigeon"}}, 0, "TRANSPORT_UNKNOWN"),
    "sid": ({"query": {"sid": "nobody"}}, 1, "SESSION_UNKNOWN"),
    "origin": ({"headers": {"Origin": "http://evil.test"}}, 4, "ORIGIN_FORBIDDEN"),
    "revision": ({"query": {"EIO": "9"}}, 5, "UNSUPPORTED_PROTOCOL"),
}


@pytest.mark.parametrize("case", REFUSALS)
async def test_refused_requests_are_told(serve: Serve, carrier: str, case: str) -> None:
    served = serve()
    served.eio.on("connection_error", served.heard.append)
    options, code, context = REFUSALS[case]

    with pytest.raises(ConnectionRejected):
        await served.client(carrier, **options).connect()

    (error,) = served.heard
    assert (error.code, error.context) == (code, context)
    assert error.request.path == "/engine.io/"
    assert error.message
    assert error.error is None


async def test_the_error_behind_a_refusal_is_told_and_logged(
    serve: Serve, carrier: str, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(request: Any) -> bool:
        raise LookupError("a bug in allow_request")

    served = serve(allow_request=broken)
    served.eio.on("connection_error", served.heard.append)

    with pytest.raises(ConnectionRejected) as caught:
        await served.client(carrier).connect()

    assert caught.value.status == 400
    assert type(served.heard[0].error) is LookupError
    assert "a bug in allow_request" in caplog.text


async def test_hostile_requests_do_not_flood_the_log(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    served = serve()
    caplog.set_level("INFO", "engineio")

    for number in range(50):
        with pytest.raises(ConnectionRejected):
            await served.client(query={"sid": f"guess\n{number}\x1b[31m"}).connect()

    lines = [record.getMessage() for record in caplog.records if "refused" in record.getMessage()]
    assert len(lines) == 1
    assert "\x1b" not in caplog.text
    await served.clock.advance(1.5)
    with pytest.raises(ConnectionRejected):
        await served.client(query={"sid": "guess"}).connect()
    assert "49 more like it" in caplog.text


async def test_functions_that_fail_on_hostile_requests_do_not_flood_the_log(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """SEC-43: one line a second and cause, also where a bug is the cause of each of them."""

    def origins(origin: str) -> bool:
        raise LookupError("a bug in cors_allowed_origins")

    served = serve(cors_allowed_origins=origins)

    @served.on("connection_error")
    def broken(error: engineio.RequestRejected) -> None:
        served.heard.append(error.error)
        raise LookupError("a bug in the hook")

    async def knock(times: int) -> list[str]:
        caplog.clear()
        for number in range(times):
            with pytest.raises(ConnectionRejected):
                await served.client(headers={"Origin": f"http://evil{number}.test"}).connect()
        return [record.getMessage() for record in caplog.records]

    behind = "the application's function behind ORIGIN_FORBIDDEN failed"
    assert await knock(50) == [
        f"{behind} (0 more like it)",
        "the hook 'connection_error' failed (0 more like it)",
    ]
    assert "a bug in cors_allowed_origins" in caplog.text
    assert "a bug in the hook" in caplog.text
    assert [type(error) for error in served.heard] == [LookupError] * 50
    await served.clock.advance(1.5)
    assert await knock(1) == [
        f"{behind} (49 more like it)",
        "the hook 'connection_error' failed (49 more like it)",
    ]


async def test_headers_may_be_changed(serve: Serve, transport: str) -> None:
    served = serve()
    requests: list[Any] = []

    @served.on("headers")
    def headers(headers: list[tuple[str, str]], request: Any) -> None:
        headers.append(("X-Every", "1"))
        requests.append(request)

    @served.on("initial_headers")
    def first(headers: list[tuple[str, str]], request: Any) -> None:
        headers.append(("X-First", "1"))
        served.heard.append(request.query)

    async with served.client(transport) as client:
        assert client.response is not None
        assert client.response.header("x-first") == "1"
        assert client.response.header("x-every") == "1"
        await client.send("x")

    assert len(served.heard) == 1
    assert "sid=" not in served.heard[0]
    assert len(requests) > (transport != "websocket")


async def test_one_response_does_not_change_the_next(serve: Serve, carrier: str) -> None:
    """Middlewares change the list of headers in place."""
    served = serve()

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        async def adding(event: Any) -> None:
            if "headers" in event:
                event["headers"].append((b"set-cookie", b"user=ada"))
            await send(event)

        await served.app(scope, receive, adding)

    for _ in range(3):
        async with Client(middleware, transport=carrier) as client:  # type: ignore[arg-type]  # a name
            assert client.response is not None
            cookies = [value for name, value in client.response.headers if name == "set-cookie"]
            assert cookies == ["user=ada"]


async def test_a_hook_that_fails_is_logged_and_harms_nobody(
    serve: Serve, transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    served = serve()
    served.echo()
    hooks: dict[HookName, int] = {
        "open": 1,
        "close": 2,
        "upgrade": 2,
        "heartbeat": 1,
        "packet": 3,
        "headers": 2,
        "initial_headers": 2,
    }

    def broken(name: str, arity: int) -> Any:
        def fail() -> None:
            raise LookupError(f"in {name}")

        takers: dict[int, Callable[..., None]] = {
            1: lambda a: fail(),
            2: lambda a, b: fail(),
            3: lambda a, b, c: fail(),
        }
        return takers[arity]

    for name, arity in hooks.items():
        served.eio.on(name, broken(name, arity))

    async with served.client(transport) as client:
        await client.send("hello")
        assert await client.receive() == "hello"
        await served.clock.advance(25.0)
        assert not client.closed

    seen = {name for name in hooks if f"in {name}" in caplog.text}
    assert seen == set(hooks) - (set() if transport == "upgrade" else {"upgrade"})


async def test_several_functions_hear_of_one_hook(serve: Serve) -> None:
    served = serve()
    served.eio.on("heartbeat", lambda sid: served.heard.append("one"))
    served.eio.on("heartbeat", lambda sid: served.heard.append("two"))

    async with served.client("websocket"):
        await served.clock.advance(25.0)

    assert served.heard == ["one", "two"]


def test_events_and_hooks_are_checked_when_they_are_registered() -> None:
    # As a program without a type checker: one would find each of these mistakes.
    on: Any = engineio.AsyncServer(async_mode="asgi").on

    with pytest.raises(engineio.ConfigError, match="did you mean message"):
        on("mesage")(print)
    with pytest.raises(engineio.ConfigError, match="must take 2 arguments"):
        on("message", lambda sid: None)
    with pytest.raises(engineio.ConfigError, match="must take 1 to 2 arguments"):
        on("connect", lambda sid, environ, more: None)
    with pytest.raises(engineio.ConfigError, match="plain function"):

        @on("heartbeat")
        async def heartbeat(sid: str) -> None:
            """Never called."""

    with pytest.raises(engineio.ConfigError, match="must be a function"):
        on("message", 5)


async def test_a_decorated_handler_is_still_the_function(serve: Serve) -> None:
    served = serve()

    @served.eio.on("message")
    async def message(sid: str, data: Any) -> str:
        return f"{sid} {data}"

    assert await message("a", "b") == "a b"


async def test_a_refused_post_is_told(serve: Serve) -> None:
    served = serve()
    served.eio.on("connection_error", served.heard.append)

    async with served.client("polling") as client:
        other = served.client("polling", query={"sid": client.sid, "EIO": "3"})
        with pytest.raises(ConnectionRejected):
            await other.connect()
        with suppress(ConnectionClosed):
            await client.send_raw("nonsense")

    assert served.heard[0].context == "PROTOCOL_MISMATCH"
