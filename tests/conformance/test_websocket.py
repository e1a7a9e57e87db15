"""Messages over WebSocket (protocol.md sections 3 and 11; checklist "messages")."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.conformance.harness.deployment import Ability
from tests.conformance.harness.server import Server
from tests.conformance.harness.websocket import Opcode, WebSocket, encode_frame

TEXTS = {
    "empty": "",
    "ascii": "hello",
    "multi-byte": "utf 8 string: ä€\u0416\u4e2d",
    "astral": "\U0001f600\U00010348",
    "nul": "a\0b",
    "record separator": "a\x1eb",
    "line separators": "a\u2028b\u2029c\r\nd",
    "126 bytes": "x" * 125,
    "64 KiB": "x" * 65_535,
    "900 kB": "x" * 900_000,
}
BINARIES = {
    "empty": b"",
    "bytes": bytes([1, 2, 3, 4]),
    "every byte": bytes(range(256)),
    "64 KiB": bytes(65_536),
    "900 kB": bytes(900_000),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
async def test_texts_come_back_exactly(server: Server, text: str) -> None:
    """One packet per message: a text frame is digit and text."""
    session = await server.websocket()
    await session.echo(text)


@pytest.mark.parametrize("data", BINARIES.values(), ids=BINARIES)
async def test_binary_comes_back_exactly(server: Server, data: bytes) -> None:
    """A binary frame is the raw bytes, without prefix; an empty one is legal."""
    session = await server.websocket()
    await session.send(data)
    if data or server.can(Ability.EMPTY_MESSAGES):
        assert await session.receive() == data
    await session.echo("next")


async def test_base64_text_is_binary(server: Server) -> None:
    """Accept `b...` text too."""
    session = await server.websocket()
    await session.send("bAQIDBA==")
    assert await session.receive() == bytes([1, 2, 3, 4])


async def test_many_messages_keep_their_order(server: Server) -> None:
    """Ordered, in both directions, whatever their kind."""
    session = await server.websocket()
    messages: list[str | bytes] = [
        f"4{number}" if number % 3 else str(number).encode() for number in range(300)
    ]
    await session.send(*messages)
    assert [await session.receive() for _ in messages] == messages

    await session.send("4!send 300")
    assert [await session.receive() for _ in range(300)] == [f"4{n}" for n in range(300)]


async def test_pongs_between_messages(server: Server) -> None:
    """Pongs interleaved with many messages change nothing."""
    session = await server.websocket()
    for number in range(100):
        await session.send(f"4{number}", "3")
    assert [await session.receive() for _ in range(100)] == [f"4{n}" for n in range(100)]


async def test_a_fragmented_message_is_one_packet(server: Server) -> None:
    """Fragments, also within a code point, with a ping between them, make one message."""
    session = await server.websocket()
    data = "4ä€".encode()
    await session.frame(Opcode.TEXT, data[:2], fin=False)
    await session.frame(Opcode.PING, b"between")
    await session.frame(Opcode.CONTINUATION, b"", fin=False)
    await session.frame(Opcode.CONTINUATION, data[2:])

    assert await session.receive() == "4ä€"


async def test_a_frame_in_single_bytes(server: Server) -> None:
    """A frame that arrives a byte at a time is a frame."""
    session = await server.websocket()
    await session.connection.dribble(encode_frame(Opcode.TEXT, b"4hello"))
    assert await session.receive() == "4hello"


async def test_websocket_pings_are_answered(server: Server) -> None:
    """RFC 6455: a pong with the ping's bytes, exactly those (SEC-20)."""
    session = await server.websocket()
    for payload in (b"", b"abc", bytes(125)):
        await session.frame(Opcode.PING, payload)
        frame = await session.read_frame()
        assert (frame.opcode, frame.payload) == (Opcode.PONG, payload)
    await session.echo("hello")


async def test_f56_messages_right_behind_the_request(server: Server) -> None:
    """Data in the segment of the handshake request is processed in order, or not at all."""
    frames = [encode_frame(Opcode.TEXT, f"4{number}".encode()) for number in range(3)]
    target = server.target("hurried", transport="websocket", key=server.new_key())
    answer = await server.ask_websocket(target, behind=b"".join(frames))

    if server.can(Ability.EARLY_FRAMES):
        assert isinstance(answer, WebSocket)
        assert str(await answer.receive()).startswith("0{")
        assert [await answer.receive() for _ in range(3)] == ["40", "41", "42"]


async def test_f56_messages_before_the_open_packet_is_read(server: Server) -> None:
    """A client that writes as soon as the 101 answer is there loses nothing."""
    key = server.new_key()
    websocket = await server.ask_websocket(server.target(transport="websocket", key=key))
    assert isinstance(websocket, WebSocket)
    await websocket.send("40", "41", "42")

    assert str(await websocket.receive()).startswith("0{")
    assert [await websocket.receive() for _ in range(3)] == ["40", "41", "42"]


async def test_f17_packets_that_a_client_may_not_send(server: Server) -> None:
    """`0`, `5` and, in EIO 4, `2` close the session with transport error."""
    for packet in ("0", "5", "2"):
        session = await server.websocket()
        await session.send(packet)

        assert (await session.closed()).code == server.close_code(1002)
        assert await session.finish() == "transport error"


async def test_f17_a_noop_is_ignored(server: Server) -> None:
    """`6` on an open session: ignored."""
    session = await server.websocket()
    await session.send("6")
    await session.echo("unharmed")


async def test_the_server_knows_the_transport(server: Server) -> None:
    """`transport(sid)`: polling until the upgrade, websocket after it."""
    direct = await server.websocket()
    await direct.send("4!transport")
    assert await direct.receive() == "4websocket"

    polling = await server.polling()
    await polling.send("4!transport")
    assert await polling.poll() == ["4polling"]
    upgraded = await polling.upgrade()
    await upgraded.send("4!transport")
    assert await upgraded.receive() == "4websocket"


async def test_f55_a_flood_of_pongs(server: Server) -> None:
    """3 000 times `3` starts nothing: one heartbeat per session (CVE-2026-48802)."""
    session = await server.websocket()
    before = await server.state()
    for _ in range(6):
        await session.send(*["3"] * 500)
    await session.echo("still here")

    after = await server.state()
    assert server.is_back_at(before, after), f"{before} became {after}"


async def test_f55_a_flood_of_websocket_pings(server: Server) -> None:
    """2 000 WebSocket pings are answered and nobody else waits."""
    session = await server.websocket()
    await session.connection.write(encode_frame(Opcode.PING, b"x") * 2_000)
    await session.echo("still here")


async def test_f67_messages_are_handled_in_order(server: Server) -> None:
    """One message handler at a time for each session, in arrival order."""
    session = await server.websocket()
    await session.send("4!slow 0.1", "4one", "4!slow 0.05", "4two")
    answers = [await session.receive() for _ in range(4)]
    assert answers == ["4slept", "4one", "4slept", "4two"]


async def test_f68_a_slow_handler_does_not_lose_messages(server: Server) -> None:
    """The inbound queue is bounded: the server stops reading, and loses nothing."""
    session = await server.websocket("short-inbox")
    await session.send("4!slow 0.2", *[f"4{number}" for number in range(200)])

    assert await session.receive() == "4slept"
    assert [await session.receive() for _ in range(200)] == [f"4{n}" for n in range(200)]


async def test_idle_sessions_cost_no_task(server: Server) -> None:
    """No task of its own for an idle session: no more than a bare WebSocket has."""

    async def tasks_of_ten(open_one: Callable[[], Awaitable[object]]) -> int:
        before = await server.state()
        for _ in range(10):
            await open_one()
        return (await server.state()).tasks - before.tasks

    async def surplus() -> int:
        bare = await tasks_of_ten(lambda: server.ask_websocket("/bare"))
        return await tasks_of_ten(server.websocket) - bare

    # Once more where connections of earlier scenarios went away in between.
    await server.until(surplus, lambda tasks: tasks <= 0)


async def test_f73_a_handler_that_raises(server: Server) -> None:
    """Logged once; the session goes on."""
    server.expected_errors.append("asked to fail")
    session = await server.websocket()
    await session.send("4!fail")
    await session.echo("still here")


async def test_sec48_sessions_do_not_mix(server: Server) -> None:
    """Concurrent sessions with distinct payloads get their own answers."""
    sessions = [await server.websocket() for _ in range(20)]

    async def talk(number: int) -> None:
        for turn in range(5):
            await sessions[number].echo(f"{number}-{turn}")

    async with asyncio.TaskGroup() as group:
        for number in range(len(sessions)):
            group.create_task(talk(number))
