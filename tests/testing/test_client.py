"""The client against the real server, and against applications that do what servers should not."""

import asyncio
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import pytest

import engineio
from engineio.protocol.packet import Packet, PacketType
from engineio.testing import Client, ConnectionClosed, ConnectionRejected, FakeClock

Texts = list[tuple[str, Any]]


class Application:
    """An echo server, and what its handlers heard."""

    def __init__(self, **options: Any) -> None:
        self.heard: Texts = []
        self.eio = engineio.AsyncServer(async_mode="asgi", allow_eio3=True, **options)
        self.app = engineio.ASGIApp(self.eio, handle_signals=False)
        self.eio.on("connect", self._connect)
        self.eio.on("message", self._message)
        self.eio.on("disconnect", self._disconnect)

    async def _connect(self, sid: str, environ: Any) -> Any:
        self.heard.append(("connect", environ))
        return environ.get("HTTP_REFUSE", True) is True or {"why": environ["HTTP_REFUSE"]}

    async def _message(self, sid: str, data: Any) -> None:
        self.heard.append(("message", data))
        if data == "!close":
            await self.eio.disconnect(sid)
        else:
            await self.eio.send(sid, data)

    async def _disconnect(self, sid: str, reason: str, info: engineio.DisconnectInfo) -> None:
        self.heard.append((reason, info.code))


ALL = [(kind, revision) for kind in ("polling", "websocket", "upgrade") for revision in (3, 4)]


@pytest.mark.parametrize(("transport", "revision"), ALL)
async def test_messages_come_back_as_they_were(transport: Any, revision: int) -> None:
    application = Application()

    async with Client(application.app, transport=transport, revision=revision) as client:
        assert client.transport == ("polling" if transport == "polling" else "websocket")
        assert client.sid == client.handshake["sid"] != ""
        for data in ("hello", "", "€ 😀", b"\x00\x04", b""):
            await client.send(data)
            assert await client.receive() == data
        await client.send({"a": [1]})
        assert await client.receive_json() == {"a": [1]}
        assert await client.receive_nothing()
        assert not client.closed

    assert client.closed
    reason = "client disconnect" if transport == "polling" else "transport close"
    assert application.heard[-1][0] == reason


async def test_base64_clients_of_revision_3_get_text_alone() -> None:
    async with Client(Application().app, revision=3, query={"b64": "1"}) as client:
        await client.send(b"\x01\x02")
        assert await client.receive() == b"\x01\x02"


async def test_several_clients_talk_at_the_same_time() -> None:
    application = Application()

    async def talk(number: int) -> None:
        kind: Any = ("polling", "websocket", "upgrade")[number % 3]
        async with Client(application.app, transport=kind) as client:
            for count in range(5):
                await client.send(f"{number} {count}")
                assert await client.receive() == f"{number} {count}"

    async with asyncio.TaskGroup() as group:
        for number in range(12):
            group.create_task(talk(number))


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_a_refusal_is_raised_and_kept(transport: Any) -> None:
    client = Client(Application().app, transport=transport, headers={"Refuse": "late"})

    with pytest.raises(ConnectionRejected) as caught:
        await client.connect()

    assert (caught.value.status, caught.value.body) == (401, b'{"why":"late"}')
    assert client.rejected is not None
    assert client.rejected.json() == {"why": "late"}
    assert client.rejected.header("Content-Type") == "application/json"
    assert client.closed
    assert client.sid == ""


async def test_an_upgrade_that_is_not_offered_is_an_error() -> None:
    application = Application(transports=["polling"])

    with pytest.raises(RuntimeError, match="offers no upgrade"):
        await Client(application.app, transport="upgrade").connect()
    assert application.heard[-1][0] == "transport error"


async def test_a_refused_upgrade_leaves_polling_as_it_was() -> None:
    application = Application()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            await application.app(scope, receive, send)

    async with Client(app) as client:
        with pytest.raises(ConnectionRejected, match="403"):
            await client.upgrade()
        await client.send("still here")
        assert await client.receive() == "still here"
        assert client.transport == "polling"


async def test_headers_cookies_query_and_scope_reach_the_server() -> None:
    application = Application(cookie="node")
    client = Client(
        application.app,
        transport="upgrade",
        path="/engine.io",
        headers=[("X-One", "1"), ("Host", "example.test")],
        cookies={"user": "ada"},
        query={"token": "a b"},
        scope={"client": ("10.1.2.3", 4), "scheme": "https"},
    )

    async with client:
        assert client.cookies == {"user": "ada", "node": client.sid}
        assert client.response is not None
        assert "node=" in (client.response.header("set-cookie") or "")

    environ = application.heard[0][1]
    assert environ["HTTP_X_ONE"] == "1"
    assert environ["HTTP_HOST"] == "example.test"
    assert environ["HTTP_COOKIE"] == "user=ada"
    assert "token=a+b" in environ["QUERY_STRING"]
    assert environ["REMOTE_ADDR"] == "10.1.2.3"
    assert environ["wsgi.url_scheme"] == "https"


@pytest.mark.parametrize(("transport", "code"), [("polling", None), ("websocket", 1000)])
async def test_the_server_closes(transport: Any, code: int | None) -> None:
    async with Client(Application().app, transport=transport) as client:
        await client.send("first")
        await client.send("!close")
        await client.wait_closed()

        assert client.close_code == code
        assert client.close_reason
        assert await client.receive() == "first"
        with pytest.raises(ConnectionClosed) as caught:
            await client.receive()
        assert (caught.value.code, caught.value.reason) == (code, client.close_reason)
        with pytest.raises(ConnectionClosed):
            await client.send("too late")


async def test_a_close_code_reaches_the_server() -> None:
    application = Application()

    async with Client(application.app, transport="websocket") as client:
        await client.close(4001, "done")

    assert application.heard[-1] == ("transport close", 4001)


@pytest.mark.parametrize(
    ("transport", "reason"), [("polling", "transport error"), ("websocket", "transport close")]
)
async def test_an_abort_is_a_loss_for_the_server(transport: Any, reason: str) -> None:
    application = Application()

    async with Client(application.app, transport=transport) as client:
        client.abort()
        assert client.closed

    assert application.heard[-1][0] == reason


@pytest.mark.parametrize(("transport", "revision"), ALL)
async def test_heartbeats_keep_a_session_alive(transport: Any, revision: int) -> None:
    clock = FakeClock()
    application = Application(clock=clock)

    async with Client(
        application.app, transport=transport, revision=revision, clock=clock
    ) as client:
        for _ in range(20):
            await clock.advance(12.5)

        assert not client.closed
        wanted = PacketType.PING if revision == 4 else PacketType.PONG
        beats = [packet for packet in client.packets if packet == Packet(wanted)]
        assert len(beats) == 10
    await clock.advance(60.0)
    assert clock.scheduled <= 1


@pytest.mark.parametrize(("transport", "revision"), ALL)
async def test_without_heartbeats_the_server_gives_up(transport: Any, revision: int) -> None:
    clock = FakeClock()
    application = Application(clock=clock)

    async with Client(
        application.app, transport=transport, revision=revision, heartbeats=False, clock=clock
    ) as client:
        await clock.advance(44.9)
        assert not client.closed
        await (client.pong() if revision == 4 else client.ping())
        await clock.advance(44.9)
        assert not client.closed
        await clock.advance(0.2)
        assert client.closed

    assert application.heard[-1][0] == "ping timeout"


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_a_reader_that_stops_gets_the_rest_later(transport: Any) -> None:
    application = Application()

    async with Client(application.app, transport=transport) as client:
        await client.send("before")
        assert await client.receive() == "before"
        client.stop_reading()
        # The poll that is under way may still bring one answer.
        await application.eio.send(client.sid, "one")
        await application.eio.send(client.sid, "two")
        assert await client.receive_nothing() or await client.receive() == "one"
        assert await client.receive_nothing()

        client.start_reading()

        rest = [await client.receive()]
        if rest == ["one"]:
            rest.append(await client.receive())
        assert rest[-1] == "two"


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_raw_data_is_sent_as_it_is(transport: Any) -> None:
    application = Application()

    async with Client(application.app, transport=transport) as client:
        await client.send_raw("4fine")
        assert await client.receive() == "fine"
        with suppress(ConnectionClosed):
            await client.send_raw("nonsense")
        await client.wait_closed()
        assert (client.rejected is not None) == (transport == "polling")

    assert application.heard[-1][0] == "parse error"


async def test_an_error_of_the_application_is_the_errors_of_the_test() -> None:
    async def broken(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        raise LookupError("a bug")

    for transport in ("polling", "websocket"):
        client = Client(broken, transport=transport)
        with pytest.raises(LookupError):
            await client.connect()


async def test_an_error_behind_the_back_of_the_client_is_not_lost() -> None:
    application = Application()

    async def broken(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        await application.app(scope, receive, send)
        raise LookupError("a bug")

    with pytest.raises(LookupError):
        async with Client(broken, transport="websocket"):
            pass


async def test_a_server_that_never_answers_is_not_waited_for() -> None:
    async def silent(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    with pytest.raises(TimeoutError, match=r"no session within 0\.05 s"):
        await Client(silent).connect(timeout=0.05)


async def test_a_message_that_does_not_come_is_a_timeout_with_a_sentence() -> None:
    async with Client(Application().app) as client:
        with pytest.raises(TimeoutError, match=r"no message within 0\.01 s"):
            await client.receive(timeout=0.01)
