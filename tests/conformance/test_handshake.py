"""The handshake (protocol.md section 2; checklist "handshake"; faults F-9 to F-13)."""

import asyncio
import json
import re

import pytest

from tests.conformance.application.profiles import INTERVAL, TIMEOUT
from tests.conformance.harness.deployment import Ability
from tests.conformance.harness.expect import (
    BAD_REQUEST,
    FORBIDDEN,
    SESSION_UNKNOWN,
    assert_refused,
    assert_websocket_refused,
)
from tests.conformance.harness.http import Response
from tests.conformance.harness.payload import split
from tests.conformance.harness.server import Server
from tests.conformance.harness.websocket import WebSocket


async def test_polling_handshake_is_answered_with_the_open_packet(server: Server) -> None:
    """GET without a sid: the answer is an OPEN packet with these five keys."""
    session = await server.polling()

    assert session.opening == {
        "sid": session.sid,
        "upgrades": ["websocket"],
        "pingInterval": 25_000,
        "pingTimeout": 20_000,
        "maxPayload": 1_000_000,
    }
    assert session.response.header("content-type") == "text/plain; charset=UTF-8"
    assert session.response.header("cache-control") == "no-store"
    await session.echo("hello")


async def test_websocket_handshake_is_answered_with_the_open_packet(server: Server) -> None:
    """`upgrades` is empty on a WebSocket."""
    session = await server.websocket()

    assert session.opening == {
        "sid": session.sid,
        "upgrades": [],
        "pingInterval": 25_000,
        "pingTimeout": 20_000,
        "maxPayload": 1_000_000,
    }
    await session.echo("hello")


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_sub_second_intervals_reach_the_handshake_exactly(
    server: Server, transport: str
) -> None:
    """`pingInterval`, `pingTimeout`: integer milliseconds."""
    open_session = server.polling if transport == "polling" else server.websocket
    session = await open_session("heartbeat")

    assert session.opening["pingInterval"] == round(INTERVAL * 1_000)
    assert session.opening["pingTimeout"] == round(TIMEOUT * 1_000)
    assert isinstance(session.opening["pingInterval"], int)


@pytest.mark.parametrize("profile", ["no-upgrades", "polling-only"])
async def test_upgrades_are_offered_only_when_possible(server: Server, profile: str) -> None:
    """`upgrades` is empty when upgrades are off, or no other transport is enabled."""
    session = await server.polling(profile)

    assert session.opening["upgrades"] == []


async def test_max_payload_is_the_servers_limit(server: Server) -> None:
    """`maxPayload`: the limit in bytes."""
    assert (await server.polling("small")).opening["maxPayload"] == 1_000


async def test_sids_are_unguessable(server: Server) -> None:
    """128 random bits without a counter: no two sids share a beginning or an end (F-91)."""
    sids = [(await server.polling()).sid for _ in range(20)]

    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22,}", sid) for sid in sids)
    for end in (slice(None, 6), slice(-6, None)):
        assert len({sid[end] for sid in sids}) == len(sids)


async def test_the_application_makes_its_own_sids(server: Server) -> None:
    """An id generator of the application's is used on both transports."""
    polling = await server.polling("guarded", fields=[("X-Id", "mine-1")])
    websocket = await server.websocket("guarded", fields=[("X-Id", "mine-2")])

    assert (polling.sid, websocket.sid) == ("mine-1", "mine-2")
    await polling.echo("one")
    await websocket.echo("two")


async def test_a_failing_id_generator_refuses_the_client(server: Server) -> None:
    """ID_GENERATION_ERROR is code 3, on both transports."""
    server.expected_errors.append("asked to fail")
    fields = [("X-Broken-Id", "1")]

    assert_refused(server, await server.get(server.target("guarded"), fields=fields), BAD_REQUEST)
    target = server.target("guarded", transport="websocket")
    assert_websocket_refused(server, await server.ask_websocket(target, fields=fields), BAD_REQUEST)


async def test_messages_sent_while_connecting_follow_the_open_packet(server: Server) -> None:
    """Packets queued during the connect callback may ride in the same first response."""
    polling = await server.polling(connect="send:one,two")
    assert await polling.collect(2) == ["4one", "4two"]

    websocket = await server.websocket(connect="send:one,two")
    assert [await websocket.receive() for _ in range(2)] == ["4one", "4two"]


async def test_the_path_may_lack_its_slash(server: Server) -> None:
    """`/engine.io?...` is served like `/engine.io/?...`, on both transports."""
    key = server.new_key()
    polling = await server.get(f"/engine.io?EIO=4&transport=polling&key={key}")
    assert polling.status == 200
    sid = json.loads(split(polling.body)[0][1:])["sid"]
    target = f"/engine.io?EIO=4&transport=polling&key={key}&sid={sid}"
    assert (await server.post(target, b"1")).body == b"ok"

    websocket = await server.ask_websocket(f"/engine.io?EIO=4&transport=websocket&key={key}")
    assert isinstance(websocket, WebSocket)
    assert str(await websocket.receive()).startswith("0{")


@pytest.mark.parametrize(
    "path",
    [
        "/engine.ioX/",
        "/engine.io/x",
        "/engine.io//x",
        "/engine.io//",
        "//engine.io/",
        "/engine.io/..%2f",
        "/engine.io/%2e%2e/",
        "/engine.io/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/engine.io/..;/",
        "/ENGINE.IO/",
        "/",
        "/engine",
    ],
)
async def test_f09_other_paths_are_not_ours(server: Server, path: str) -> None:
    """Exact match rules: requests elsewhere reach the application beside the server (SEC-50)."""
    if path.startswith("//") and not server.can(Ability.RAW_PATHS):
        return
    answer = await server.get(f"{path}?EIO=4&transport=polling")
    assert answer.status == 404
    assert b"pingInterval" not in answer.body

    websocket = await server.ask_websocket(f"{path}?EIO=4&transport=websocket")
    assert isinstance(websocket, Response)
    assert websocket.status == 403


async def test_f13_one_address_does_not_fill_the_server(server: Server) -> None:
    """A cap per client address: 503 and Retry-After; room is made by leaving."""
    first = await server.polling("capped-address")
    second = await server.websocket("capped-address")

    answer = await server.get(server.target("capped-address"))
    assert answer.status == 503
    assert answer.header("retry-after") is not None
    assert answer.header("cache-control") == "no-store"

    await second.close()
    await second.finish()
    await (await server.polling("capped-address")).echo("room")
    await first.echo("room")


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_the_application_sees_the_request(server: Server, transport: str) -> None:
    """Query data, extra header fields and the peer's address reach the `connect` handler."""
    open_session = server.polling if transport == "polling" else server.websocket
    session = await open_session(token="a b&c=€", fields=[("X-Custom", "value")])
    await session.send("4!visitor")
    packet = (
        await session.receive() if isinstance(session, WebSocket) else (await session.poll())[0]
    )
    visitor = json.loads(str(packet)[1:])

    assert visitor["query"]["token"] == "a b&c=€"
    assert visitor["query"]["transport"] == transport
    assert visitor["headers"]["x-custom"] == "value"
    assert visitor["address"] == "127.0.0.1"


async def test_unknown_parameters_do_no_harm(server: Server) -> None:
    """`t` (the cache buster) and parameters of the application's are ignored."""
    session = await server.polling(t="O_abc", b64="1", odd="")
    await session.echo("hello")


@pytest.mark.parametrize(
    ("wish", "status", "body"),
    [
        ("false", 401, "Unauthorized"),
        ("text:go away", 401, "go away"),
        ("data:of reasons", 401, {"why": "of reasons"}),
        ("status:403", 403, {"why": "status"}),
    ],
)
async def test_f10_the_application_refuses(
    server: Server, wish: str, status: int, body: object
) -> None:
    """The refusal and its body reach the client; there is no session and no disconnect event."""
    key = server.new_key()

    assert_refused(
        server,
        await server.get(server.target(key=key, connect=wish)),
        body,
        status=status,
    )
    target = server.target(transport="websocket", key=key, connect=wish)
    assert_websocket_refused(server, await server.ask_websocket(target), body, status=status)
    account = await server.account(key)
    assert account.order == ("refuse", "refuse")
    for sid in account.refusals:
        assert_refused(server, await server.get(server.target(sid=sid)), SESSION_UNKNOWN)


async def test_f10_a_failing_connect_handler_refuses(server: Server) -> None:
    """A connect handler that raises lets nobody in; there is no disconnect event."""
    server.expected_errors.append("asked to fail")
    key = server.new_key()

    polling = await server.get(server.target(key=key, connect="fail"))
    websocket = await server.ask_websocket(
        server.target(transport="websocket", key=key, connect="fail")
    )

    assert polling.status in {401, 403, 500}
    assert isinstance(websocket, Response)
    assert websocket.status in {401, 403, 500}
    assert (await server.account(key)).order == ()


async def test_a_guard_refuses_with_its_own_text(server: Server) -> None:
    """allowRequest refused: 403, code 4, "Forbidden" or the application's text."""
    for field, error in (
        (("X-Forbid", "1"), FORBIDDEN),
        (("X-Refuse", "not today"), {"code": 4, "message": "not today"}),
    ):
        polling = await server.get(server.target("guarded"), fields=[field])
        assert_refused(server, polling, error, status=403)
        websocket = await server.ask_websocket(
            server.target("guarded", transport="websocket"), fields=[field]
        )
        assert_websocket_refused(server, websocket, error, status=403)


async def test_f06_a_guard_sees_every_request(server: Server) -> None:
    """A binding hook must get a chance to refuse every request with somebody's sid."""
    session = await server.polling("guarded")

    stolen = await server.get(session.target(), fields=[("X-Forbid", "1")])

    assert_refused(server, stolen, FORBIDDEN, status=403)
    await session.echo("unharmed")


async def test_f06_a_sid_of_another_session_works(server: Server) -> None:
    """A sid is a bearer secret: whoever has it is the client."""
    session = await server.polling()
    await session.send("4hello")

    answer = await server.get(server.target(sid=session.sid), fields=[("User-Agent", "other")])

    assert split(answer.body) == ["4hello"]


@pytest.mark.timing
async def test_f11_a_client_that_leaves_a_slow_connect_handler(server: Server) -> None:
    """Disconnect event at most 1 s after the handler returns, reason transport close."""
    key = server.new_key()
    connection = await server.connect()
    target = server.target(key=key, connect="slow:0.3")
    await connection.write(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await server.until(lambda: server.account(key), lambda account: account.notes != ())
    connection.reset()

    account = await server.disconnected(key, within=1.5)

    assert account.reason == "transport close"


async def test_f12_a_connect_handler_that_takes_too_long(server: Server) -> None:
    """Handshake deadline: 503, and no disconnect event."""
    key = server.new_key()

    answer = await server.get(server.target("impatient", key=key, connect="slow:2"))

    assert answer.status == 503
    assert answer.header("retry-after") is not None
    assert "connect" not in (await server.account(key)).order


async def test_f12_a_sid_does_not_exist_before_the_application_said_yes(server: Server) -> None:
    """Requests for the sid are answered 400 until the session is open (SEC-14)."""
    key = server.new_key()
    async with asyncio.TaskGroup() as group:
        handshake = group.create_task(
            server.get(
                server.target("guarded", key=key, connect="slow:0.3"),
                fields=[("X-Id", "early-bird")],
            )
        )
        await server.until(lambda: server.account(key), lambda account: account.notes != ())
        early = server.target("guarded", sid="early-bird")
        assert_refused(server, await server.post(early, b"4too early"), SESSION_UNKNOWN)
        assert_refused(server, await server.get(early), SESSION_UNKNOWN)

    assert handshake.result().status == 200
    assert (await server.post(early, b"1")).body == b"ok"
    account = await server.disconnected(key)
    assert account.messages == ()


@pytest.mark.timing
async def test_f13_a_handshake_that_is_never_followed_up(server: Server) -> None:
    """A session that is never polled is dropped after a grace time of its own."""
    session = await server.polling("impatient")

    assert await session.finish(within=1.5) in {"ping timeout", "transport close"}
    assert_refused(server, await session.get(), SESSION_UNKNOWN)


async def test_f13_a_full_server_says_when_to_come_back(server: Server) -> None:
    """A cap per process: 503 and Retry-After, on both transports; room is made by leaving."""
    first = await server.polling("capped")
    second = await server.websocket("capped")

    polling = await server.get(server.target("capped"))
    assert polling.status == 503
    assert polling.header("retry-after") is not None
    websocket = await server.ask_websocket(server.target("capped", transport="websocket"))
    assert isinstance(websocket, Response)

    await second.close()
    await second.finish()
    third = await server.polling("capped")
    await third.echo("room")
    await first.echo("room")


async def test_f14_a_large_request_head_is_served(server: Server) -> None:
    """Large cookies and 80 header fields at the handshake are handled."""
    fields = [(f"X-Field-{number}", "value") for number in range(80)]
    session = await server.polling(fields=[*fields, ("Cookie", "big=" + "x" * 4_000)])
    await session.echo("hello")
