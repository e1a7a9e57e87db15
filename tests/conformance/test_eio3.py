"""Revision 3 (protocol.md sections 4 and 7; faults F-25 to F-27); heartbeats are elsewhere."""

import json
from typing import Any

import pytest

from tests.conformance.harness.expect import (
    BAD_REQUEST,
    SESSION_UNKNOWN,
    UNSUPPORTED_VERSION,
    assert_prompt,
    assert_refused,
)
from tests.conformance.harness.payload import (
    V3,
    base64_packet,
    decode_v3_binary,
    encode_v3,
    encode_v3_binary,
)
from tests.conformance.harness.server import Server
from tests.conformance.harness.sessions import Polling

BINARY_TYPE = ("Content-Type", "application/octet-stream")
BAD_TEXT = {
    "empty body": b"",
    "empty payload": b"0:",
    "no colon": b"5",
    "only digits": b"1" * 900_000,
    "length too short": b"3:4hello",
    "length too long": b"9:4hello",
    "negative length": b"-6:4hello",
    "plus sign": b"+6:4hello",
    "letters": b"x:4hello",
    "unicode digit": "٦:4hello".encode(),
    "length 300 digits": b"9" * 300 + b":4hello",
    "counted in bytes": "4:4€".encode(),
    "counted in code points": "2:4\U0001f600".encode(),
    "unknown type": b"2:9x",
    "invalid base64": b"6:b4!!!!",
    "not UTF-8": b"2:4\xff",
    "an EIO 4 payload": b"4hello\x1e4there",
}
BAD_BINARY = {
    "bad marker": b"\x02\x06\xff4hello",
    "no end of length": b"\x00\x09",
    "no end of length, long": b"\x00" + b"\x09" * 900_000,
    "length beyond the body": b"\x00\x09\xff4hello",
    "length 300 digits": b"\x00" + b"\x09" * 300 + b"\xff4hello",
    "digit over 9": b"\x00\x0a\xff4hello",
    "no length": b"\x00\xff",
    "nothing behind the length": b"\x00\x06\xff",
    "not UTF-8": b"\x00\x02\xff4\xff",
    "unknown type": b"\x00\x02\xff9x",
    "unknown binary type": b"\x01\x02\xff\x09x",
    "cut short": encode_v3_binary(["4hello", b"\x01"])[:-1],
}


async def _open(server: Server, **query: Any) -> Polling:
    return await server.polling("legacy", codec=V3, EIO=3, **query)


async def test_the_handshake(server: Server) -> None:
    """EIO 3 prefixes the character count and `:`; `maxPayload` is sent too."""
    session = await _open(server, b64=1)

    length, _, packet = session.response.text.partition(":")
    assert int(length) == len(packet)
    assert session.opening == {
        "sid": session.sid,
        "upgrades": ["websocket"],
        "pingInterval": 25_000,
        "pingTimeout": 20_000,
        "maxPayload": 1_000_000,
    }
    await session.echo("hello")


async def test_a_server_without_eio3_refuses(server: Server) -> None:
    """With EIO 3 off that is error 5."""
    assert_refused(server, await server.get(server.target(EIO=3)), UNSUPPORTED_VERSION)


@pytest.mark.parametrize("text", ["", "hello", "€ä", "\U0001f600x\U0001f601", "a\x1eb", "6:4fake"])
async def test_f25_lengths_count_utf_16_code_units(server: Server, text: str) -> None:
    """`6:4hello2:4€`; an astral character counts two."""
    session = await _open(server, b64=1)
    await session.send(f"4{text}", "4next")
    assert await session.collect(2) == [f"4{text}", "4next"]


@pytest.mark.parametrize("payload", BAD_TEXT.values(), ids=BAD_TEXT)
async def test_f25_bad_text_payload(server: Server, payload: bytes) -> None:
    """Exact counting, else 400 and the session is closed with parse error."""
    session = await _open(server)

    assert_refused(server, await session.post(payload), BAD_REQUEST)

    assert await session.finish() == "parse error"
    assert_refused(server, await session.get(), SESSION_UNKNOWN)


async def test_f18_the_good_packets_before_a_bad_one_are_delivered(server: Server) -> None:
    """Deliver the good ones before it in order, then close."""
    session = await _open(server)

    answer = await session.post(b"4:4one4:4two2:9x")

    assert_refused(server, answer, BAD_REQUEST)
    assert await session.finish() == "parse error"
    assert (await server.account(session.key)).messages == ("one", "two")


async def test_f27_binary_in_the_text_form(server: Server) -> None:
    """`b4` and base64 both ways; its length counts all of it: `10:b4AQIDBA==`."""
    session = await _open(server, b64=1)
    assert (await session.post(b"10:b4AQIDBA==")).body == b"ok"

    answer = await session.get()

    assert answer.body == b"10:b4AQIDBA=="
    assert answer.header("content-type") == "text/plain; charset=UTF-8"


@pytest.mark.parametrize(
    ("b64", "is_text"), [("1", True), ("true", True), ("x", True), ("", False)]
)
async def test_any_value_of_b64_asks_for_text(server: Server, b64: str, is_text: bool) -> None:
    """Any non-empty value is true, an empty one is none."""
    session = await _open(server, b64=b64)
    await session.post(encode_v3_binary([b"\x01\x02"]), fields=[BINARY_TYPE])

    body = (await session.get()).body

    assert body == (b"6:b4AQI=" if is_text else encode_v3_binary([b"\x01\x02"]))


async def test_no_answer_is_larger_than_max_payload(server: Server) -> None:
    """Binary and text in one payload, each counted as it is sent: never beyond `maxPayload`."""
    session = await server.polling("legacy-small", codec=V3, EIO=3)
    for number in range(12):
        data = bytes([number]) * 300
        await session.post(encode_v3_binary([data]), fields=[BINARY_TYPE])
        await session.send("4" + "€" * 90)
    packets: list[str | bytes] = []
    while len(packets) < 24:
        answer = await session.get()
        assert len(answer.body) <= 1_000
        if answer.header("content-type") == "application/octet-stream":
            packets += decode_v3_binary(answer.body)
        else:
            packets += V3.split(answer.body)
    assert packets[::2] == [bytes([number]) * 300 for number in range(12)]
    assert packets[1::2] == ["4" + "€" * 90] * 12


async def test_f27_binary_payloads(server: Server) -> None:
    """Without `b64` a payload with a binary packet is binary, both ways."""
    session = await _open(server)
    body = bytes.fromhex("00 04 ff 34 e2 82 ac 01 05 ff 04 01 02 03 04")
    poll = None

    assert (await session.post(body, fields=[BINARY_TYPE])).body == b"ok"
    packets: list[str | bytes] = []
    while len(packets) < 2:
        poll = await session.get()
        if poll.header("content-type") == "application/octet-stream":
            packets += decode_v3_binary(poll.body)
        else:
            packets += V3.split(poll.body)

    assert packets == ["4€", b"\x01\x02\x03\x04"]
    assert poll is not None
    assert poll.header("content-type") == "application/octet-stream"


@pytest.mark.parametrize("size", [0, 1, 8, 9, 99, 65_536])
async def test_f27_binary_of_every_length(server: Server, size: int) -> None:
    """The decimal length is one byte per digit."""
    session = await _open(server)
    data = bytes(size)
    await session.post(encode_v3_binary([data]), fields=[BINARY_TYPE])
    assert decode_v3_binary((await session.get()).body) == [data]


@pytest.mark.parametrize("payload", BAD_BINARY.values(), ids=BAD_BINARY)
async def test_f26_bad_binary_payload(server: Server, payload: bytes) -> None:
    """400, and the session is closed with parse error."""
    session = await _open(server)

    assert_refused(server, await session.post(payload, fields=[BINARY_TYPE]), BAD_REQUEST)

    assert await session.finish() == "parse error"


async def test_many_packets_in_one_post(server: Server) -> None:
    """No cap of 16 packets here either."""
    session = await _open(server, b64=1)
    packets = [f"4{number}" for number in range(100)]
    await session.send(*packets)
    assert await session.collect(100) == packets


async def test_sec01_a_large_payload_of_tiny_packets(server: Server) -> None:
    """Just under the limit: 300 000 noops are decoded or refused, and hold up nobody."""
    session = await _open(server)
    answer = await session.post(b"1:6" * 300_000)
    assert answer.status in {200, 400}
    assert_prompt(server, answer)


async def test_f55_pings_whose_answers_nobody_fetches(server: Server) -> None:
    """A client that pings and does not poll fills no queue with pongs."""
    session = await _open(server)
    for _ in range(5):
        await session.send(*["2"] * 500)
    assert await session.poll() == ["3"]
    await session.echo("still here")


async def test_messages_over_websocket(server: Server) -> None:
    """Text frame: digit and text; binary frame: byte 0x04 and the data."""
    session = await server.websocket("legacy", EIO=3)
    await session.echo("€\U0001f600")
    for data in (b"", b"\x01\x02", bytes(range(256))):
        await session.send(b"\x04" + data)
        assert await session.receive() == b"\x04" + data


async def test_base64_over_websocket(server: Server) -> None:
    """With `b64`, binary goes as text `b4...`."""
    session = await server.websocket("legacy", EIO=3, b64=1)
    await session.send("b4AQIDBA==")
    assert await session.receive() == "b4AQIDBA=="


@pytest.mark.parametrize("frame", ["", "9x", "b!!!", b"", b"\x09x"])
async def test_bad_websocket_message(server: Server, frame: str | bytes) -> None:
    """Undecodable: the session is closed with parse error."""
    session = await server.websocket("legacy", EIO=3)
    await session.send(frame)
    assert (await session.closed()).code == server.close_code(1002)
    assert await session.finish() == "parse error"


async def test_the_upgrade(server: Server) -> None:
    """`2probe`, `3probe`, `5`: the same in both versions; a held GET gets `1:6`."""
    session = await _open(server)
    poll = await session.park()
    websocket = await session.probe()
    assert (await poll.response()).body in {b"1:6", encode_v3_binary(["6"])}
    await websocket.send("5", "4hello", b"\x04\x01")
    assert await websocket.receive() == "4hello"
    assert await websocket.receive() == b"\x04\x01"
    session.is_over = True


async def test_closing(server: Server) -> None:
    """The held GET is answered with `6` for the client's close and `1` for the server's."""
    session = await _open(server)
    poll = await session.park()
    await session.send("1")
    assert await poll.packets() == ["6"]
    assert await session.finish() == "client disconnect"

    session = await _open(server)
    poll = await session.park()
    await session.send("4!close-later 0.05")
    assert await poll.packets() == ["1"]
    assert await session.finish() == "server disconnect"


async def test_both_revisions_at_once(server: Server) -> None:
    """EIO 4 always; clients of both revisions share a server and a broadcast."""
    new = await server.polling("legacy")
    old = await server.polling("legacy", codec=V3, key=new.key, EIO=3, b64=1)
    old_websocket = await server.websocket("legacy", key=new.key, EIO=3)

    await new.send("4!share-binary abc")

    assert await new.poll() == [base64_packet(b"abc")]
    assert (await old.get()).body == encode_v3(["b4YWJj"])
    assert await old_websocket.receive() == b"\x04abc"


async def test_the_open_packet_over_websocket(server: Server) -> None:
    """The same JSON, without a length."""
    session = await server.websocket("legacy", EIO=3)
    assert json.loads(json.dumps(session.opening)).keys() == {
        "sid",
        "upgrades",
        "pingInterval",
        "pingTimeout",
        "maxPayload",
    }
    assert session.opening["upgrades"] == []
