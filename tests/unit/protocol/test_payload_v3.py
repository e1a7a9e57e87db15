"""Polling payloads of EIO 3, text and binary."""

import pytest

from engineio.errors import PacketError
from engineio.protocol.packet import Packet, PacketType
from engineio.protocol.payload import Decoded
from engineio.protocol.payload_v3 import (
    binary_size,
    decode_binary,
    decode_text,
    encode_binary,
    encode_text,
    text_size,
)

MESSAGE = PacketType.MESSAGE
A = Packet(MESSAGE, "a")

# packets, text form, binary form
PAYLOADS = {
    "texts of the protocol's example": (
        [Packet(MESSAGE, "hello"), Packet(MESSAGE, "€")],
        "6:4hello2:4€".encode(),
        b"\x00\x06\xff4hello\x00\x04\xff4\xe2\x82\xac",
    ),
    "binary of the protocol's example": (
        [Packet(MESSAGE, "€"), Packet(MESSAGE, b"\1\2\3\4")],
        "2:4€10:b4AQIDBA==".encode(),
        b"\x00\x04\xff4\xe2\x82\xac\x01\x05\xff\x04\x01\x02\x03\x04",
    ),
    "an astral character counts two": (
        [Packet(MESSAGE, "😀"), Packet(MESSAGE, "a😀b😀")],
        "3:4😀7:4a😀b😀".encode(),
        b"\x00\x05\xff4\xf0\x9f\x98\x80\x00\x01\x01\xff4a\xf0\x9f\x98\x80b\xf0\x9f\x98\x80",
    ),
    "a length of two digits": (
        [Packet(MESSAGE, "123456789012")],
        b"13:4123456789012",
        b"\x00\x01\x03\xff4123456789012",
    ),
    "a length with a zero": (
        [Packet(MESSAGE, "x" * 99)],
        b"100:4" + b"x" * 99,
        b"\x00\x01\x00\x00\xff4" + b"x" * 99,
    ),
    "empty messages": (
        [Packet(MESSAGE), Packet(MESSAGE, b"")],
        b"1:42:b4",
        b"\x00\x01\xff4\x01\x01\xff\x04",
    ),
    "control packets": (
        [Packet(PacketType.PING), Packet(PacketType.PONG), Packet(PacketType.NOOP)],
        b"1:21:31:6",
        b"\x00\x01\xff2\x00\x01\xff3\x00\x01\xff6",
    ),
    "a text that looks like a prefix": (
        [Packet(MESSAGE, "3:4"), Packet(MESSAGE, "\x00\x01\xff")],
        "4:43:44:4\x00\x01ÿ".encode(),
        b"\x00\x04\xff43:4\x00\x05\xff4\x00\x01\xc3\xbf",
    ),
    "f21 NUL, BOM and line separators": (
        [Packet(MESSAGE, "\0"), Packet(MESSAGE, "\ufeff"), Packet(MESSAGE, "\u2028")],
        "2:4\x002:4\ufeff2:4\u2028".encode(),
        b"\x00\x02\xff4\x00\x00\x04\xff4\xef\xbb\xbf\x00\x04\xff4\xe2\x80\xa8",
    ),
}


@pytest.mark.parametrize(("packets", "text", "binary"), PAYLOADS.values(), ids=PAYLOADS.keys())
def test_both_forms_are_written_and_read(packets, text, binary):
    assert encode_text(packets) == text
    assert decode_text(text) == Decoded(packets, None)
    assert encode_binary(packets) == binary
    assert decode_binary(binary) == Decoded(packets, None)


@pytest.mark.parametrize(("packets", "text", "binary"), PAYLOADS.values(), ids=PAYLOADS.keys())
def test_sizes_are_what_packets_take(packets, text, binary):
    assert sum(map(binary_size, packets)) == len(binary)
    # Beyond ASCII a length in UTF-16 may have a digit less than the one in UTF-8.
    assert len(text) <= sum(map(text_size, packets)) <= len(text) + len(packets)


@pytest.mark.parametrize("length", [0, 1, 2, 3, 8, 9, 98, 99, 100, 9_999])
@pytest.mark.parametrize("unit", ["x", b"x"], ids=["text", "binary"])
def test_sizes_are_exact_for_ascii_and_binary(unit, length):
    packet = Packet(MESSAGE, unit * length)

    assert text_size(packet) == len(encode_text([packet]))
    assert binary_size(packet) == len(encode_binary([packet]))


def test_a_payload_without_packets_has_the_form_that_the_protocol_gives_it():
    assert encode_text([]) == b"0:"
    assert encode_binary([]) == b""


@pytest.mark.parametrize("decode", [decode_text, decode_binary])
def test_f15_an_empty_body_is_an_error(decode):
    packets, error = decode(b"")

    assert packets == []
    assert isinstance(error, PacketError)


@pytest.mark.parametrize("body", [b"0:", b"0:1:4", b"0:4", "0:3:4😀".encode()])
def test_f15_an_empty_packet_is_an_error_in_text(body):
    assert decode_text(body).packets == []
    assert "empty" in str(decode_text(body).error)
    assert decode_text(b"2:4a" + body).packets == [A]


@pytest.mark.parametrize("body", [b"\x00\x00\xff", b"\x01\x00\xff", b"\x00\x00\xff\x00\x01\xff4"])
def test_f15_an_empty_packet_is_an_error_in_binary(body):
    packets, error = decode_binary(b"\x00\x02\xff4a" + body)

    assert packets == [A]
    assert isinstance(error, PacketError)


@pytest.mark.parametrize(
    "bad",
    [
        "1:4a",
        "3:4",
        "-1:4",
        "+1:4",
        " 1:4",
        "1 :4",
        "01:4",
        "00:",
        "1_0:4",
        "0x1:4",
        "1.0:4",
        "1e0:4",
        "1",
        "1;4",
        ":4",
        "4a",
        "٢:4a",
        "２:4a",
        "²:4",
        "1000000000:4",
        "9" * 1_000_000,
        "9" * 1_000_000 + ":4",
    ],
    ids=[
        "short",
        "beyond the end",
        "negative",
        "with a sign",
        "with a space",
        "with a space after",
        "with a leading zero",
        "two zeros",
        "with an underscore",
        "hexadecimal",
        "with a point",
        "with an exponent",
        "without a colon",
        "with another mark",
        "missing",
        "no length at all",
        "sec41 of another script",
        "sec41 of another width",
        "sec41 superscript",
        "of ten digits",
        "sec01 of a million digits",
        "sec01 of a million digits and a colon",
    ],
)
@pytest.mark.parametrize("first", ["a", "€", "😀"])
def test_f25_f18_an_impossible_length_ends_a_text_payload(first, bad):
    good = Packet(MESSAGE, first)

    packets, error = decode_text(encode_text([good]) + bad.encode())

    # A length that is too short leaves a good packet and then garbage.
    assert packets[:1] == [good]
    assert packets[1:] in ([], [Packet(MESSAGE)])
    assert isinstance(error, PacketError)


@pytest.mark.parametrize("body", ["2:4😀", "3:4a😀", "2:4😀1:4", "1:42:4😀6:4hello"])
def test_f25_a_length_must_not_split_a_surrogate_pair(body):
    packets, error = decode_text(body.encode())

    assert packets == ([Packet(MESSAGE)] if body.startswith("1:4") else [])
    assert "splits" in str(error)


def test_f25_code_points_below_the_astral_planes_count_one():
    # The encoding changes with the widest character of the body, the count must not.
    for other in ("a", "é", "€", "\uffff", "😀"):
        packets = [Packet(MESSAGE, "é€"), Packet(MESSAGE, other), Packet(MESSAGE, "a")]
        assert decode_text(encode_text(packets)) == Decoded(packets, None)


@pytest.mark.parametrize(
    "bad",
    [
        b"\x02\x01\xff4",
        b"4\x01\xff4",
        b"\x00\xff4",
        b"\x00\x01",
        b"\x00\x014",
        b"\x001\xff4",
        b"\x00\x0a\xff4",
        b"\x00\x00\x01\xff4",
        b"\x00\x02\xff4",
        b"\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff4",
        b"\x00" + b"\x09" * 300 + b"\xff4",
        b"\x00" + b"\x09" * 1_000_000,
        b"\x01\x02\xff4a",
        b"\x01\x02\xff\x02a",
        b"\x00\x01\xff7",
        b"\x00\x02\xff4\xff",
        b"\x00\x04\xff4\xed\xa0\x80",
        b"2:4a",
    ],
    ids=[
        "bad marker",
        "ASCII marker",
        "no length",
        "cut off after the length",
        "no end of the length",
        "ASCII length",
        "a digit of ten",
        "leading zero",
        "length beyond the end",
        "a length of ten digits",
        "a length of 300 digits",
        "sec01 a length that never ends",
        "ASCII type of a binary packet",
        "a binary packet that is not a message",
        "unknown type",
        "not UTF-8",
        "a surrogate",
        "the text form",
    ],
)
def test_f26_f18_garbage_ends_a_binary_payload(bad):
    packets, error = decode_binary(b"\x00\x02\xff4a" + bad)

    assert packets == [A]
    assert isinstance(error, PacketError)


@pytest.mark.parametrize("bad", [b"1:7", b"1:x", b"2:b!", b"3:b2A", "1:٤".encode(), b"5:b4A=="])
def test_f16_f20_a_bad_packet_ends_a_text_payload(bad):
    packets, error = decode_text(b"2:4a" + bad + b"2:4b")

    assert packets == [A]
    assert isinstance(error, PacketError)


def test_f21_a_text_body_that_is_not_utf8_holds_no_packets():
    for bad in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80"):
        packets, error = decode_text(b"2:4a2:4" + bad)
        assert packets == []
        assert isinstance(error, PacketError)


def test_f27_base64_is_taken_in_both_forms():
    packets = [Packet(MESSAGE, b"\1\2\3\4")]

    assert decode_text(b"10:b4AQIDBA==") == Decoded(packets, None)
    assert decode_binary(b"\x00\x01\x00\xffb4AQIDBA==") == Decoded(packets, None)


@pytest.mark.parametrize("count", [17, 90_000])
def test_f19_sec01_many_small_packets_are_all_decoded(count):
    for text in ("a", "😀"):
        packets = [Packet(MESSAGE, text)] * count
        assert decode_text(encode_text(packets)) == Decoded(packets, None)
        assert decode_binary(encode_binary(packets)) == Decoded(packets, None)


@pytest.mark.parametrize(("limit", "kept"), [(None, 3), (4, 3), (3, 3), (2, 2), (1, 1)])
@pytest.mark.parametrize(
    ("encode", "decode"), [(encode_text, decode_text), (encode_binary, decode_binary)]
)
def test_the_number_of_packets_can_be_limited(encode, decode, limit, kept):
    sent = [Packet(MESSAGE, text) for text in "abc"]

    packets, error = decode(encode(sent), limit)

    assert packets == sent[:kept]
    assert (error is None) == (kept == 3)


@pytest.mark.parametrize(
    "function",
    [
        text_size,
        binary_size,
        lambda packet: encode_text([packet]),
        lambda packet: encode_binary([packet]),
    ],
    ids=["text_size", "binary_size", "encode_text", "encode_binary"],
)
def test_a_lone_surrogate_is_the_senders_error(function):
    with pytest.raises(UnicodeEncodeError):
        function(Packet(MESSAGE, "a\udc00"))
