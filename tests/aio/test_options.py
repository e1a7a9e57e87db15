"""Options as an application meets them: what is refused, and what they change."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

import engineio
from engineio.testing import Client, ConnectionRejected
from tests.aio.served import Served

Serve = Callable[..., Served]


def test_an_unknown_option_names_what_was_meant() -> None:
    with pytest.raises(engineio.ConfigError, match="did you mean ping_interval"):
        engineio.AsyncServer(
            async_mode="asgi",
            ping_intervall=5,  # type: ignore[call-arg]  # the mistake is what is tested
        )


def test_an_unknown_mode_lists_the_modes() -> None:
    with pytest.raises(engineio.ConfigError, match="aiohttp, tornado, sanic, asgi"):
        engineio.AsyncServer(async_mode="threading")


def test_a_server_for_asgi_is_not_attached() -> None:
    with pytest.raises(engineio.ConfigError, match="ASGIApp"):
        engineio.AsyncServer(async_mode="asgi").attach(object())


def test_the_choice_of_a_mode_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "engineio")

    eio = engineio.AsyncServer()

    assert eio.async_mode in caplog.text
    assert "async_mode=" in caplog.text


async def test_the_first_client_logs_what_is_offered(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "engineio")
    served = serve(ping_interval=7, transports=["websocket"])

    for _ in range(2):
        async with served.client("websocket"):
            pass

    lines = [text for text in caplog.messages if text.startswith("serving")]
    assert lines == ["serving websocket; upgrades on; ping every 7 s, timeout 20 s"]


async def test_the_client_learns_the_times_and_limits(serve: Serve, carrier: str) -> None:
    served = serve(ping_interval=1.25, ping_timeout=0.5, max_http_buffer_size=5_000)

    async with served.client(carrier) as client:
        offered = ["websocket"] if carrier == "polling" else []
        assert client.handshake == {
            "sid": client.sid,
            "upgrades": offered,
            "pingInterval": 1250,
            "pingTimeout": 500,
            "maxPayload": 5000,
        }


async def test_upgrades_can_be_off(serve: Serve) -> None:
    served = serve(allow_upgrades=False)

    async with served.client("polling") as client:
        assert client.handshake["upgrades"] == []
        with pytest.raises(ConnectionRejected, match="400"):
            await served.client("websocket", query={"sid": client.sid}).connect()


async def test_a_transport_can_be_off(serve: Serve) -> None:
    served = serve(transports="polling")

    async with served.client("polling") as client:
        assert client.handshake["upgrades"] == []
    with pytest.raises(ConnectionRejected) as caught:
        await served.client("websocket").connect()
    assert json.loads(caught.value.body)["code"] == 0


@pytest.mark.parametrize("revision", [3, 4])
async def test_revision_3_is_off_by_default(serve: Serve, carrier: str, revision: int) -> None:
    client = serve().client(carrier, revision=revision)

    if revision == 4:
        async with client:
            return
    with pytest.raises(ConnectionRejected) as caught:
        await client.connect()
    assert json.loads(caught.value.body)["code"] == 5


async def test_the_number_of_sessions_is_limited(serve: Serve, carrier: str) -> None:
    served = serve(max_sessions=3, max_sessions_per_address=2)

    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(served.client(carrier))
        with pytest.raises(ConnectionRejected, match="503"):
            await served.client(carrier).connect()
        elsewhere = {"client": ("10.0.0.1", 1)}
        await stack.enter_async_context(served.client(carrier, scope=elsewhere))
        with pytest.raises(ConnectionRejected, match="503") as caught:
            await served.client(carrier, scope={"client": ("10.0.0.2", 1)}).connect()
        assert caught.value.answer is not None
        assert caught.value.answer.header("Retry-After")
    async with served.client(carrier):
        assert len(served.eio.sids) == 1


async def test_sids_may_be_made_elsewhere(serve: Serve, carrier: str) -> None:
    served = serve(generate_id=lambda request: request.headers.get("x-id"))

    async with served.client(carrier, headers={"X-Id": "mine"}) as client:
        assert client.sid == "mine"
        with pytest.raises(ConnectionRejected, match="400"):
            await served.client(carrier, headers={"X-Id": "mine"}).connect()
    with pytest.raises(ConnectionRejected, match="400"):
        await served.client(carrier).connect()


@pytest.mark.parametrize(
    ("verdict", "status", "text"),
    [(True, 0, ""), (False, 403, "Forbidden"), ("not today", 403, "not today")],
)
async def test_requests_may_be_refused_before_anything_else(
    serve: Serve, carrier: str, verdict: Any, status: int, text: str
) -> None:
    served = serve(allow_request=lambda request: verdict)

    if not status:
        async with served.client(carrier):
            return
    with pytest.raises(ConnectionRejected) as caught:
        await served.client(carrier).connect()
    assert caught.value.status == status
    assert json.loads(caught.value.body) == {"code": 4, "message": text}


ORIGIN = {"Origin": "https://chat.test"}
FORWARDED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "chat.test",
    "X-Forwarded-For": "203.0.113.9",
}


@pytest.mark.parametrize(
    ("options", "headers", "is_allowed"),
    [
        ({}, {}, True),
        ({}, {"Origin": "http://testserver"}, True),
        ({}, {"Origin": "https://testserver"}, False),
        ({}, ORIGIN, False),
        ({"cors_allowed_origins": "https://chat.test"}, ORIGIN, True),
        ({"cors_allowed_origins": lambda origin: origin.endswith(".test")}, ORIGIN, True),
        ({}, ORIGIN | FORWARDED, False),
        ({"trusted_proxies": ["10.0.0.0/8"]}, ORIGIN | FORWARDED, False),
        ({"trusted_proxies": ["127.0.0.1"]}, ORIGIN | FORWARDED, True),
    ],
)
async def test_origins_and_proxies(
    serve: Serve, carrier: str, options: dict[str, Any], headers: dict[str, str], is_allowed: bool
) -> None:
    served = serve(**options)
    client = served.client(carrier, headers=headers)

    if is_allowed:
        async with client:
            assert not client.closed
    else:
        with pytest.raises(ConnectionRejected, match="403"):
            await client.connect()


async def test_a_trusted_proxy_tells_the_address_that_is_counted(serve: Serve) -> None:
    served = serve(trusted_proxies=["127.0.0.1"], max_sessions_per_address=1)

    async with AsyncExitStack() as stack:
        for address in ("203.0.113.1", "203.0.113.2"):
            headers = {"X-Forwarded-For": address}
            await stack.enter_async_context(served.client(headers=headers))
        with pytest.raises(ConnectionRejected, match="503"):
            await served.client(headers={"X-Forwarded-For": "203.0.113.1"}).connect()


async def test_answers_are_compressed_for_those_who_take_it(serve: Serve) -> None:
    served = serve(compression_threshold=100)
    encodings: list[bytes] = []

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        async def watching(event: Any) -> None:
            encodings.extend(v for k, v in event.get("headers", ()) if k == b"content-encoding")
            await send(event)

        await served.app(scope, receive, watching)

    client = served.client(headers={"Accept-Encoding": "gzip"})
    client.network.app = watched  # type: ignore[attr-defined]  # it is in memory
    await client.connect()
    await served.eio.send(client.sid, "x" * 1_000)
    await served.clock.settle()
    client.abort()
    await client.network.finish()

    assert encodings == [b"gzip"]


async def test_sub_second_heartbeats_work(serve: Serve, transport: str) -> None:
    served = serve(ping_interval=0.05, ping_timeout=0.02)

    async with served.client(transport) as client:
        await served.clock.advance(1.0)
        assert not client.closed
        client._machine._heartbeats = False
        await served.clock.advance(0.08)
        assert client.closed


async def test_the_number_of_packets_in_an_answer_may_be_limited(serve: Serve) -> None:
    served = serve(max_packets_per_poll=16)
    counts: list[int] = []

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        async def watching(event: Any) -> None:
            counts.append(event.get("body", b"").count(b"\x1e") + 1)
            await send(event)

        await served.app(scope, receive, watching)

    client = served.client()
    client.network.app = watched  # type: ignore[attr-defined]  # it is in memory
    async with client:
        client.stop_reading()
        await asyncio.gather(*(served.eio.send(client.sid, str(n)) for n in range(100)))
        client.start_reading()
        assert [await client.receive() for _ in range(100)] == [str(n) for n in range(100)]

    assert max(counts) == 16


async def test_options_that_come_after_the_handlers() -> None:
    """As an application has them whose framework reads its configuration late."""
    eio = engineio.AsyncServer(async_mode="asgi", ping_interval=20, ping_timeout=7)
    heard: list[str] = []
    eio.on("message", lambda sid, data: heard.append(data))
    eio.on("headers", lambda headers, request: headers.append(("X-Served-By", "a")))

    eio.configure(ping_interval=21, sync_handlers="inline")

    async with Client(engineio.ASGIApp(eio)) as client:
        assert client.handshake["pingInterval"] == 21_000
        assert client.handshake["pingTimeout"] == 7_000
        assert client.response is not None
        assert client.response.header("X-Served-By") == "a"
        await client.send("hello")
        with pytest.raises(RuntimeError, match="in use"):
            eio.configure(ping_interval=22)
    assert heard == ["hello"]
    with pytest.raises(engineio.ConfigError, match="did you mean ping_interval"):
        engineio.AsyncServer(async_mode="asgi").configure(
            ping_intervall=5,  # type: ignore[call-arg]  # the mistake is what is tested
        )
