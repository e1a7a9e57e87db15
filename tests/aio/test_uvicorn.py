"""`WebSocketProtocol` under uvicorn and an application that knows nothing of Engine.IO.

What `ASGIApp` makes of it is in tests/conformance. Server and client share the loop here, and speak
over a socket.
"""

import asyncio
import logging
from typing import Any

import pytest

from engineio.gateway import uvicorn as gateway
from engineio.gateway.asgi_conversation import ClientDisconnected
from engineio.gateway.uvicorn import WebSocketProtocol
from tests.aio.running import Application, Running, running
from tests.aio.served import eventually, soon
from tests.conformance.harness.http import Response, request_bytes
from tests.conformance.harness.websocket import (
    Closed,
    Opcode,
    WebSocket,
    close_payload,
    encode_frame,
    upgrade_fields,
)

ACCEPT = {"type": "websocket.accept"}


class Recorder:
    """Accepts, and writes down every event; echoes messages.

    Args:
        accept: The event to accept with.
    """

    def __init__(self, accept: Any = ACCEPT) -> None:
        self.accept = accept
        self.scope: Any = None
        self.events: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope = scope
        self.events.append(await receive())
        await send(self.accept)
        while self.events[-1]["type"] != "websocket.disconnect":
            event = await receive()
            self.events.append(event)
            if event["type"] == "websocket.receive":
                await send({**event, "type": "websocket.send"})

    @property
    def end(self) -> Any:
        """The last event, if the connection is over."""
        is_end = self.events and self.events[-1]["type"] == "websocket.disconnect"
        return self.events[-1] if is_end else None

    async def ended(self) -> tuple[int, str]:
        await eventually(lambda: self.end)
        return self.end["code"], self.end["reason"]


@pytest.fixture(params=["httptools", "h11"])
def http(request: pytest.FixtureRequest) -> str:
    """Which of uvicorn's HTTP protocols hands over the connection."""
    return str(request.param)


# -- messages and the handshake ----------------------------------------------------------------


async def test_text_and_bytes_both_ways(http: str) -> None:
    async with running(Recorder(), http=http) as server:
        websocket = await server.open()
        for message in ("text ä€", b"\0\xff", "", b"", "x" * 70_000, bytes(300_000)):
            await websocket.send(message)
            assert await websocket.receive() == message


async def test_an_application_may_send_none_beside_the_other_kind() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        await send({"type": "websocket.send", "bytes": None, "text": "a"})
        await send({"type": "websocket.send", "bytes": b"b", "text": None})

    async with running(application) as server:
        websocket = await server.open()

        assert [await websocket.receive(), await websocket.receive()] == ["a", b"b"]
        assert (await websocket.closed()).code == 1000


async def test_the_scope(http: str) -> None:
    recorder = Recorder()
    async with running(recorder, http=http, root_path="/mount", proxy_headers=False) as server:
        fields = [
            ("Sec-WebSocket-Protocol", "one, two"),
            ("Sec-WebSocket-Protocol", "three"),
            ("X-Latin", "\xe4"),
        ]
        websocket = await server.open("/a%20b?c=%20d", fields)
        scope = recorder.scope
        await websocket.close()

    assert scope["type"] == "websocket"
    assert scope["asgi"] == {"version": "3.0", "spec_version": "2.4"}
    assert (scope["http_version"], scope["scheme"]) == ("1.1", "ws")
    assert (scope["root_path"], scope["path"]) == ("/mount", "/mount/a b")
    assert scope["raw_path"] == b"/mount/a%20b"
    assert scope["query_string"] == b"c=%20d"
    assert scope["subprotocols"] == ["one", "two", "three"]
    assert scope["server"] == ("127.0.0.1", server.address.port)
    assert scope["client"][0] == "127.0.0.1"
    assert (b"x-latin", b"\xe4") in scope["headers"]
    assert scope["state"] == {}
    assert "websocket.http.response" in scope["extensions"]


async def test_the_state_of_the_lifespan() -> None:
    recorder = Recorder()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await recorder(scope, receive, send)
            return
        scope["state"]["from"] = "lifespan"
        for _ in range(2):
            await send({"type": (await receive())["type"] + ".complete"})

    async with running(application, lifespan="on") as server:
        await server.open()
        await eventually(lambda: recorder.scope)

        assert recorder.scope["state"] == {"from": "lifespan"}


async def test_an_accept_with_subprotocol_and_headers(http: str) -> None:
    accept = {
        **ACCEPT,
        "subprotocol": "two",
        "headers": [(b"x-own", b"1"), (b"Set-Cookie", b"a=b")],
    }
    async with running(Recorder(accept), http=http) as server:
        websocket = await server.open(fields=[("Sec-WebSocket-Protocol", "one, two")])

    assert websocket.response.header("sec-websocket-protocol") == "two"
    assert websocket.response.header("x-own") == "1"
    assert websocket.response.header("set-cookie") == "a=b"
    assert websocket.response.header("server") == "uvicorn"


async def test_frames_before_the_accept_are_kept() -> None:
    recorder = Recorder()
    may_accept = asyncio.Event()

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await may_accept.wait()
        await recorder(scope, receive, send)

    async with running(application, ws_max_queue=100) as server:
        connection = await server.connect()
        await connection.write(request_bytes("GET", "/", fields=upgrade_fields()))
        protocol = await _protocol(server)
        # More than is kept before reading stops.
        sizes = [10, 60_000, 60_000, 60_000]
        writing = asyncio.create_task(
            connection.write(b"".join(encode_frame(Opcode.BINARY, bytes(size)) for size in sizes))
        )
        await eventually(lambda: len(protocol._early) > 65_536)
        may_accept.set()
        await soon(writing)
        websocket = WebSocket(connection, await connection.response())

        assert [await websocket.receive() for _ in sizes] == [bytes(size) for size in sizes]


async def _protocol(server: Running) -> Any:
    def found() -> list[Any]:
        connections = server.server.server_state.connections
        return [item for item in connections if isinstance(item, WebSocketProtocol)]

    await eventually(found)
    return found()[0]


async def test_an_upgrade_that_is_none_of_ours() -> None:
    recorder = Recorder()
    async with running(recorder) as server:
        for field, status in (
            (("Sec-WebSocket-Version", "8"), 426),
            (("Sec-WebSocket-Key", "x"), 400),
        ):
            fields = dict(upgrade_fields()) | dict([field])
            connection = await server.connect()
            await connection.write(request_bytes("GET", "/", fields=list(fields.items())))
            response = await connection.response()

            assert response.status == status
            assert await connection.ended() == b""

    assert recorder.events == []


# -- denial ------------------------------------------------------------------------------------


async def test_a_close_instead_of_an_accept_is_a_403(http: str) -> None:
    events = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.close"})
        events.append(await receive())

    async with running(application, http=http) as server:
        response = await server.ask()

    assert isinstance(response, Response)
    assert response.status == 403
    assert events == [{"type": "websocket.disconnect", "code": 1006, "reason": ""}]


async def test_a_denial_response(http: str) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        kind = "websocket.http.response"
        headers = [(b"x-why", b"full"), (b"content-type", b"text/x")]
        await send({"type": f"{kind}.start", "status": 418, "headers": headers})
        await send({"type": f"{kind}.body", "body": b"one ", "more_body": True})
        await send({"type": f"{kind}.body", "body": b"two"})

    async with running(application, http=http) as server:
        response = await server.ask()

    assert isinstance(response, Response)
    assert (response.status, response.body) == (418, b"one two")
    assert (response.header("x-why"), response.header("content-length")) == ("full", "7")
    assert response.header("connection") == "close"


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    """Return before anything is answered."""


async def _broken(scope: Any, receive: Any, send: Any) -> None:
    raise ZeroDivisionError


async def _too_early(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "websocket.send", "text": "x"})


async def _split_header(scope: Any, receive: Any, send: Any) -> None:
    await send({**ACCEPT, "headers": [(b"a", b"b\r\nc: d")]})


@pytest.mark.parametrize("application", [_nothing, _broken, _too_early, _split_header])
async def test_an_application_that_answers_nothing(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(application) as server:
        response = await server.ask()

    assert isinstance(response, Response)
    assert response.status == 500
    assert response.header("c") is None
    assert [record.levelno for record in caplog.records if record.levelno >= logging.WARNING] == [
        logging.ERROR
    ]


# -- the end -----------------------------------------------------------------------------------


async def test_a_client_closes(http: str) -> None:
    recorder = Recorder()
    async with running(recorder, http=http) as server:
        websocket = await server.open()
        end = await websocket.close(3001, "so long")

        assert end.code == 3001
        assert await recorder.ended() == (3001, "so long")


async def test_a_client_closes_without_a_code() -> None:
    recorder = Recorder()
    async with running(recorder) as server:
        websocket = await server.open()
        await websocket.frame(Opcode.CLOSE)

        assert (await websocket.closed()).code == 1005
        assert await recorder.ended() == (1005, "")


@pytest.mark.parametrize("way", ["close", "reset"])
async def test_a_client_goes_without_a_word(way: str) -> None:
    recorder = Recorder()
    async with running(recorder) as server:
        websocket = await server.open()
        getattr(websocket.connection, way)()

        assert (await recorder.ended())[0] == 1006
        await eventually(lambda: not server.server.server_state.connections)
        await eventually(lambda: not server.server.server_state.tasks)


async def test_an_application_closes(http: str) -> None:
    events = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        await send({"type": "websocket.close", "code": 4321, "reason": "enough"})
        await receive()
        events.extend([await receive(), await receive()])
        # What has been closed may be closed again, and takes no message.
        await send({"type": "websocket.close"})
        with pytest.raises(ClientDisconnected):
            await send({"type": "websocket.send", "text": "late"})
        events.append("done")

    async with running(application, http=http) as server:
        websocket = await server.open()
        end = await websocket.closed()

        assert (end.code, end.reason) == (4321, "enough")
        await eventually(lambda: events[-1:] == ["done"])
        disconnect = {"type": "websocket.disconnect", "code": 4321, "reason": "enough"}
        assert events[:2] == [disconnect, disconnect]
        await eventually(lambda: not server.server.server_state.connections)


@pytest.mark.parametrize(("fails", "code"), [(False, 1000), (True, 1011)])
async def test_an_application_ends(
    fails: bool, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        if fails:
            raise ZeroDivisionError

    async with running(application) as server:
        websocket = await server.open()

        assert (await websocket.closed()).code == code
    assert ("ZeroDivisionError" in caplog.text) is fails


async def test_a_client_that_ignores_the_close_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "CLOSE_TIMEOUT", 0.05)

    async with running(_accept_and_end) as server:
        websocket = await server.open()
        frame = await websocket.read_frame()

        assert frame.opcode is Opcode.CLOSE
        assert await websocket.connection.ended() == b""


async def _accept_and_end(scope: Any, receive: Any, send: Any) -> None:
    await send(ACCEPT)


async def test_sending_to_a_client_that_has_gone() -> None:
    raised = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        await receive()
        await receive()
        try:
            await send({"type": "websocket.send", "text": "x"})
        except OSError as error:
            raised.append(error)
            raise

    async with running(application) as server:
        websocket = await server.open()
        websocket.connection.reset()

        await eventually(lambda: raised)


async def test_a_client_that_leaves_during_the_handshake() -> None:
    started, left, raised = asyncio.Event(), asyncio.Event(), []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "websocket.connect"
        started.set()
        assert (await receive())["type"] == "websocket.disconnect"
        left.set()
        try:
            await send(ACCEPT)
        except OSError as error:
            raised.append(error)
            raise

    async with running(application) as server:
        connection = await server.connect()
        await connection.write(request_bytes("GET", "/", fields=upgrade_fields()))
        await soon(started.wait())
        connection.reset()

        await soon(left.wait())
        await eventually(lambda: raised)


async def test_a_stop_of_the_server(http: str) -> None:
    recorder = Recorder()
    async with running(recorder, http=http) as server:
        websocket = await server.open()
        server.server.should_exit = True

        assert (await websocket.closed()).code == 1012
        assert await recorder.ended() == (1012, "")


async def test_a_stop_of_the_server_during_a_handshake() -> None:
    started, ended = asyncio.Event(), []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        started.set()
        ended.append(await receive())

    async with running(application) as server:
        connection = await server.connect()
        await connection.write(request_bytes("GET", "/", fields=upgrade_fields()))
        await soon(started.wait())
        server.server.should_exit = True

        assert (await connection.response()).status == 503
    assert ended[0]["code"] == 1006


# -- limits and errors -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Opcode.TEXT, Opcode.BINARY])
async def test_a_message_over_the_limit(kind: Opcode) -> None:
    recorder = Recorder()
    async with running(recorder, ws_max_size=100) as server:
        websocket = await server.open()
        await websocket.send("x" * 100)
        assert await websocket.receive() == "x" * 100
        # By its length alone: nothing of it is there.
        await websocket.frame(kind, length=101)

        assert (await websocket.closed()).code == 1009
        assert (await recorder.ended())[0] == 1009


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (encode_frame(Opcode.TEXT, b"\xff"), 1007),
        (encode_frame(Opcode.TEXT, b"x", masked=False), 1002),
        (encode_frame(Opcode.TEXT, b"x", rsv=4), 1002),
        (encode_frame(Opcode.CLOSE, close_payload(1_006)), 1002),
        (encode_frame(Opcode.TEXT, fin=False) + encode_frame(0, fin=False) * 5_000, 1008),
    ],
    ids=["not UTF-8", "not masked", "reserved bit", "close code", "fragments"],
)
async def test_a_client_that_breaks_the_rules(frames: bytes, code: int) -> None:
    recorder = Recorder()
    async with running(recorder) as server:
        websocket = await server.open()
        await websocket.connection.write(frames + encode_frame(Opcode.TEXT, b"late"))

        assert (await websocket.closed()).code == code
        assert (await recorder.ended())[0] == code
        assert len(recorder.events) == 2


async def test_a_client_that_breaks_the_rules_in_answer_to_a_close() -> None:
    async with running(_accept_and_end) as server:
        websocket = await server.open()
        assert (await websocket.read_frame()).opcode is Opcode.CLOSE
        await websocket.connection.write(encode_frame(3))

        await eventually(lambda: not server.server.server_state.connections)


# -- pace --------------------------------------------------------------------------------------


async def test_a_send_waits_for_a_client_that_does_not_read() -> None:
    sent = [0]

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        for _ in range(200):
            await send({"type": "websocket.send", "bytes": bytes(100_000)})
            sent[0] += 1

    async with running(application) as server:
        websocket = await server.open()
        before = -1
        while before != sent[0]:
            before = sent[0]
            await asyncio.sleep(0.1)
        assert before < 200

        for _ in range(200):
            assert len(await websocket.receive()) == 100_000
        assert (await websocket.closed()).code == 1000


async def test_a_waiting_send_ends_with_the_client() -> None:
    raised = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send(ACCEPT)
        try:
            while True:
                await send({"type": "websocket.send", "bytes": bytes(100_000)})
        except OSError as error:
            raised.append(error)

    async with running(application) as server:
        websocket = await server.open()
        await websocket.read_frame()
        websocket.connection.reset()

        await eventually(lambda: raised)


async def test_reading_stops_while_the_application_does_not_receive() -> None:
    may_read, got = asyncio.Event(), []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        await may_read.wait()
        while (event := await receive())["type"] == "websocket.receive":
            got.append(len(event["bytes"]))

    count = 400
    async with running(application, ws_max_queue=4) as server:
        websocket = await server.open()
        writing = asyncio.create_task(websocket.send(*[bytes(100_000)] * count))
        protocol = await _protocol(server)
        await eventually(lambda: protocol._stream._paused)
        assert not writing.done()
        may_read.set()
        await soon(writing, 20)
        await eventually(lambda: len(got) == count, 20)

        assert (await websocket.close()).code == 1000


async def test_a_close_is_heard_although_the_application_does_not_receive() -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        await closed.wait()
        await send({"type": "websocket.close", "code": 4000})

    closed = asyncio.Event()
    async with running(application, ws_max_queue=1) as server:
        websocket = await server.open()
        await websocket.send(*["x"] * 100)
        protocol = await _protocol(server)
        await eventually(lambda: protocol._stream._held)
        closed.set()

        assert (await websocket.closed()).code == 4000
        await eventually(lambda: not server.server.server_state.connections)


# -- pings -------------------------------------------------------------------------------------


async def test_the_server_pings() -> None:
    async with running(Recorder(), ws_ping_interval=0.02, ws_ping_timeout=5) as server:
        websocket = await server.open()
        for _ in range(3):
            frame = await websocket.read_frame()
            assert (frame.opcode, len(frame.payload)) == (Opcode.PING, 4)
            await websocket.frame(Opcode.PONG, b"another")
            await websocket.frame(Opcode.PONG, frame.payload)


async def test_the_server_pings_on_where_no_pong_is_wanted() -> None:
    async with running(Recorder(), ws_ping_interval=0.02, ws_ping_timeout=None) as server:
        websocket = await server.open()
        pings = [await websocket.read_frame() for _ in range(3)]

        assert {frame.opcode for frame in pings} == {Opcode.PING}


async def test_a_client_that_does_not_answer_pings() -> None:
    recorder = Recorder()
    async with running(recorder, ws_ping_interval=0.02, ws_ping_timeout=0.02) as server:
        websocket = await server.open()
        assert (await websocket.read_frame()).opcode is Opcode.PING
        with pytest.raises(Closed) as caught:
            await websocket.receive()

        assert caught.value.code == 1011
        assert (await recorder.ended())[0] == 1011


async def test_f55_pings_of_a_client_that_reads_nothing_take_no_memory() -> None:
    count, payload = 100_000, bytes(121)
    async with running(Recorder(), ws_ping_interval=None) as server:
        websocket = await server.open()
        flood = b"".join(
            encode_frame(Opcode.PING, payload + number.to_bytes(4, "big"))
            for number in range(count)
        )
        await soon(websocket.connection.write(flood), 30)
        protocol = await _protocol(server)

        assert protocol._transport.get_write_buffer_size() < 100_000
        number = -1
        while number < count - 1:
            frame = await websocket.read_frame()
            assert frame.opcode is Opcode.PONG
            assert int.from_bytes(frame.payload[-4:], "big") > number
            number = int.from_bytes(frame.payload[-4:], "big")


async def test_pings_are_answered() -> None:
    async with running(Recorder(), ws_ping_interval=None) as server:
        websocket = await server.open()
        await websocket.frame(Opcode.PING, b"abc")
        frame = await websocket.read_frame()

        assert (frame.opcode, frame.payload) == (Opcode.PONG, b"abc")
