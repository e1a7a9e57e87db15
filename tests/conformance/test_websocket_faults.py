"""WebSockets that misbehave (faults F-48 to F-54, SEC-20 to SEC-25)."""

import contextlib
import zlib

import pytest

from tests.conformance.harness.deployment import Ability
from tests.conformance.harness.expect import assert_prompt
from tests.conformance.harness.http import PATIENCE, Response, request_bytes
from tests.conformance.harness.server import Server
from tests.conformance.harness.websocket import (
    Opcode,
    WebSocket,
    close_payload,
    encode_frame,
    upgrade_fields,
)

PROTOCOL_ERRORS = {
    "reserved bit 1": encode_frame(Opcode.TEXT, b"4x", rsv=4),
    "reserved bit 2": encode_frame(Opcode.TEXT, b"4x", rsv=2),
    "reserved bit 3": encode_frame(Opcode.TEXT, b"4x", rsv=1),
    "reserved opcode": encode_frame(3, b"4x"),
    "reserved control opcode": encode_frame(11, b""),
    "fragmented ping": encode_frame(Opcode.PING, b"x", fin=False),
    "long ping": encode_frame(Opcode.PING, bytes(126)),
    "continuation of nothing": encode_frame(Opcode.CONTINUATION, b"4x"),
    "message within a message": encode_frame(Opcode.TEXT, b"4", fin=False)
    + encode_frame(Opcode.TEXT, b"4x"),
    "close of one byte": encode_frame(Opcode.CLOSE, b"\x03"),
    "close code 1005": encode_frame(Opcode.CLOSE, close_payload(1_005)),
    "close code 999": encode_frame(Opcode.CLOSE, close_payload(999)),
}
INVALID_UTF_8 = {
    "one frame": encode_frame(Opcode.TEXT, b"4\xff"),
    "surrogate": encode_frame(Opcode.TEXT, b"4\xed\xa0\x80"),
    "overlong": encode_frame(Opcode.TEXT, b"4\xc0\x80"),
    "split over fragments": encode_frame(Opcode.TEXT, b"4\xe2\x82", fin=False)
    + encode_frame(Opcode.CONTINUATION, b"x"),
    "cut short": encode_frame(Opcode.TEXT, b"4\xe2\x82"),
}
# What a process may take for a message of 200 kB in as many pieces, whatever it keeps of them.
_FRAGMENTS_MEMORY = 48 << 20
TRANSPORT_REASONS = {"transport close", "transport error"}


@pytest.mark.timing
@pytest.mark.parametrize("frames", PROTOCOL_ERRORS.values(), ids=PROTOCOL_ERRORS)
async def test_f48_frames_against_the_protocol(server: Server, frames: bytes) -> None:
    """Reserved bits and opcodes, bad control frames and close codes: 1002."""
    session = await server.websocket()
    await session.connection.write(frames)

    assert (await session.closed()).code in server.failure_codes(1002)
    assert await session.finish(within=1) in TRANSPORT_REASONS
    assert (await server.account(session.key)).messages == ()


async def test_f48_a_frame_that_is_not_masked(server: Server) -> None:
    """1002, where the server below looks at it."""
    session = await server.websocket()
    await session.connection.write(encode_frame(Opcode.TEXT, b"4x", masked=False))

    if server.can(Ability.MASKING):
        assert (await session.closed()).code in server.failure_codes(1002)
        assert await session.finish(within=1) in TRANSPORT_REASONS
        assert (await server.account(session.key)).messages == ()


@pytest.mark.timing
@pytest.mark.parametrize("frames", INVALID_UTF_8.values(), ids=INVALID_UTF_8)
async def test_f49_text_that_is_not_utf_8(server: Server, frames: bytes) -> None:
    """Invalid UTF-8 text: 1007, the event comes at once."""
    server.breaks_rules_below()
    session = await server.websocket()
    await session.connection.write(frames)

    assert (await session.closed()).code in server.failure_codes(1007)
    assert await session.finish(within=1) in TRANSPORT_REASONS
    assert (await server.account(session.key)).messages == ()


@pytest.mark.parametrize("kind", [Opcode.TEXT, Opcode.BINARY])
async def test_f50_a_message_over_the_limit(server: Server, kind: Opcode) -> None:
    """1009, nothing is delivered, the disconnect reason is payload too large."""
    session = await server.websocket("small")
    await session.frame(kind, b"4" * 1_001)

    assert (await session.closed()).code == server.close_code(1009)
    assert await session.finish() == "payload too large"
    assert (await server.account(session.key)).messages == ()


async def test_f50_a_message_of_exactly_the_limit(server: Server) -> None:
    """The limit itself is allowed."""
    session = await server.websocket("small")
    await session.echo("x" * 999)
    await session.send(bytes(1_000))
    assert await session.receive() == bytes(1_000)


async def test_f50_fragments_over_the_limit(server: Server) -> None:
    """A message that grows over the limit in fragments: the same."""
    session = await server.websocket("small")
    await session.frame(Opcode.TEXT, b"4" * 600, fin=False)
    await session.frame(Opcode.CONTINUATION, b"4" * 600)

    assert (await session.closed()).code == server.close_code(1009)
    assert await session.finish() == "payload too large"


async def test_f50_a_limit_counts_bytes(server: Server) -> None:
    """The limit is in bytes of UTF-8, not in characters."""
    session = await server.websocket("small")
    await session.send("4" + "€" * 400)

    assert (await session.closed()).code == server.close_code(1009)
    assert await session.finish() == "payload too large"


@pytest.mark.timing
async def test_sec21_a_frame_of_impossible_length(server: Server) -> None:
    """A declared length of 2**62 bytes is refused before anything is allocated."""
    session = await server.websocket()
    await session.connection.write(encode_frame(Opcode.TEXT, b"4x", length=1 << 62))

    if server.can(Ability.DECLARED_LENGTH):
        assert (await session.closed()).code in {1002, *server.failure_codes(1009)}
        assert await session.finish(within=1) in {*TRANSPORT_REASONS, "payload too large"}


@pytest.mark.parametrize("fragment", [b"", b"x"], ids=["empty", "one byte"])
async def test_f52_fragments_without_end(server: Server, fragment: bytes) -> None:
    """200 000 fragments: the message, or 1008 or 1009; memory stays bounded (SEC-24)."""
    session = await server.websocket()
    before = await server.memory()
    await session.frame(Opcode.TEXT, b"4", fin=False)
    frames = encode_frame(Opcode.CONTINUATION, fragment, fin=False) * 2_000
    most = before
    for _ in range(100):
        await session.connection.write(frames)
        most = max(most, await server.memory())
    await session.frame(Opcode.CONTINUATION, b"end")

    if server.can(Ability.MANY_FRAGMENTS):
        assert await session.receive(within=3 * PATIENCE) == f"4{fragment.decode() * 200_000}end"
        await session.echo("still here")
    else:
        assert (await session.closed()).code in {1008, 1009}
        # A server may first wait for an answer to its close frame, behind all that is unread.
        assert await session.finish(within=3 * PATIENCE) in {
            *TRANSPORT_REASONS,
            "payload too large",
        }
        assert (await server.account(session.key)).messages == ()
    assert max(most, await server.memory()) - before < _FRAGMENTS_MEMORY


async def test_sec24_a_long_message_in_tiny_segments(server: Server) -> None:
    """A message that arrives in segments of a byte costs no more than a message."""
    session = await server.websocket()
    before = await server.memory()
    message = encode_frame(Opcode.TEXT, b"4" + b"x" * 900_000)
    await session.connection.dribble(message[:10_000])
    await session.connection.dribble(message[10_000:], size=1_000)

    assert await session.receive() == "4" + "x" * 900_000
    assert await server.memory() - before < _FRAGMENTS_MEMORY


async def test_sec21_messages_that_never_end(server: Server) -> None:
    """Ten messages of 900 kB that lack their last bytes hold no more than they are."""
    before = await server.memory()
    sessions = [await server.websocket() for _ in range(10)]
    for session in sessions:
        await session.connection.write(encode_frame(Opcode.TEXT, b"4" + b"x" * 900_000)[:-10])
    for session in sessions:
        assert (await server.account(session.key)).messages == ()

    # In the reader and, for some, once more in a buffer before it.
    assert await server.memory() - before < 10 * 3 * 900_000 + _FRAGMENTS_MEMORY


async def test_f52_control_frames_between_fragments(server: Server) -> None:
    """Pings between fragments are answered before the message is complete."""
    session = await server.websocket()
    await session.frame(Opcode.TEXT, b"4he", fin=False)
    await session.frame(Opcode.PING, b"now")
    frame = await session.read_frame()
    assert (frame.opcode, frame.payload) == (Opcode.PONG, b"now")
    await session.frame(Opcode.CONTINUATION, b"llo")
    assert await session.receive() == "4hello"


async def test_a_close_frame_is_answered(server: Server) -> None:
    """RFC 6455: a close frame is answered with one, then the connection ends (SEC-20)."""
    session = await server.websocket()
    await session.frame(Opcode.CLOSE, close_payload(1_000, "bye"))
    end = await session.closed()

    assert end.code == 1000
    assert end.reason in {"", "bye"}
    account = await server.disconnected(session.key)
    if server.can(Ability.CLIENT_CODES):
        assert account.goodbye.code == 1000


async def test_a_close_frame_without_a_code(server: Server) -> None:
    """An empty close frame is legal."""
    session = await server.websocket()
    await session.frame(Opcode.CLOSE)
    await session.closed()
    assert await session.finish() == "transport close"


async def test_messages_behind_a_close_frame_are_ignored(server: Server) -> None:
    """Nothing counts after the close frame."""
    session = await server.websocket()
    await session.connection.write(
        encode_frame(Opcode.TEXT, b"4before")
        + encode_frame(Opcode.CLOSE, close_payload(1_000))
        + encode_frame(Opcode.TEXT, b"4after")
    )
    await session.closed()
    assert await session.finish() in TRANSPORT_REASONS
    assert (await server.account(session.key)).messages in {("before",), ()}


ODD_EXTENSIONS = [
    ("Sec-WebSocket-Extensions", "constructor"),
    ("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=999"),
    ("Sec-WebSocket-Protocol", "b" + " " * 8_000 + "x"),
    ("Sec-WebSocket-Protocol", "\x80\xff"),
]


@pytest.mark.parametrize(("name", "value"), ODD_EXTENSIONS)
async def test_sec22_odd_extensions_and_subprotocols(server: Server, name: str, value: str) -> None:
    """Ignored or refused at once; no worker dies of it."""
    server.breaks_rules_below()
    target = server.target(transport="websocket", key=server.new_key())
    connection = await server.connect()
    fields = [*upgrade_fields(), (name, value)]
    await connection.write(request_bytes("GET", target, fields=fields))

    with contextlib.suppress(EOFError):
        answer = await connection.response()
        assert answer.status in {101, *range(400, 501)}
        assert_prompt(server, answer)


async def test_sec23_an_upgrade_with_many_header_fields(server: Server) -> None:
    """2 000 header fields: accepted or refused, never a server error."""
    server.breaks_rules_below()
    target = server.target(transport="websocket", key=server.new_key())
    fields = [(f"X-{number}", "1") for number in range(2_000)]
    if server.can(Ability.MANY_FIELDS):
        answer = await server.ask_websocket(target, fields=fields)
        status = answer.status if isinstance(answer, Response) else 101
        assert status == 101 or 400 <= status < 500
    else:
        connection = await server.connect()
        await connection.write(request_bytes("GET", target, fields=[*upgrade_fields(), *fields]))


async def test_sec25_a_deflate_bomb(server: Server) -> None:
    """Compressed frames count uncompressed, if the extension is on at all."""
    target = server.target(transport="websocket", key=server.new_key())
    extension = ("Sec-WebSocket-Extensions", "permessage-deflate")
    websocket = await server.ask_websocket(target, fields=[extension])
    assert isinstance(websocket, WebSocket)
    compressor = zlib.compressobj(wbits=-15)
    bomb = compressor.compress(b"4" * 20_000_000) + compressor.flush(zlib.Z_SYNC_FLUSH)
    await websocket.frame(Opcode.TEXT, bomb[:-4], rsv=4)

    end = await websocket.closed()

    assert end.code in {1002, *server.failure_codes(server.close_code(1009))}


@pytest.mark.parametrize("character", "\x0b\x0c\x1c\x1d\x1e\x85")
async def test_sec27_a_header_is_not_split_at_odd_characters(
    server: Server, character: str
) -> None:
    """`X: a<0x1e>Origin: ...` is one field: neither the Origin check nor a guard is fooled."""
    server.breaks_rules_below()
    own = ("X-Odd", f"a{character}Origin: http://127.0.0.1")
    evil = ("Origin", "https://evil.example")
    target = server.target(transport="websocket")
    answer = await server.ask_websocket(target, fields=[own, evil])
    assert isinstance(answer, Response)
    assert 400 <= answer.status <= 500

    # The other way round: what is inside the field must not count as a field.
    inside = ("X-Odd", f"a{character}X-Refuse: inside")
    key = server.new_key()
    target = server.target("guarded", transport="websocket", key=key)
    allowed = await server.ask_websocket(target, fields=[inside])
    if isinstance(allowed, Response):
        # A server that refuses it by itself may quote it.
        assert "inside" not in allowed.text or not server.can(Ability.QUIET)
        assert (await server.account(key)).order == ()
    else:
        assert str(await allowed.receive()).startswith("0{")
