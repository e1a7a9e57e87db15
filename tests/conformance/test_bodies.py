"""Request bodies and connections that misbehave (faults F-32 to F-46, SEC-40 to SEC-46).

Never 200 for what was not delivered.
"""

import asyncio
import json

import pytest

from tests.conformance.application.profiles import SHORT
from tests.conformance.harness.deployment import Ability
from tests.conformance.harness.expect import (
    BAD_REQUEST,
    SESSION_UNKNOWN,
    assert_prompt,
    assert_refused,
)
from tests.conformance.harness.http import Connection, Response, request_bytes
from tests.conformance.harness.payload import split
from tests.conformance.harness.server import Server
from tests.conformance.harness.sessions import Polling

TEXT = ("Content-Type", "text/plain;charset=UTF-8")
CHUNKED = ("Transfer-Encoding", "chunked")


def _chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b""))


async def _begin_post(server: Server, session: Polling, *fields: tuple[str, str]) -> Connection:
    """Send the head of a POST."""
    connection = await server.connect()
    await connection.write(request_bytes("POST", session.target(), fields=[TEXT, *fields]))
    return connection


async def _messages(server: Server, session: Polling) -> tuple[str, ...]:
    return (await server.account(session.key)).messages


async def test_f32_a_request_in_single_bytes(server: Server) -> None:
    """A body in many TCP segments: the whole body or nothing."""
    session = await server.polling()
    connection = await server.connect()
    body = "4hello €".encode()

    await connection.dribble(request_bytes("POST", session.target(), fields=[TEXT], body=body))

    assert (await connection.response()).body == b"ok"
    assert await session.poll() == ["4hello €"]


async def test_f33_a_chunked_body(server: Server) -> None:
    """Chunked, no Content-Length: accepted and counted while reading."""
    session = await server.polling()
    connection = await _begin_post(server, session, CHUNKED)
    await connection.write(_chunks(b"4he", b"llo\x1e4", b"there"))

    assert (await connection.response()).body == b"ok"
    assert await session.collect(2) == ["4hello", "4there"]


async def test_sec42_a_body_of_tiny_chunks(server: Server) -> None:
    """A long message as chunks of one byte."""
    session = await server.polling()
    connection = await _begin_post(server, session, CHUNKED)
    await connection.write(_chunks(b"4", *[b"x"] * 5_000))

    assert (await connection.response()).body == b"ok"
    assert await session.poll() == ["4" + "x" * 5_000]


async def test_f34_a_declared_length_over_the_limit(server: Server) -> None:
    """Content-Length 2 GB and no body: 413 at once, nothing is read; payload too large."""
    session = await server.polling()
    connection = await _begin_post(server, session, ("Content-Length", "2000000000"))
    if not server.can(Ability.STREAMED_BODY):
        await session.echo("unharmed")
        return

    answer = await connection.response()

    assert (answer.status, answer.body) == (413, b"")
    assert_prompt(server, answer)
    assert await session.finish() == "payload too large"
    # What follows is a body that nobody reads, so it must not be taken for a request.
    if server.can(Ability.PROMPT_END):
        assert await connection.ended() == b""


@pytest.mark.parametrize("chunked", [False, True], ids=["plain", "chunked"])
async def test_f35_a_body_over_the_limit(server: Server, chunked: bool) -> None:
    """413 at the limit, nothing is delivered, the session ends with payload too large."""
    session = await server.polling()
    poll = await session.park()
    piece = b"x" * 100_000
    if chunked:
        connection = await _begin_post(server, session, CHUNKED)
        await connection.write(_chunks(*[piece] * 12))
    else:
        connection = await _begin_post(server, session, ("Content-Length", "1200000"))
        await connection.write(piece * 12)

    answer = await connection.response()
    assert (answer.status, answer.body) == (413, b"")
    assert answer.header("cache-control") == "no-store"
    assert await poll.packets() == ["1"]
    assert await session.finish() == "payload too large"
    assert await _messages(server, session) == ()


async def test_f35_a_chunked_body_without_end(server: Server) -> None:
    """An infinite body is stopped at the limit: the connection is of no more use."""
    session = await server.polling("small")
    connection = await _begin_post(server, session, CHUNKED)

    async def pour() -> None:
        while True:
            await connection.write(_chunks(b"x" * 100)[:-5])
            await asyncio.sleep(0.001)

    if not server.can(Ability.STREAMED_BODY):
        await connection.write(_chunks(*[b"x" * 100] * 1_000)[:-5])
        await session.echo("unharmed")
        return
    pouring = asyncio.create_task(pour())
    answer = await connection.response()
    pouring.cancel()
    await asyncio.wait([pouring])

    assert answer.status == 413
    assert await session.finish() == "payload too large"


async def test_exactly_the_limit(server: Server) -> None:
    """Under the limit everything is delivered, over it nothing."""
    session = await server.polling("small")
    await session.send("4!slow 0", "6" * 0 + "4" + "x" * 900)
    assert await session.collect(2) == ["4slept", "4" + "x" * 900]

    body = b"4" + b"y" * 999
    assert (await session.post(body)).body == b"ok"
    assert await session.poll() == [body.decode()]

    assert (await session.post(body + b"y")).status == 413
    assert await session.finish() == "payload too large"


@pytest.mark.parametrize("how", ["reset", "fin"])
async def test_f36_a_body_that_is_cut_short(server: Server, how: str) -> None:
    """Abort in the middle: the message is not delivered, transport error."""
    session = await server.polling()
    connection = await _begin_post(server, session, ("Content-Length", "100"))
    await connection.write(b"4only the beginning")
    if not server.can(Ability.STREAMED_BODY):
        await session.echo("unharmed")
        return
    await server.busy(session.key)

    if how == "reset":
        connection.reset()
    else:
        connection.close()

    assert await session.finish() == "transport error"
    assert await _messages(server, session) == ()


async def test_f36_a_chunked_body_that_is_cut_short(server: Server) -> None:
    """The last chunk is missing: the same."""
    session = await server.polling()
    connection = await _begin_post(server, session, CHUNKED)
    await connection.write(_chunks(b"4complete packet")[:-5])
    if not server.can(Ability.STREAMED_BODY):
        await session.echo("unharmed")
        return
    await server.busy(session.key)
    connection.close()

    assert await session.finish() == "transport error"
    assert await _messages(server, session) == ()


@pytest.mark.timing
async def test_f37_a_slow_body(server: Server) -> None:
    """Body deadline: 408, and the session ends."""
    session = await server.polling("impatient")
    connection = await _begin_post(server, session, ("Content-Length", "100"))
    await connection.write(b"4")
    if not server.can(Ability.STREAMED_BODY):
        await session.echo("unharmed")
        return
    await server.busy(session.key)
    poll = await session.park()

    answer = await connection.response(within=SHORT + 2)

    assert answer.status == 408
    assert answer.seconds < SHORT + 1
    assert await poll.packets() == ["1"]
    assert await session.finish() == "transport error"
    assert await _messages(server, session) == ()


@pytest.mark.timing
async def test_f37_a_body_that_drips(server: Server) -> None:
    """A byte now and then does not move the deadline."""
    session = await server.polling("impatient")
    connection = await _begin_post(server, session, ("Content-Length", "1000"))
    if not server.can(Ability.STREAMED_BODY):
        await session.echo("unharmed")
        return

    async def drip() -> None:
        while True:
            await connection.write(b"4")
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    answer = await connection.response(within=SHORT + 2)
    dripping.cancel()
    await asyncio.wait([dripping])

    assert answer.status == 408
    assert await session.finish() == "transport error"


async def test_f37_an_idle_connection_costs_nothing(server: Server) -> None:
    """A client that connects and says nothing, or half a head, holds up nobody."""
    server.breaks_rules_below()
    idle = await server.connect()
    half = await server.connect()
    await half.write(b"GET /engine.io/?EIO=4 HTTP/1.1\r\nHost: x\r\n")
    session = await server.polling()
    await session.echo("hello")
    idle.reset()
    half.reset()


@pytest.mark.parametrize(
    "kind",
    ["application/octet-stream", "application/json", "multipart/form-data; boundary=x"],
)
async def test_f27_a_body_of_another_type(server: Server, kind: str) -> None:
    """400 code 3 without decoding, and the session ends with transport error (SEC-05, SEC-46)."""
    session = await server.polling()
    poll = await session.park()

    answer = await session.post(b"4hello", fields=[("Content-Type", kind)])

    if "multipart" in kind and not server.can(Ability.RAW_BODY):
        assert answer.status == 400
        return
    assert_refused(server, answer, BAD_REQUEST)
    assert await poll.packets() == ["1"]
    assert await session.finish() == "transport error"
    assert await _messages(server, session) == ()


async def test_sec45_a_content_type_with_many_parameters(server: Server) -> None:
    """Only the media type counts, whatever follows it costs no time."""
    session = await server.polling()
    kind = "text/plain" + "; a=b" * 1_500
    answer = await session.post(b"4hello", fields=[("Content-Type", kind)])
    assert answer.body == b"ok"
    assert_prompt(server, answer)


async def test_f43_pipelined_requests(server: Server) -> None:
    """POST and GET written at once: answers in order, no cross-talk."""
    session = await server.polling()
    connection = await server.connect()
    post = request_bytes("POST", session.target(), fields=[TEXT], body=b"4hello")
    await connection.write(post + request_bytes("GET", session.target()))

    assert (await connection.response()).body == b"ok"
    if server.can(Ability.KEEP_ALIVE):
        assert (await connection.response()).body == b"4hello"
    else:
        await connection.ended()
        assert await session.poll() == ["4hello"]


async def test_f43_a_connection_is_usable_after_a_refusal(server: Server) -> None:
    """Keep-alive after 400: the next answer belongs to the next request."""
    session = await server.polling()
    connection = await server.connect()
    unknown = server.target(sid="unknown")

    first = await connection.request("POST", unknown, fields=[TEXT], body=b"4x")
    assert_refused(server, first, SESSION_UNKNOWN)
    if first.header("connection") == "close" or not server.can(Ability.KEEP_ALIVE):
        connection = await server.connect()
    second = await connection.request("POST", session.target(), fields=[TEXT], body=b"4hello")
    assert second.body == b"ok"
    assert await session.poll() == ["4hello"]


async def _works_or_is_refused(server: Server, key: str, answer: Response) -> None:
    """A handshake was answered with a session that works, or with a refusal and nothing else."""
    if answer.status != 200:
        assert answer.status in {400, 404}
        assert (await server.account(key)).order == ()
        return
    opening = json.loads(split(answer.body)[0][1:])
    target = server.target(sid=opening["sid"])
    assert (await server.post(target, b"4hello")).body == b"ok"
    assert split((await server.get(target)).body) == ["4hello"]
    assert (await server.post(target, b"1")).body == b"ok"
    assert (await server.disconnected(key)).reason == "client disconnect"


async def test_f45_http_1_0(server: Server) -> None:
    """HTTP/1.0 without Host works or is refused."""
    key = server.new_key()
    connection = await server.connect()
    await connection.write(f"GET {server.target(key=key)} HTTP/1.0\r\n\r\n".encode())
    await _works_or_is_refused(server, key, await connection.response())


async def test_f45_no_host(server: Server) -> None:
    """HTTP/1.1 without Host works or is refused."""
    server.breaks_rules_below()
    key = server.new_key()
    connection = await server.connect()
    await connection.write(request_bytes("GET", server.target(key=key), host=None))
    await _works_or_is_refused(server, key, await connection.response())


async def test_f45_an_absolute_target(server: Server) -> None:
    """The absolute form of the request target works or is refused."""
    key = server.new_key()
    connection = await server.connect()
    target = f"http://127.0.0.1{server.target(key=key)}"
    await connection.write(request_bytes("GET", target))
    await _works_or_is_refused(server, key, await connection.response())


async def test_f45_an_absolute_target_makes_no_own_origin(server: Server) -> None:
    """The authority in a request target is the client's to choose: it allows no Origin."""
    key = server.new_key()
    connection = await server.connect()
    target = f"http://evil.example{server.target(key=key)}"
    fields = [("Origin", "http://evil.example")]
    await connection.write(request_bytes("GET", target, fields=fields))
    answer = await connection.response()
    if server.can(Ability.OWN_HOST):
        assert answer.status in {400, 403, 404}
        assert (await server.account(key)).order == ()


async def test_f45_a_request_head_in_pieces(server: Server) -> None:
    """A proxy that splits the head of a handshake between any two bytes changes nothing."""
    key = server.new_key()
    connection = await server.connect()
    await connection.dribble(request_bytes("GET", server.target(key=key)))
    answer = await connection.response()
    assert answer.status == 200
    await _works_or_is_refused(server, key, answer)


async def test_f46_expect_continue(server: Server) -> None:
    """`Expect: 100-continue`: the client is told to go on."""
    session = await server.polling()
    fields = (("Content-Length", "6"), ("Expect", "100-continue"))
    connection = await _begin_post(server, session, *fields)
    if server.can(Ability.EXPECT_CONTINUE):
        assert (await connection.read_until(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
    await connection.write(b"4hello")
    assert (await connection.response()).body == b"ok"
    assert await session.poll() == ["4hello"]


async def test_a_client_that_sends_fin_after_its_request(server: Server) -> None:
    """Half-closed connections are answered or dropped; the session stays usable or ends."""
    session = await server.polling()
    await session.send("4hello")
    connection = await server.connect()
    await connection.write(request_bytes("GET", session.target()))
    connection.finish()
    if server.can(Ability.HALF_CLOSE):
        assert (await connection.response()).body == b"4hello"


SMUGGLED = {
    "two lengths": "Content-Length: 2\r\nContent-Length: 40\r\n",
    "signed length": "Content-Length: +2\r\n",
    "negative length": "Content-Length: -1\r\n",
    "hexadecimal length": "Content-Length: 0x2\r\n",
    "underscored length": "Content-Length: 2_0\r\n",
    "length of text": "Content-Length: two\r\n",
    "odd coding": "Transfer-Encoding: \x0bchunked\r\n",
    "unknown coding": "Transfer-Encoding: xchunked\r\n",
}


@pytest.mark.parametrize("head", SMUGGLED.values(), ids=SMUGGLED)
async def test_sec40_framing_that_two_parsers_read_differently(server: Server, head: str) -> None:
    """Refused or dropped: no message from a body of doubtful length, nobody else is affected."""
    server.breaks_rules_below()
    session = await server.polling()
    connection = await server.connect()
    start = f"POST {session.target()} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
    await connection.write(f"{start}{head}\r\n4x".encode("latin-1"))
    connection.finish()
    answer = await connection.ended()

    if head == SMUGGLED["two lengths"] and not server.can(Ability.TWO_LENGTHS):
        return
    assert b" 200 " not in answer.partition(b"\r\n")[0]
    assert await _messages(server, session) == ()
