"""The codecs on every input that Hypothesis can think of.

Lives here: round trips, garbage, a second decoder for EIO 3 written straight from the protocol, and
how much work a body of a given size may cause.
"""

import json
import re
import sys
import tracemalloc
from collections.abc import Callable
from functools import partial
from urllib.parse import quote_from_bytes, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engineio.errors import PacketError
from engineio.protocol import payload, payload_v3
from engineio.protocol.jsonp import index_of, unwrap, wrap
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
from engineio.protocol.payload import Decoded

# Characters at the edges of the encodings come up more often than chance would have it.
EDGES = "\0\x1e:b4\\\n\r\x7f\x80\u07ff\u0800\u2028\u2029\ufeff\uffff\U00010000😀\U0010ffff"
texts = st.text(st.one_of(st.sampled_from(EDGES), st.characters(codec="utf-8")))
packets = st.one_of(
    st.builds(Packet, st.just(PacketType.MESSAGE), st.binary()),
    st.builds(Packet, st.sampled_from(PacketType), texts),
)
many_packets = st.lists(packets, min_size=1)
# Over polling, EIO 4 cannot carry the separator in a text.
packets_v4 = packets.filter(lambda packet: "\x1e" not in packet.text)
many_packets_v4 = st.lists(packets_v4, min_size=1)

# Bodies that look as if they were payloads.
noise = st.one_of(
    st.binary(),
    st.lists(st.sampled_from([b"4", b"b", b"\x1e", b"6", b"AAA=", b"\xff", b"x"])).map(b"".join),
    st.lists(st.sampled_from([b"1", b"0", b"2", b":", b"4", b"b4", "€😀".encode()])).map(b"".join),
    st.lists(st.sampled_from([b"\0", b"\1", b"\2", b"\xff", b"4", b"\4", b"\xc3"])).map(b"".join),
)


@st.composite
def damaged(draw, encode, valid):
    """A payload with some of its bytes cut out and others put in."""
    body = encode(draw(valid))
    start = draw(st.integers(0, len(body)))
    end = draw(st.integers(start, min(len(body), start + 4)))
    return body[:start] + draw(noise) + body[end:]


CODECS = {
    "EIO 4": (payload.encode_payload, payload.decode_payload, many_packets_v4),
    "EIO 3 text": (payload_v3.encode_text, payload_v3.decode_text, many_packets),
    "EIO 3 binary": (payload_v3.encode_binary, payload_v3.decode_binary, many_packets),
}
codecs = pytest.mark.parametrize(("encode", "decode", "valid"), CODECS.values(), ids=CODECS.keys())

PACKET_CODECS: dict[str, tuple[str, Callable]] = {
    "frame": ("frame", decode_frame),
    "text": ("text", decode_text),
    "frame of EIO 3": ("frame_v3", decode_frame_v3),
    "text of EIO 3": ("text_v3", decode_text_v3),
}
packet_codecs = pytest.mark.parametrize(
    ("form", "decode"), PACKET_CODECS.values(), ids=PACKET_CODECS.keys()
)


# -- packets -------------------------------------------------------------------------------


@packet_codecs
@given(packet=packets)
def test_f21_every_packet_survives_every_form(form, decode, packet):
    assert decode(getattr(packet, form)) == packet
    assert decode(getattr(SharedPacket(*packet), form)) == packet


@given(packets)
def test_the_size_of_a_packet_is_that_of_its_frame(packet):
    frame = packet.frame

    assert packet.size == len(frame if isinstance(frame, bytes) else frame.encode())


@packet_codecs
@given(data=st.one_of(st.text(), st.binary()))
def test_g14_a_frame_is_a_packet_or_a_packet_error(form, decode, data):
    if isinstance(data, bytes) and form.startswith("text"):
        data = data.decode("latin-1")
    try:
        packet = decode(data)
    except PacketError:
        return
    # What was decoded can be sent on, and comes out the same.
    assert decode(getattr(packet, form)) == packet


@given(st.binary())
def test_f20_base64_is_read_as_it_is_written(data):
    assert decode_base64(Packet(PacketType.MESSAGE, data).text[1:]) == data


# -- payloads ------------------------------------------------------------------------------


@codecs
@given(data=st.data())
def test_f21_every_payload_survives(encode, decode, valid, data):
    sent = data.draw(valid)

    assert decode(encode(sent)) == Decoded(sent, None)


@codecs
@given(body=noise)
@example(body=b"1:b")
@example(body=b"4\x1e")
@example(body=b"\x00\x01\xffb")
def test_g14_noise_is_packets_or_a_packet_error(encode, decode, valid, body):
    check_decoding(encode, decode, body)


@codecs
@given(data=st.data())
def test_g14_a_damaged_payload_is_packets_or_a_packet_error(encode, decode, valid, data):
    check_decoding(encode, decode, data.draw(damaged(encode, valid)))


def check_decoding(encode, decode, body):
    decoded = decode(body)

    assert decoded.error is None or type(decoded.error) is PacketError
    assert decoded.error is not None or decoded.packets
    if decoded.packets:
        assert decode(encode(decoded.packets)) == Decoded(decoded.packets, None)


@codecs
@given(data=st.data())
def test_f18_what_comes_before_the_damage_is_kept(encode, decode, valid, data):
    sent = data.draw(valid)
    body = encode(sent)
    # Nothing that starts with 7 is a packet, a length or a marker in any of the three.
    bad = b"\x1e7" if encode is payload.encode_payload else b"7"

    received, error = decode(body + bad)

    assert received == sent
    assert type(error) is PacketError


@codecs
@given(data=st.data(), limit=st.integers(1, 10))
def test_a_limit_keeps_the_first_packets(encode, decode, valid, data, limit):
    sent = data.draw(valid)

    received, error = decode(encode(sent), limit)

    assert received == sent[:limit]
    assert (error is None) == (len(sent) <= limit)


@given(many_packets)
def test_sizes_in_a_payload_of_eio4_are_exact(sent):
    assert sum(map(payload.payload_size, sent)) == len(payload.encode_payload(sent)) + 1


@given(many_packets)
def test_sizes_in_payloads_of_eio3_are_never_too_small(sent):
    assert sum(map(payload_v3.binary_size, sent)) == len(payload_v3.encode_binary(sent))
    text = len(payload_v3.encode_text(sent))
    assert text <= sum(map(payload_v3.text_size, sent)) <= text + len(sent)


# -- a second decoder ----------------------------------------------------------------------


def units_of(text):
    """The UTF-16 code units of a text, one character each."""
    raw = text.encode("utf-16-le")
    return [
        raw[index : index + 2].decode("utf-16-le", "surrogatepass")
        for index in range(0, len(raw), 2)
    ]


def reference_text(body):
    """The text form of EIO 3, one UTF-16 unit after the other; None stands for an error."""
    try:
        units = units_of(body.decode())
    except UnicodeDecodeError:
        return [], True
    received: list[Packet] = []
    while units:
        digits = ""
        while units and units[0] in "0123456789" and len(digits) < 10:
            digits += units.pop(0)
        if not re.fullmatch("0|[1-9][0-9]{0,8}", digits) or not units or units.pop(0) != ":":
            return received, True
        item, units = units[: int(digits)], units[int(digits) :]
        if len(item) < int(digits):
            return received, True
        try:
            joined = "".join(item).encode("utf-16-le", "surrogatepass").decode("utf-16-le")
            received.append(decode_text_v3(joined))
        except (UnicodeDecodeError, PacketError):
            return received, True
    return received, not received


def reference_binary(body):
    """The binary form of EIO 3, one byte after the other."""
    rest = list(body)
    received: list[Packet] = []
    while rest:
        marker = rest.pop(0)
        digits: list[int] = []
        while rest and rest[0] < 10 and len(digits) < 10:
            digits.append(rest.pop(0))
        if marker > 1 or not 0 < len(digits) < 10 or (digits[0] == 0 and len(digits) > 1):
            return received, True
        if not rest or rest.pop(0) != 0xFF:
            return received, True
        length = sum(digit * 10**power for power, digit in enumerate(reversed(digits)))
        content, rest = bytes(rest[:length]), rest[length:]
        if len(content) < length:
            return received, True
        try:
            received.append(decode_frame_v3(content if marker else content.decode()))
        except (UnicodeDecodeError, PacketError):
            return received, True
    return received, not received


REFERENCES = {
    "text": (payload_v3.encode_text, payload_v3.decode_text, reference_text),
    "binary": (payload_v3.encode_binary, payload_v3.decode_binary, reference_binary),
}
references = pytest.mark.parametrize(
    ("encode", "decode", "reference"), REFERENCES.values(), ids=REFERENCES.keys()
)


@references
@given(data=st.data())
def test_f25_f26_both_decoders_of_eio3_agree(encode, decode, reference, data):
    body = data.draw(st.one_of(noise, damaged(encode, many_packets)))

    received, error = decode(body)

    assert (received, error is not None) == reference(body)


# -- JSONP ---------------------------------------------------------------------------------


@given(st.integers(0, 999_999_999), texts)
def test_f30_every_text_survives_a_script(index, text):
    script = wrap(index_of(str(index)), text)

    prefix, suffix = f"___eio[{index}](".encode(), b");"
    assert script.startswith(prefix)
    assert script.endswith(suffix)
    literal = script[len(prefix) : -len(suffix)]
    assert json.loads(literal) == text
    for line_end in ("\n", "\r", "\u2028", "\u2029", "<"):
        assert line_end.encode() not in script


@given(texts.filter(bool), st.sampled_from([quote_plus, partial(quote_plus, safe="")]))
def test_f28_every_text_survives_a_form(text, quote):
    # As the JavaScript client escapes: what looks escaped is doubled, then newlines are escaped.
    escaped = text.replace("\\n", "\\\\n").replace("\n", "\\n")

    assert unwrap(b"d=" + quote(escaped).encode()) == text.encode()


@given(st.one_of(st.binary(), st.binary().map(lambda body: b"d=" + body)))
def test_g14_a_form_is_bytes_or_a_packet_error(body):
    try:
        received = unwrap(body)
    except PacketError:
        return
    assert received
    if b"\\" not in received and b"\n" not in received:
        assert unwrap(b"d=" + quote_from_bytes(received).encode()) == received


@given(st.text())
@example("٣")
@example("1\n")
def test_f29_an_index_is_digits_or_a_packet_error(value):
    try:
        index = index_of(value)
    except PacketError:
        return
    assert re.fullmatch(r"[0-9]{1,9}", index, re.ASCII)


# -- work and memory -----------------------------------------------------------------------


def calls_during(function, *arguments):
    """How many functions a call enters, those written in C included."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        function(*arguments)
    finally:
        sys.setprofile(before)
    return calls


MEGABYTE = 1_000_000

HOSTILE = {
    "EIO 4, separators": (payload.decode_payload, b"\x1e" * MEGABYTE),
    "EIO 4, not UTF-8 at the end": (payload.decode_payload, b"4\x1e" * (MEGABYTE // 2) + b"\xff"),
    "EIO 3, digits": (payload_v3.decode_text, b"9" * MEGABYTE),
    "EIO 3, digits of another script": (payload_v3.decode_text, "٩".encode() * (MEGABYTE // 2)),
    "EIO 3, astral digits": (payload_v3.decode_text, "𝟗".encode() * (MEGABYTE // 4)),
    "EIO 3, a length beyond the end": (payload_v3.decode_text, b"999999999:4" + b"x" * MEGABYTE),
    "EIO 3, no UTF-8 at the end": (payload_v3.decode_text, b"1:6" * (MEGABYTE // 3) + b"\xff"),
    "EIO 3 binary, digits": (payload_v3.decode_binary, b"\0" + b"\x09" * MEGABYTE),
    "EIO 3 binary, zeros": (payload_v3.decode_binary, b"\0" * MEGABYTE),
    "EIO 3 binary, length beyond": (payload_v3.decode_binary, b"\0\x09\x09\xff" + b"4" * 90),
}


@pytest.mark.parametrize(("decode", "body"), HOSTILE.values(), ids=HOSTILE.keys())
def test_sec01_a_hostile_body_is_refused_at_its_first_packet(decode, body):
    assert decode(body).packets == []
    assert calls_during(decode, body) < 40


@pytest.mark.parametrize(
    ("decode", "item"),
    [
        (payload.decode_payload, b"6\x1e"),
        (payload.decode_payload, "4😀\x1e".encode()),
        (payload.decode_payload, b"bAA==\x1e"),
        (payload_v3.decode_text, b"1:6"),
        (payload_v3.decode_text, "2:4€".encode()),
        (payload_v3.decode_text, "3:4😀".encode()),
        (payload_v3.decode_binary, b"\0\1\xff6"),
        (payload_v3.decode_binary, b"\1\1\xff\4"),
    ],
    ids=[
        "EIO 4",
        "EIO 4 astral",
        "EIO 4 binary",
        "EIO 3",
        "EIO 3 wide",
        "EIO 3 astral",
        "EIO 3 bytes, text",
        "EIO 3 bytes, binary",
    ],
)
@pytest.mark.parametrize("count", [1, 1_000, 10_000])
def test_sec01_sec45_work_grows_with_the_number_of_packets(decode, item, count):
    body = (item * count).rstrip(b"\x1e")

    assert len(decode(body).packets) == count
    assert calls_during(decode, body) <= 40 + 16 * count


@pytest.mark.parametrize(
    ("decode", "body"),
    [
        (payload.decode_payload, b"4" + b"x" * MEGABYTE),
        (payload.decode_payload, b"4" + "é".encode() * (MEGABYTE // 2)),
        (payload_v3.decode_text, b"1000001:4" + b"x" * MEGABYTE),
        (payload_v3.decode_text, f"500001:4{'é' * (MEGABYTE // 2)}".encode()),
        (payload_v3.decode_text, f"500001:4{'😀' * (MEGABYTE // 4)}".encode()),
        (payload_v3.decode_binary, b"\1\1\0\0\0\0\0\1\xff\4" + b"x" * MEGABYTE),
    ],
    ids=["EIO 4", "EIO 4 é", "EIO 3", "EIO 3 é", "EIO 3 😀", "EIO 3 binary"],
)
def test_sec01_one_large_packet_takes_a_few_times_its_size(decode, body):
    tracemalloc.start()
    try:
        assert decode(body).error is None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 6 * MEGABYTE
