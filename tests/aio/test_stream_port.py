"""`StreamPort`: a WebSocket of the engine on the transport itself.

What clients notice of it is in tests/conformance; here is what they would not.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from engineio.types import Reason
from tests.aio.running import running
from tests.aio.served import Served, eventually, soon
from tests.conformance.harness.http import Response, request_bytes
from tests.conformance.harness.websocket import (
    Closed,
    Opcode,
    WebSocket,
    upgrade_fields,
)

Serve = Callable[..., Served]
TARGET = "/engine.io/?EIO=4&transport=websocket"


async def test_middleware_sees_the_accept_and_no_message(serve: Serve) -> None:
    served, events = serve(cookie="io"), []
    served.echo()

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        async def spy(event: Any) -> None:
            events.append(event["type"])
            if event["type"] == "websocket.accept":
                event["headers"].append((b"x-middleware", b"was here"))
            await send(event)

        await served.app(scope, receive, spy)

    async with running(middleware) as server:
        websocket = await server.open(TARGET)
        assert str(await websocket.receive()).startswith("0{")
        await websocket.send("4hello", b"bytes")

        assert [await websocket.receive(), await websocket.receive()] == ["4hello", b"bytes"]
        assert events == ["websocket.accept"]
        assert websocket.response.header("x-middleware") == "was here"
        assert str(websocket.response.header("set-cookie")).startswith("io=")


async def test_a_refused_handshake(serve: Serve) -> None:
    served = serve()

    @served.on("connect")
    async def connect(sid: str) -> Any:
        return "not you"

    async with running(served.app) as server:
        response = await server.ask(TARGET)

    assert isinstance(response, Response)
    assert (response.status, response.body) == (401, b'"not you"')
    assert served.is_empty


async def test_a_client_that_leaves_during_the_handshake(serve: Serve) -> None:
    served = serve()
    started, may_end = asyncio.Event(), asyncio.Event()
    served.keep_reasons()

    @served.on("connect")
    async def connect(sid: str) -> None:
        started.set()
        await may_end.wait()

    async with running(served.app) as server:
        connection = await server.connect()
        await connection.write(request_bytes("GET", TARGET, fields=upgrade_fields()))
        await soon(started.wait())
        connection.reset()
        await eventually(lambda: not server.server.server_state.connections)
        may_end.set()
        await eventually(lambda: served.heard)
        await eventually(lambda: served.is_empty)

    assert served.heard == [Reason.TRANSPORT_CLOSE]


async def test_a_message_is_refused_before_it_has_arrived(serve: Serve) -> None:
    served = serve(max_payload=1_000)
    served.keep_reasons()
    async with running(served.app) as server:
        websocket = await server.open(TARGET)
        await websocket.frame(Opcode.TEXT, length=1_001)

        assert (await websocket.closed()).code == 1009
        await eventually(lambda: served.heard)

    assert served.heard == [Reason.PAYLOAD_TOO_LARGE]
    assert served.is_empty


async def test_the_limit_of_the_server_below_holds_too(serve: Serve) -> None:
    async with running(serve().app, ws_max_size=500) as server:
        websocket = await server.open(TARGET)
        await websocket.frame(Opcode.TEXT, length=501)

        assert (await websocket.closed()).code == 1009


async def test_a_task_that_is_cancelled_takes_its_connection_along(serve: Serve) -> None:
    served = serve()
    served.keep_reasons()
    async with running(served.app) as server:
        websocket = await server.open(TARGET)
        await websocket.receive()
        for task in list(server.server.server_state.tasks):
            task.cancel()
        with pytest.raises(Closed):
            await websocket.receive()
        await eventually(lambda: not server.server.server_state.connections)

    assert served.heard == [Reason.TRANSPORT_CLOSE]
    assert served.is_empty


async def test_a_handler_that_does_not_return_while_its_server_stops(serve: Serve) -> None:
    served = serve(shutdown_timeout=0.05)
    started = asyncio.Event()

    @served.on("connect")
    async def connect(sid: str) -> None:
        started.set()
        await asyncio.Event().wait()

    async with running(served.app) as server:
        connection = await server.connect()
        await connection.write(request_bytes("GET", TARGET, fields=upgrade_fields()))
        await soon(started.wait())
        await served.eio.shutdown()

        assert (await connection.response()).status in {500, 503}
        await eventually(lambda: not server.server.server_state.tasks)


async def test_a_disconnect_within_connect(serve: Serve) -> None:
    served = serve()
    served.keep_reasons()

    @served.on("connect")
    async def connect(sid: str) -> None:
        await served.eio.disconnect(sid)

    async with running(served.app) as server:
        answer = await server.ask(TARGET)
        if isinstance(answer, WebSocket):
            assert (await answer.closed()).code == 1000
        await eventually(lambda: served.is_empty)


async def test_a_session_that_ends_when_the_loop_would_have_its_turn(serve: Serve) -> None:
    # After 64 messages in a row the stream is asked to wait a moment.
    served = serve()
    served.keep_reasons()

    @served.on("message")
    async def message(sid: str, data: str | bytes) -> None:
        if data == "64":
            await served.eio.disconnect(sid)

    async with running(served.app) as server:
        websocket = await server.open(TARGET)
        await websocket.send(*[f"4{number}" for number in range(1, 70)])

        assert (await websocket.closed()).code == 1000
        await eventually(lambda: served.is_empty)

    assert served.heard == [Reason.SERVER_DISCONNECT]


async def test_a_stop_of_the_server_below_ends_the_sessions(serve: Serve) -> None:
    served = serve()
    served.keep_reasons()
    async with running(served.app) as server:
        websocket = await server.open(TARGET)
        await websocket.receive()
        server.server.should_exit = True

        assert (await websocket.closed()).code == 1012
        await eventually(lambda: served.heard)

    assert served.is_empty
