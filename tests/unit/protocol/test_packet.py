"""One packet in each of its forms, and back."""

import pytest

from engineio.errors import PacketError
from engineio.protocol.packet import (
    Packet,
    PacketType,
    SharedPacket,
    decode_base64,
    decode_frame,
    decode_frame_v3,
    decode_text,
    decode_text_v3,
)

MESSAGE = PacketType.MESSAGE

# packet, frame, text, frame of EIO 3, text of EIO 3
FORMS = [
    (Packet(PacketType.OPEN, "{}"), "0{}", "0{}", "0{}", "0{}"),
    (Packet(PacketType.CLOSE), "1", "1", "1", "1"),
    (Packet(PacketType.PING, "probe"), "2probe", "2probe", "2probe", "2probe"),
    (Packet(PacketType.PONG), "3", "3", "3", "3"),
    (Packet(MESSAGE, "hello"), "4hello", "4hello", "4hello", "4hello"),
    (Packet(MESSAGE, ""), "4", "4", "4", "4"),
    (Packet(MESSAGE, "€😀"), "4€😀", "4€😀", "4€😀", "4€😀"),
    (Packet(PacketType.UPGRADE), "5", "5", "5", "5"),
    (Packet(PacketType.NOOP), "6", "6", "6", "6"),
    (Packet(MESSAGE, b"\1\2\3\4"), b"\1\2\3\4", "bAQIDBA==", b"\4\1\2\3\4", "b4AQIDBA=="),
    (Packet(MESSAGE, b""), b"", "b", b"\4", "b4"),
]
IDS = [repr(packet.data) + packet.type.name for packet, *_ in FORMS]

# Text that something on the way could take for more than text.
TEXTS = {
    "NUL": "a\0b",
    "BOM": "\ufeffa\ufeff",
    "line and paragraph separators": "\u2028\u2029\x85\x0b\x0c",
    "JSON": '{"a":1}',
    "null": "null",
    "NaN": "NaN",
    "number": "-5",
    "JSON text": '"abc"',
    "deep JSON": "[" * 100_000,
    "long number": "9" * 900_000,
    "a Socket.IO packet": '451-["x",{"_placeholder":true,"num":"__proto__"}]',
    "looks like binary": "bAQID",
    "last code point": "\U0010ffff",
}


@pytest.mark.parametrize(("packet", "frame", "text", "frame_v3", "text_v3"), FORMS, ids=IDS)
@pytest.mark.parametrize("kind", [Packet, SharedPacket])
def test_a_packet_has_one_form_for_each_place(kind, packet, frame, text, frame_v3, text_v3):
    same = kind(*packet)

    assert same.frame == frame
    assert same.text == text
    assert same.frame_v3 == frame_v3
    assert same.text_v3 == text_v3
    assert same.size == len(frame if isinstance(frame, bytes) else frame.encode())


@pytest.mark.parametrize(("packet", "frame", "text", "frame_v3", "text_v3"), FORMS, ids=IDS)
def test_each_form_is_decoded_to_the_packet(packet, frame, text, frame_v3, text_v3):
    assert decode_frame(frame) == packet
    assert decode_text(text) == packet
    assert decode_frame_v3(frame_v3) == packet
    assert decode_text_v3(text_v3) == packet


def test_a_decoded_packet_has_the_types_it_says():
    packet = decode_text("4a")

    assert type(packet) is Packet
    assert packet.type is MESSAGE


def test_base64_is_taken_on_a_websocket_too():
    assert decode_frame("bAQID") == Packet(MESSAGE, b"\1\2\3")
    assert decode_frame_v3("b4AQID") == Packet(MESSAGE, b"\1\2\3")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_f21_f22_f23_text_stays_the_same_text(text):
    packet = Packet(MESSAGE, text)

    for decoded in (
        decode_frame(packet.frame),
        decode_text(packet.text),
        decode_frame_v3(packet.frame_v3),
        decode_text_v3(packet.text_v3),
    ):
        assert type(decoded.data) is str
        assert decoded.data == text


@pytest.mark.parametrize(
    "text",
    ["", "7", "9x", "a", "A4", " 4", "-", "\0", "٤x", "४", "４x", "\ufeff4x", "B", "x" * 100_000],
)
@pytest.mark.parametrize("decode", [decode_text, decode_text_v3, decode_frame, decode_frame_v3])
def test_f16_sec41_only_seven_ascii_digits_are_types(decode, text):
    with pytest.raises(PacketError):
        decode(text)


@pytest.mark.parametrize(
    "text",
    [
        "!!!",
        "A",
        "AA",
        "AA=",
        "AAA",
        "AA===",
        "AAAA=",
        "AAAA====",
        "=",
        "====",
        "AA==AA==",
        "AA A",
        "AAAA\n",
        " AAAA",
        "AA-_",
        "AAA\0",
        "AAAé",
        "ＡＡＡＡ",
        "AAA\ud800",
    ],
)
def test_f20_base64_is_decoded_strictly(text):
    with pytest.raises(PacketError):
        decode_base64(text)
    with pytest.raises(PacketError):
        decode_text("b" + text)
    with pytest.raises(PacketError):
        decode_text_v3("b4" + text)


def test_f20_binary_may_be_empty():
    assert decode_text("b") == Packet(MESSAGE, b"")
    assert decode_text_v3("b4") == Packet(MESSAGE, b"")
    assert decode_frame(b"") == Packet(MESSAGE, b"")
    assert decode_frame_v3(b"\4") == Packet(MESSAGE, b"")


@pytest.mark.parametrize("text", ["b", "b2", "b0AQID", "bAQID", "b٤"])
def test_f27_binary_of_eio3_is_a_message_as_text(text):
    with pytest.raises(PacketError, match="not a message"):
        decode_text_v3(text)


@pytest.mark.parametrize("data", [b"", b"\0", b"\2probe", b"4hello", b"\xff"])
def test_f27_binary_of_eio3_is_a_message_as_a_frame(data):
    with pytest.raises(PacketError, match="not a message"):
        decode_frame_v3(data)


def test_f69_a_shared_packet_computes_each_form_once():
    packet = SharedPacket(MESSAGE, b"\1\2\3\4")

    for form in ("text", "frame_v3", "text_v3"):
        assert getattr(packet, form) is getattr(packet, form)
    # A packet of one session does not keep what it computes.
    assert Packet(MESSAGE, "hello").text is not Packet(MESSAGE, "hello").text


def test_a_lone_surrogate_cannot_be_measured():
    with pytest.raises(UnicodeEncodeError):
        _ = Packet(MESSAGE, "\ud800").size
