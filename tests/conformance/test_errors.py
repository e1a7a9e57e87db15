"""Requests that are refused (protocol.md section 6; checklist "verification"; faults F-1 to F-8).

Each is answered at once with the right code, a WebSocket before it is accepted.
"""

import asyncio
from typing import Any
from urllib.parse import quote

import pytest

from tests.conformance.harness.deployment import Ability
from tests.conformance.harness.expect import (
    BAD_METHOD,
    BAD_REQUEST,
    SESSION_UNKNOWN,
    TRANSPORT_UNKNOWN,
    UNSUPPORTED_VERSION,
    assert_prompt,
    assert_refused,
    assert_websocket_refused,
)
from tests.conformance.harness.http import request_bytes
from tests.conformance.harness.server import Server
from tests.conformance.harness.websocket import WebSocket, upgrade_fields

ODD_TRANSPORTS = {
    "missing": "",
    "empty": "&transport=",
    "unknown": "&transport=carrier-pigeon",
    "upper case": "&transport=Polling",
    "constructor": "&transport=constructor",
    "prototype": "&transport=__proto__",
    "array": "&transport[]=polling",
    "nul": "&transport=%00",
    "twice": "&transport=polling&transport=websocket",
    "twice the same": "&transport=polling&transport=polling",
    "not offered": "&transport=webtransport",
}
ODD_VERSIONS = {
    "missing": "",
    "empty": "&EIO=",
    "off": "&EIO=3",
    "next": "&EIO=5",
    "padded": "&EIO=04",
    "arabic digit": "&EIO=%D9%A4",
    "twice": "&EIO=4&EIO=4",
    "text": "&EIO=four",
}
ODD_SIDS = {
    "unknown": "AAAAAAAAAAAAAAAAAAAAAA",
    "empty": "",
    "long": "x" * 2_000,
    "percent-encoded": "%41%42",
    "nul": "a%00b",
    "not UTF-8": "%ff%fe",
    "line break": "x%0d%0aSet-Cookie:%20a=b",
    "markup": "%3Cscript%3E",
    "prototype": "__proto__",
}


def _each(cases: dict[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("query", list(cases.values()), ids=list(cases))


async def _refused_or_dropped(server: Server, target: str) -> None:
    if server.can(Ability.LONG_TARGETS):
        answer = await server.get(target)
        assert 400 <= answer.status < 500
        assert_prompt(server, answer)
    else:
        connection = await server.connect()
        await connection.write(request_bytes("GET", target))
        await connection.ended()


@_each(ODD_TRANSPORTS)
async def test_f01_odd_transport(server: Server, query: str) -> None:
    """`transport` missing, unknown, disabled or doubled: 400 code 0, never a default."""
    target = f"/engine.io/?EIO=4{query}"

    assert_refused(server, await server.get(target), TRANSPORT_UNKNOWN)
    assert_websocket_refused(server, await server.ask_websocket(target), TRANSPORT_UNKNOWN)


async def test_f01_disabled_transport(server: Server) -> None:
    """A transport that this server does not offer is unknown."""
    assert_refused(server, await server.get(server.target("websocket-only")), TRANSPORT_UNKNOWN)
    target = server.target("polling-only", transport="websocket")
    assert_websocket_refused(server, await server.ask_websocket(target), TRANSPORT_UNKNOWN)


async def test_f01_transport_of_64_kib(server: Server) -> None:
    """Refused by the server below or by us, at once."""
    server.breaks_rules_below()
    await _refused_or_dropped(server, server.target(transport="x" * 65_536))


@_each(ODD_VERSIONS)
async def test_f02_odd_version(server: Server, query: str) -> None:
    """`EIO` missing or not accepted: 400 code 5, before a WebSocket is accepted."""
    polling = await server.get(f"/engine.io/?transport=polling{query}")
    assert_refused(server, polling, UNSUPPORTED_VERSION)

    websocket = await server.ask_websocket(f"/engine.io/?transport=websocket{query}")
    assert_websocket_refused(server, websocket, UNSUPPORTED_VERSION)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_f03_handshake_by_another_method(server: Server, method: str) -> None:
    """No sid and the method is not GET: 400 code 2."""
    answer = await server.request(method, server.target(), body=b"4x")

    assert_refused(server, answer, BAD_METHOD)


async def test_f03_handshake_by_head(server: Server) -> None:
    """HEAD is not GET either; it has no body to carry the code."""
    answer = await server.request("HEAD", server.target())

    assert answer.status == 400
    assert_prompt(server, answer)


async def test_f04_websocket_without_upgrade(server: Server) -> None:
    """`transport=websocket` as an ordinary request: 400 code 3."""
    answer = await server.get(server.target(transport="websocket"))

    assert_refused(server, answer, BAD_REQUEST)


async def test_f04_upgrade_to_polling(server: Server) -> None:
    """A WebSocket that claims to be polling is not accepted."""
    assert_websocket_refused(server, await server.ask_websocket(server.target()), BAD_REQUEST)


@_each(ODD_SIDS)
async def test_f05_odd_sid(server: Server, query: str) -> None:
    """400 code 1, exactly so, and the sid is echoed nowhere."""
    target = f"/engine.io/?EIO=4&transport=polling&sid={query}"

    for answer in (await server.get(target), await server.post(target, b"4x")):
        if answer.status == 414:
            # A limit of the server's own, below ours: nothing of the request reached us.
            assert_prompt(server, answer)
            return
        assert_refused(server, answer, SESSION_UNKNOWN)
        assert answer.body == b'{"code":1,"message":"Session ID unknown"}'
        assert not answer.headers("set-cookie")
    websocket = await server.ask_websocket(target.replace("polling", "websocket"))
    assert_websocket_refused(server, websocket, SESSION_UNKNOWN)


async def test_f05_sid_of_64_kib(server: Server) -> None:
    """Refused by the server below or by us, at once."""
    server.breaks_rules_below()
    await _refused_or_dropped(server, server.target(sid="x" * 65_536))


async def test_f05_a_sid_in_another_spelling(server: Server) -> None:
    """Percent-encoding is undone: it is the same sid, and the same transport."""
    session = await server.polling()
    await session.send("4hello")
    sid = "".join(f"%{ord(character):02x}" for character in session.sid)

    answer = await server.get(f"/engine.io/?EIO=%34&transport=%70olling&sid={sid}")

    assert (answer.status, answer.body) == (200, b"4hello")


async def test_f05_sid_twice(server: Server) -> None:
    """A repeated sid names no session; the session itself is unharmed."""
    session = await server.polling()

    assert_refused(server, await server.get(session.target(sid=session.sid)), SESSION_UNKNOWN)
    await session.echo("unharmed")


async def test_f07_polling_on_a_websocket_session(server: Server) -> None:
    """TRANSPORT_MISMATCH: 400 code 3 for GET and POST, the session is unharmed."""
    session = await server.websocket()
    target = server.target(sid=session.sid)

    assert_refused(server, await server.get(target), BAD_REQUEST)
    assert_refused(server, await server.post(target, b"4x"), BAD_REQUEST)
    await session.echo("unharmed")


async def test_f07_websocket_parameter_on_a_polling_session(server: Server) -> None:
    """A GET with `transport=websocket` and no upgrade: 400 code 3, the session is unharmed."""
    session = await server.polling()
    target = server.target(transport="websocket", sid=session.sid)

    assert_refused(server, await server.get(target), BAD_REQUEST)
    await session.echo("unharmed")


async def test_f07_version_of_another_revision(server: Server) -> None:
    """PROTOCOL_MISMATCH: EIO differs from the session's, 400 code 3, the session is unharmed."""
    session = await server.polling("legacy")
    target = server.target("legacy", EIO=3, sid=session.sid)

    assert_refused(server, await server.get(target), BAD_REQUEST)
    websocket = await server.ask_websocket(target.replace("polling", "websocket"))
    assert_websocket_refused(server, websocket, BAD_REQUEST)
    await session.echo("unharmed")


@pytest.mark.parametrize(
    "query",
    ["%ff=%fe&%", "a;b;c=d;" * 100, "&&&&=&=", "x=" + "%00" * 500],
    ids=["not UTF-8", "semicolons", "empty", "nul"],
)
async def test_f08_odd_queries(server: Server, query: str) -> None:
    """What we do not know is refused or ignored, at once."""
    key = server.new_key()
    answer = await server.get(f"{server.target(key=key)}&{query}")

    assert answer.status in {200, 400}
    assert_prompt(server, answer)
    if answer.status == 200:
        sid = answer.text.partition('"sid":"')[2].partition('"')[0]
        await server.post(server.target(sid=sid), b"1")


@pytest.mark.parametrize("count", [100, 10_000])
async def test_f08_a_great_many_parameters(server: Server, count: int) -> None:
    """A handshake that is right but for its 10 000 parameters: refused, and costs no time."""
    server.breaks_rules_below()
    key = server.new_key()
    query = "&".join(f"a{number}=1" for number in range(count))
    target = f"{server.target(key=key)}&{query}"
    if count == 100:
        assert_refused(server, await server.get(target), BAD_REQUEST)
        websocket = await server.ask_websocket(target.replace("polling", "websocket"))
        assert_websocket_refused(server, websocket, BAD_REQUEST)
    else:
        await _refused_or_dropped(server, target)
    assert (await server.account(key)).order == ()


async def test_f08_a_good_many_parameters(server: Server) -> None:
    """What an application may want to know: 50 parameters are no attack."""
    query: dict[str, Any] = {f"a{number}": number for number in range(50)}
    session = await server.polling(**query)
    await session.echo("hello")


async def test_the_order_of_the_checks(server: Server) -> None:
    """Transport, then sid, or without one the method, and the version last."""
    session = await server.polling()
    cases: tuple[tuple[dict[str, Any], object], ...] = (
        ({"transport": "pigeon", "sid": "unknown", "EIO": 9}, TRANSPORT_UNKNOWN),
        ({"transport": "pigeon", "sid": session.sid, "EIO": 9}, TRANSPORT_UNKNOWN),
        ({"sid": "unknown", "EIO": 9}, SESSION_UNKNOWN),
        ({"sid": "unknown", "EIO": None}, SESSION_UNKNOWN),
        ({"sid": "unknown", "transport": "websocket"}, SESSION_UNKNOWN),
        ({"sid": session.sid, "EIO": 9}, BAD_REQUEST),
        ({"sid": session.sid, "EIO": None}, BAD_REQUEST),
        ({"transport": "pigeon", "EIO": 9}, TRANSPORT_UNKNOWN),
        ({"EIO": 9}, BAD_METHOD),
    )
    for query, error in cases:
        answer = await server.post(server.target(**query), b"4x")
        assert_refused(server, answer, error)
    assert_refused(server, await server.get(server.target(EIO=9)), UNSUPPORTED_VERSION)
    await session.echo("unharmed")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
async def test_f44_other_methods_on_a_session(server: Server, method: str) -> None:
    """Any method but GET and POST with a sid: 400 code 3, and the session is unharmed."""
    session = await server.polling()

    answer = await server.request(method, session.target())

    assert answer.status == 400
    if method != "HEAD":
        assert_refused(server, answer, BAD_REQUEST)
    await session.echo("unharmed")


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
async def test_f44_methods_that_servers_keep_for_themselves(server: Server, method: str) -> None:
    """Refused by the server below or by us; nothing is opened."""
    connection = await server.connect()
    await connection.write(request_bytes(method, server.target()))
    answer = await connection.response()

    assert 400 <= answer.status <= 501
    assert_prompt(server, answer)


@pytest.mark.parametrize("origin", ["http://a\x01b", "http://a\x7fb", "http://a\tb"])
async def test_an_origin_with_control_characters(server: Server, origin: str) -> None:
    """INVALID_ORIGIN: a control character in Origin is refused with 400."""
    server.breaks_rules_below()
    answer = await server.get(server.target(), fields=[("Origin", origin)])

    assert answer.status == 400
    assert_prompt(server, answer)


@pytest.mark.timing
async def test_sec02_garbage_behind_an_upgrade_request(server: Server) -> None:
    """Garbage in the segment of a WebSocket handshake does no harm (CVE-2022-21676)."""
    for garbage in (b"test", bytes.fromhex("f18000000000")):
        session = await server.polling("hurried")
        for target in (
            server.target("hurried", transport="websocket", key=server.new_key()),
            server.target("hurried", transport="websocket", sid=session.sid),
        ):
            connection = await server.connect()
            head = request_bytes("GET", target, fields=upgrade_fields())
            await connection.write(head + garbage)
            assert (await connection.response()).status in {101, 400, 403}
            connection.close()
        await session.echo("unharmed")


async def test_sec03_reset_while_being_refused(server: Server) -> None:
    """A peer that resets while the refusal of its upgrade is written (CVE-2022-41940)."""
    for query in ("EIO=4&transport=foo", "EIO=4&transport=websocket&sid=x", "transport=websocket"):
        for _ in range(10):
            connection = await server.connect()
            head = request_bytes("GET", f"/engine.io/?{query}", fields=upgrade_fields())
            await connection.write(head)
            connection.reset()


@pytest.mark.parametrize(
    "text", ["connect", "disconnect", "error", "__init__", "upgrade", "packet", "drain"]
)
async def test_sec09_event_names_are_ordinary_messages(server: Server, text: str) -> None:
    """A message that reads like an event only ever reaches the message handler."""
    session = await server.polling()
    await session.echo(text)
    assert (await server.account(session.key)).messages == (text,)


@pytest.mark.parametrize(
    "text",
    ['451-["x",{"_placeholder":true,"num":"__proto__"}]', '42[{"toString":1}]', '4599999-["x"]'],
)
async def test_sec10_packets_of_other_protocols_pass_through(server: Server, text: str) -> None:
    """Text of the protocol above is byte-exact and never parsed."""
    polling, websocket = await server.polling(), await server.websocket()
    await polling.echo(text)
    await websocket.echo(text)


async def test_sec28_no_answer_of_a_session_repeats_what_was_asked(server: Server) -> None:
    """Line breaks in what a client chooses reach no head, where it is let in either."""
    evil = "x\r\nX-Evil: 1\r\n\r\nevil"
    session = await server.polling("cookie", t=evil, token=evil, fields=[("X-Odd", quote(evil))])
    post = await session.post(b"4hello", fields=[("Content-Type", f"text/plain; x={quote(evil)}")])
    for answer in (session.response, post, await session.get()):
        assert answer.status == 200
        assert answer.header("x-evil") is None
        assert b"evil" not in answer.body
        assert not any("evil" in value.lower() for _, value in answer.fields)


async def test_sec49_a_swarm_of_connections_that_break(server: Server) -> None:
    """Sockets that close at every stage, while others are served: no loop or thread dies."""
    server.breaks_rules_below()
    sids = [(await server.polling("impatient")).sid for _ in range(10)]

    async def break_off(number: int) -> None:
        connection = await server.connect()
        sid = sids[number % len(sids)]
        heads = (
            b"",
            b"GET /engine.io/?EIO=4&transp",
            request_bytes("GET", server.target("impatient", sid=sid)),
            request_bytes("GET", server.target("impatient", transport="websocket", sid=sid)),
            request_bytes(
                "GET",
                server.target("impatient", transport="websocket", key=server.keys[0]),
                fields=upgrade_fields(),
            ),
            request_bytes(
                "POST", server.target("impatient", sid=sid), fields=[("Content-Length", "9")]
            ),
        )
        await connection.write(heads[number % len(heads)])
        await asyncio.sleep(number % 7 / 1_000)
        if number % 2:
            connection.reset()
        else:
            connection.close()

    for start in range(0, 600, 50):
        async with asyncio.TaskGroup() as group:
            for number in range(start, start + 50):
                group.create_task(break_off(number))
    session = await server.polling()
    await session.echo("still here")


async def test_no_answer_repeats_what_was_asked(server: Server) -> None:
    """No user byte reaches a response head unvalidated (SEC-44)."""
    evil = quote("x\r\nSet-Cookie: evil=1")
    for target in (
        f"/engine.io/?EIO=4&transport=polling&sid={evil}",
        f"/engine.io/?EIO=4&transport=polling&j={evil}",
        f"/engine.io/?EIO={evil}&transport=polling",
    ):
        answer = await server.get(target)
        assert answer.status == 400
        assert not answer.headers("set-cookie")
        assert b"evil" not in answer.body
    assert not isinstance(await server.ask_websocket(f"/engine.io/?{evil}"), WebSocket)
