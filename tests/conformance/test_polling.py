"""Messages over polling and the rules of its requests (protocol.md sections 3 and 5)."""

import asyncio
import json

import pytest

from tests.conformance.harness.deployment import Ability
from tests.conformance.harness.expect import BAD_REQUEST, SESSION_UNKNOWN, assert_refused
from tests.conformance.harness.http import PATIENCE
from tests.conformance.harness.payload import base64_packet, join, split
from tests.conformance.harness.server import Server

TEXTS = {
    "empty": "",
    "ascii": "hello",
    "multi-byte": "utf 8 string: ä€\u0416\u4e2d",
    "astral": "\U0001f600\U00010348",
    "nul": "a\0b",
    "line separators": "a\u2028b\u2029c\r\nd",
    "byte order mark": "\ufeffx",
    "last code point": "\U0010ffff",
    "not a character": "\ufffe\uffff",
}
LOOKS_LIKE_JSON = ["null", "true", "NaN", "-5", '"abc"', '{"a":1}', "[1,2]", "1e999"]
BINARIES = {
    "empty": b"",
    "bytes": bytes([1, 2, 3, 4]),
    "every byte": bytes(range(256)),
    "64 KiB": bytes(65_536),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_f21_texts_come_back_exactly(server: Server, text: str) -> None:
    """A text packet is one digit and UTF-8 text; every code point round-trips."""
    session = await server.polling()
    await session.echo(text)


@pytest.mark.parametrize("text", LOOKS_LIKE_JSON)
async def test_f22_text_that_looks_like_json_stays_text(server: Server, text: str) -> None:
    """Incoming text is always delivered as the same text."""
    session = await server.polling()
    await session.echo(text)


async def test_f23_deep_and_huge_json_is_only_text(server: Server) -> None:
    """`[` 100 000 times, and 900 000 digits, are delivered as text."""
    session = await server.polling()
    await session.echo("[" * 100_000)
    await session.echo("9" * 900_000)


@pytest.mark.parametrize("data", BINARIES.values(), ids=BINARIES)
async def test_binary_travels_as_base64(server: Server, data: bytes) -> None:
    """Binary is `b` and base64 with padding, without a type digit; empty binary is legal."""
    session = await server.polling()
    await session.send(base64_packet(data))
    assert await session.poll() == [base64_packet(data)]


async def test_packets_are_joined_by_the_record_separator(server: Server) -> None:
    """`4hello` 0x1e `bAQIDBA==`: delivered in order, and batched the same way outbound."""
    session = await server.polling()

    answer = await session.post(b"4one\x1ebAQIDBA==\x1e4two")

    assert (answer.status, answer.body) == (200, b"ok")
    assert await session.collect(3) == ["4one", "bAQIDBA==", "4two"]


async def test_a_post_is_answered_ok(server: Server) -> None:
    """POST with sid: 200, body `ok`, not cached."""
    session = await server.polling()

    answer = await session.post(b"4hello")

    assert (answer.status, answer.body) == (200, b"ok")
    assert answer.header("content-type") == "text/html"
    assert answer.header("cache-control") == "no-store"


async def test_a_poll_is_answered_in_utf_8_and_not_cached(server: Server) -> None:
    """Content-Type of GET responses: `text/plain; charset=UTF-8`."""
    session = await server.polling()
    await session.send("4ä")

    answer = await session.get()

    assert answer.header("content-type") == "text/plain; charset=UTF-8"
    assert answer.header("cache-control") == "no-store"
    assert answer.body == "4ä".encode()


async def test_a_poll_is_held_until_there_is_a_packet(server: Server) -> None:
    """GET with sid: hold until at least one packet, then answer."""
    session = await server.polling()
    poll = await session.park()

    await session.send("4hello")

    assert await poll.packets() == ["4hello"]


async def test_a_poll_is_answered_with_everything_queued(server: Server) -> None:
    """Answer 200 with everything queued, in order."""
    session = await server.polling()
    await session.send("4!send 100")
    await server.until(
        lambda: server.account(session.key), lambda account: len(account.messages) == 1
    )

    assert await session.collect(100) == [f"4{number}" for number in range(100)]


async def test_f65_no_answer_is_larger_than_max_payload(server: Server) -> None:
    """Servers batch outbound up to `maxPayload`: no body beyond it, none lost, order kept."""
    session = await server.polling("small")
    await session.send("4!bulk 20 300")
    packets: list[str] = []

    while len(packets) < 20:
        answer = await session.get()
        assert len(answer.body) <= 1_000
        packets += split(answer.body)

    assert [packet[1:9] for packet in packets] == [f"{number:08}" for number in range(20)]


async def test_packets_of_one_answer_can_be_limited(server: Server) -> None:
    """`max_packets_per_poll`: some clients drop an answer with more than 16 packets."""
    session = await server.polling("few-packets")
    await session.send("4!send 50")
    packets: list[str] = []

    while len(packets) < 50:
        answer = await session.poll()
        assert len(answer) <= 16
        packets += answer

    assert packets == [f"4{number}" for number in range(50)]


@pytest.mark.parametrize("count", [17, 900, 1_001, 20_000])
async def test_f19_many_packets_in_one_post(server: Server, count: int) -> None:
    """More packets in a payload than any queue holds are all delivered, in order."""
    session = await server.polling()
    packets = [f"4{number}" for number in range(count)]
    poll = await session.park()

    async with asyncio.TaskGroup() as group:
        sending = group.create_task(session.send(*packets))
        received = await poll.packets(within=2 * PATIENCE)
        while len(received) < count:
            received += await session.poll()

    assert sending.done()
    assert received == packets
    messages = (await server.account(session.key)).messages
    assert messages == tuple(map(str, range(count)))


async def test_f19_a_hundred_thousand_packets_in_one_post(server: Server) -> None:
    """The cost of a payload under the byte limit is bounded: nobody else waits."""
    session = await server.polling()

    await session.send(*["6"] * 100_000)

    await session.echo("still here")


async def test_f39_two_posts_at_once(server: Server) -> None:
    """A second POST: 400 for it, and the session is closed with transport error."""
    session = await server.polling()
    first = await server.connect()
    head = f"POST {session.target()} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
    await first.write(f"{head}Content-Length: 10\r\n\r\n4".encode())
    if not server.can(Ability.STREAMED_BODY):
        await session.send("4second")
        return
    await server.busy(session.key)

    assert_refused(server, await session.post(b"4second"), BAD_REQUEST)

    assert await session.finish() == "transport error"
    assert (await first.response()).status == 400
    assert (await server.account(session.key)).messages == ()


async def test_f40_two_polls_at_once(server: Server) -> None:
    """A second GET: the held first one is answered `1`, the second 400, the session is closed."""
    session = await server.polling()
    first = await session.park()

    assert_refused(server, await session.get(), BAD_REQUEST)

    assert await first.packets() == ["1"]
    assert await session.finish() == "transport error"
    assert_refused(server, await session.get(), SESSION_UNKNOWN)


async def test_a_get_and_a_post_at_once_are_fine(server: Server) -> None:
    """At most one GET and one POST at a time: one of each is what clients do."""
    session = await server.polling()
    for number in range(5):
        poll = await session.park()
        await session.send(f"4{number}")
        assert await poll.packets() == [f"4{number}"]


@pytest.mark.timing
@pytest.mark.parametrize("how", ["reset", "close"])
async def test_f41_a_held_poll_that_the_client_drops(server: Server, how: str) -> None:
    """A held GET whose connection the client drops: transport error within 1 s."""
    session = await server.polling()
    poll = await session.park()

    if how == "reset":
        poll.connection.reset()
    else:
        poll.connection.close()

    assert await session.finish(within=1.5) == "transport error"
    assert_refused(server, await session.get(), SESSION_UNKNOWN)


async def test_f42_an_answer_that_nobody_is_there_to_take(server: Server) -> None:
    """A message for a poll whose client has just gone is listed as undelivered, never lost."""

    async def one_round() -> None:
        session = await server.polling("heartbeat")
        other = await server.websocket("heartbeat", key=session.key)
        poll = await session.park()

        poll.connection.reset()
        await other.send("4!share-text late")
        assert await other.receive() == "4late"
        await other.close()
        account = await server.until(
            lambda: server.account(session.key), lambda account: len(account.goodbyes) == 2
        )
        session.is_over = True
        goodbye = next(each for each in account.goodbyes if each.sid == session.sid)
        # Where the answer was written before the reset was seen, the next poll is missed.
        assert goodbye.reason in {"transport error", "ping timeout"}
        # Whoever has gone already is sent nothing.
        accepted = account.order.index("message") < account.order.index("disconnect")
        assert goodbye.undelivered == accepted

    for _ in range(10):
        await one_round()


@pytest.mark.timing
async def test_f17_packets_that_a_client_may_not_send(server: Server) -> None:
    """`0`, `5` and, in EIO 4, `2` close the session with transport error."""
    for packet in ("0", "5", "2", "2probe"):
        session = await server.polling()
        poll = await session.park()
        # Never 200 for a payload with a packet that counts for nothing.
        assert_refused(server, await session.post(packet.encode()), BAD_REQUEST)

        assert await session.finish(within=1) == "transport error"
        assert await poll.packets() == ["1"]


async def test_f17_a_noop_is_ignored(server: Server) -> None:
    """`6` on an open session: ignored."""
    session = await server.polling()
    await session.send("6")
    await session.echo("unharmed")


async def test_an_unsolicited_pong_is_harmless(server: Server) -> None:
    """Pongs that nobody asked for, between messages too, change nothing."""
    session = await server.polling()
    await session.send(*["3"] * 100)
    await session.send("4one", "3", "4two", "3")
    assert await session.collect(2) == ["4one", "4two"]


async def test_f24_nothing_counts_after_a_close(server: Server) -> None:
    """`1` then a message in one payload: stop at the close, ignore what follows."""
    session = await server.polling()

    await session.send("4before", "1", "4after", "x")

    assert await session.finish() == "client disconnect"
    assert (await server.account(session.key)).messages == ("before",)


async def test_a_session_does_not_depend_on_the_connection(server: Server) -> None:
    """`Connection: close` on any request does not end the session (F-46)."""
    session = await server.polling(fields=[("Connection", "close")])
    fields = [("Connection", "close"), ("Content-Type", "text/plain")]

    assert (await session.post(b"4hello", fields=fields)).body == b"ok"
    assert (await session.get(fields=[("Connection", "close")])).body == b"4hello"
    await session.echo("still here")


async def test_one_connection_carries_a_whole_session(server: Server) -> None:
    """Keep-alive: ordered answers, also after a refusal (F-43)."""
    session = await server.polling()
    if not server.can(Ability.KEEP_ALIVE):
        await session.echo("hello")
        return
    connection = await server.connect()
    for number in range(3):
        text = f"4{number}"
        fields = [("Content-Type", "text/plain")]
        answer = await connection.request(
            "POST", session.target(), fields=fields, body=text.encode()
        )
        assert answer.body == b"ok"
        assert (await connection.request("GET", session.target())).text == text


async def test_f67_messages_are_handled_in_order(server: Server) -> None:
    """One message handler at a time for each session, in arrival order."""
    session = await server.polling()
    await session.send("4!slow 0.1", "4one", "4!slow 0.05", "4two")
    assert await session.collect(4) == ["4slept", "4one", "4slept", "4two"]


async def test_handlers_may_run_concurrently(server: Server) -> None:
    """`async_handlers=True` opts into concurrency."""
    session = await server.polling("concurrent")
    await session.send("4!slow 0.1", "4quick")
    assert await session.collect(2) == ["4quick", "4slept"]


async def test_f73_a_handler_that_raises(server: Server) -> None:
    """Logged once; the session goes on."""
    server.expected_errors.append("asked to fail")
    session = await server.polling()
    await session.send("4!fail")
    await session.echo("still here")


async def test_f69_one_broadcast_reaches_both_transports(server: Server) -> None:
    """The same packet gets the right framing on each transport."""
    polling = await server.polling()
    websocket = await server.websocket(key=polling.key)

    await websocket.send("4!share-binary abc")
    assert await websocket.receive() == b"abc"
    assert await polling.poll() == [base64_packet(b"abc")]
    await websocket.send("4!share-text abc")
    assert await websocket.receive() == "4abc"
    assert await polling.poll() == ["4abc"]


async def test_json_is_sent_as_text(server: Server) -> None:
    """`send(dict)` sends JSON text."""
    session = await server.polling()
    await session.send("4!json")
    (packet,) = await session.poll()
    assert packet[0] == "4"
    assert json.loads(packet[1:]) == {"a": [1, "€"]}


async def test_sec48_sessions_do_not_mix(server: Server) -> None:
    """Concurrent sessions with distinct payloads get their own answers."""

    async def talk(number: int) -> None:
        session = await server.polling()
        for turn in range(3):
            await session.send(join([f"4{number}-{turn}"]).decode())
            assert await session.poll() == [f"4{number}-{turn}"]

    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(talk(number))
