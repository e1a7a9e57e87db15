"""Polling payloads of EIO 4."""

import pytest

from engineio.errors import PacketError
from engineio.protocol.packet import Packet, PacketType
from engineio.protocol.payload import Decoded, decode_payload, encode_payload, payload_size

MESSAGE = PacketType.MESSAGE

PAYLOADS = {
    "one": (b"4hello", [Packet(MESSAGE, "hello")]),
    "the example of the protocol": (
        b"4hello\x1ebAQIDBA==",
        [Packet(MESSAGE, "hello"), Packet(MESSAGE, b"\1\2\3\4")],
    ),
    "empty messages": (b"4\x1eb\x1e4", [Packet(MESSAGE), Packet(MESSAGE, b""), Packet(MESSAGE)]),
    "control packets": (
        b"2\x1e3\x1e6\x1e1",
        [
            Packet(PacketType.PING),
            Packet(PacketType.PONG),
            Packet(PacketType.NOOP),
            Packet(PacketType.CLOSE),
        ],
    ),
    "beyond ASCII": (
        "4€\x1e4😀".encode(),
        [Packet(MESSAGE, "€"), Packet(MESSAGE, "😀")],
    ),
    "f21 NUL, BOM and line separators": (
        "4\0\x1e4\ufeff\x1e4\u2028\u2029\r\n".encode(),
        [Packet(MESSAGE, "\0"), Packet(MESSAGE, "\ufeff"), Packet(MESSAGE, "\u2028\u2029\r\n")],
    ),
    "f24 what follows a close packet": (
        b"1\x1e4x",
        [Packet(PacketType.CLOSE), Packet(MESSAGE, "x")],
    ),
}


@pytest.mark.parametrize(("body", "packets"), PAYLOADS.values(), ids=PAYLOADS.keys())
def test_packets_are_joined_and_split(body, packets):
    assert encode_payload(packets) == body
    assert decode_payload(body) == Decoded(packets, None)


@pytest.mark.parametrize(("body", "packets"), PAYLOADS.values(), ids=PAYLOADS.keys())
def test_the_size_of_a_packet_is_what_it_adds_to_a_payload(body, packets):
    # The first packet has no separator.
    assert sum(map(payload_size, packets)) == len(body) + 1


@pytest.mark.parametrize("length", range(8))
def test_the_size_of_binary_is_known_without_encoding_it(length):
    packet = Packet(MESSAGE, b"x" * length)

    assert payload_size(packet) == len(packet.text) + 1


def test_packets_may_come_from_an_iterator():
    assert encode_payload(iter([Packet(MESSAGE, "a"), Packet(MESSAGE, "b")])) == b"4a\x1e4b"


@pytest.mark.parametrize(
    "body",
    [b"", b"\x1e", b"\x1e4a", b"4a\x1e", b"4a\x1e\x1e4b", b"\x1e" * 1_000_000],
    ids=["nothing", "a separator", "first", "last", "middle", "a million"],
)
def test_f15_an_empty_packet_is_an_error(body):
    decoded = decode_payload(body)

    assert isinstance(decoded.error, PacketError)
    assert decoded.packets == ([Packet(MESSAGE, "a")] if body.startswith(b"4a") else [])


@pytest.mark.parametrize(
    "bad", ["7", "x", "٤", "b!!!", "bAA", "", "\ufeff4"], ids=lambda bad: ascii(bad)
)
def test_f18_the_packets_before_a_bad_one_are_kept(bad):
    body = f"4a\x1ebAQID\x1e{bad}\x1e4after".encode()

    packets, error = decode_payload(body)

    assert packets == [Packet(MESSAGE, "a"), Packet(MESSAGE, b"\1\2\3")]
    assert isinstance(error, PacketError)


@pytest.mark.parametrize("count", [17, 1_000, 100_000])
def test_f19_there_may_be_many_packets(count):
    packets = [Packet(MESSAGE, str(number)) for number in range(count)]

    assert decode_payload(encode_payload(packets)) == Decoded(packets, None)


@pytest.mark.parametrize(
    "bad",
    [
        b"\xff",
        b"\x80",
        b"\xc3",
        b"\xc0\x80",
        b"\xe0\x80\xaf",
        b"\xed\xa0\x80",
        b"\xed\xa0\xbd\xed\xb8\x80",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88\x80\x80\x80",
    ],
    ids=[
        "no start byte",
        "continuation only",
        "cut off",
        "overlong NUL",
        "overlong slash",
        "lone surrogate",
        "surrogate pair",
        "beyond the last code point",
        "five bytes",
    ],
)
def test_f21_a_body_that_is_not_utf8_holds_no_packets(bad):
    packets, error = decode_payload(b"4a\x1e4" + bad)

    assert packets == []
    assert isinstance(error, PacketError)


@pytest.mark.parametrize(
    ("limit", "kept"), [(None, 3), (4, 3), (3, 3), (2, 2), (1, 1)], ids=lambda value: str(value)
)
def test_the_number_of_packets_can_be_limited(limit, kept):
    packets, error = decode_payload(b"4a\x1e4b\x1e4c", limit)

    assert packets == [Packet(MESSAGE, text) for text in "abc"[:kept]]
    assert (error is None) == (kept == 3)


def test_a_bad_packet_comes_before_one_too_many():
    _, error = decode_payload(b"4a\x1ex\x1e4c", 2)

    assert "type" in str(error)


def test_a_separator_in_a_text_splits_it():
    # "A literal 0x1e inside text cannot be escaped."
    body = encode_payload([Packet(MESSAGE, "a\x1e4b")])

    assert decode_payload(body).packets == [Packet(MESSAGE, "a"), Packet(MESSAGE, "b")]


@pytest.mark.parametrize("function", [payload_size, lambda packet: encode_payload([packet])])
def test_a_lone_surrogate_is_the_senders_error(function):
    with pytest.raises(UnicodeEncodeError):
        function(Packet(MESSAGE, "a\udc00"))
