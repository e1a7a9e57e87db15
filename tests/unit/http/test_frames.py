"""WebSocket frames: what a client may send, how it is read in pieces, what a server writes."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engineio.http.frames import (
    Close,
    FrameError,
    FrameReader,
    Ping,
    Pong,
    close_frame,
    message_frame,
    ping_frame,
    pong_frame,
)

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
LIMIT = 100_000


def frame(opcode, payload=b"", *, fin=True, rsv=0, masked=True, declared=None):
    """A frame of a client, made byte by byte."""
    size = len(payload) if declared is None else declared
    bit = 0x80 if masked else 0
    head = bytes([fin << 7 | rsv << 4 | opcode])
    if size < 126:
        head += bytes([bit | size])
    elif size < 65_536:
        head += bytes([bit | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([bit | 127]) + size.to_bytes(8, "big")
    mask = b"\x01\x80\x55\xfe" if masked else b""
    return head + mask + bytes(b ^ mask[i % 4] if masked else b for i, b in enumerate(payload))


def events(*pieces, limit=LIMIT):
    """Everything that a reader makes of some pieces of a stream."""
    reader = FrameReader(limit)
    found = []
    for piece in pieces:
        reader.feed(piece)
        while (event := reader.next_event()) is not None:
            found.append(event)
    return found


def failure(*pieces, limit=LIMIT):
    with pytest.raises(FrameError) as caught:
        events(*pieces, limit=limit)
    assert str(caught.value.code) in str(caught.value)
    return caught.value.code


# -- whole messages ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 125, 126, 127, 65_535, 65_536, 70_001])
def test_messages_of_every_length(size):
    data = bytes(n % 251 for n in range(size))

    assert events(frame(BINARY, data)) == [data]
    assert events(frame(TEXT, b"x" * size)) == ["x" * size]


def test_text_is_utf_8():
    assert events(frame(TEXT, "aä€\U0001f600".encode())) == ["aä€\U0001f600"]


def test_several_messages_in_one_piece():
    pieces = frame(TEXT, b"a") + frame(BINARY, b"b") + frame(TEXT, b"c")

    assert events(pieces) == ["a", b"b", "c"]


@pytest.mark.parametrize("size", [0, 5, 200, 70_000])
def test_a_frame_byte_by_byte(size):
    data = frame(BINARY, bytes(size)) + frame(TEXT, b"next")
    step = 1 if size < 1_000 else 977

    assert events(*(data[n : n + step] for n in range(0, len(data), step))) == [
        bytes(size),
        "next",
    ]


def test_what_is_fed_before_events_are_taken_is_kept():
    reader = FrameReader(LIMIT)
    reader.feed(frame(TEXT, b"a") + frame(TEXT, b"b"))
    assert reader.next_event() == "a"
    reader.feed(frame(TEXT, b"c"))

    assert [reader.next_event() for _ in range(3)] == ["b", "c", None]


@given(st.lists(st.text(max_size=300) | st.binary(max_size=300), max_size=8), st.data())
def test_however_a_stream_is_cut_it_says_the_same(messages, data):
    stream = b"".join(
        frame(TEXT, m.encode()) if isinstance(m, str) else frame(BINARY, m) for m in messages
    )
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    assert events(*pieces) == messages


# -- the direct way ----------------------------------------------------------------------------


def test_the_direct_way_is_for_one_short_text_frame():
    reader = FrameReader(100)

    assert reader.single(frame(TEXT, "ä€".encode())) == "ä€"
    assert reader.single(frame(TEXT, b"x" * 100)) == "x" * 100
    assert reader.single(frame(TEXT)) == ""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        frame(TEXT, b"x")[:5],
        frame(TEXT, b"x")[:-1],
        frame(TEXT, b"x") + b"y",
        frame(TEXT, b"x", fin=False),
        frame(TEXT, b"x", rsv=1),
        frame(TEXT, b"xxxx", masked=False),
        frame(BINARY, b"x"),
        frame(PING),
        frame(TEXT, b"x" * 101),
        frame(TEXT, b"x" * 126),
    ],
)
def test_everything_else_goes_the_long_way(data):
    assert FrameReader(100).single(data) is None


@pytest.mark.parametrize(
    "before",
    [frame(TEXT, b"x")[:3], frame(TEXT, b"x", fin=False), frame(TEXT, b"x") + frame(TEXT, b"y")],
)
def test_the_direct_way_is_closed_behind_unfinished_business(before):
    reader = FrameReader(LIMIT)
    reader.feed(before)
    reader.next_event()

    assert reader.single(frame(TEXT, b"x")) is None


def test_the_direct_way_refuses_what_is_not_utf_8():
    with pytest.raises(FrameError):
        FrameReader(LIMIT).single(frame(TEXT, b"\xff"))


# -- fragments and control frames --------------------------------------------------------------


def test_fragments_are_one_message():
    stream = (
        frame(TEXT, b"\xe2", fin=False)
        + frame(0, b"", fin=False)
        + frame(PING, b"p")
        + frame(0, b"\x82\xac")
        + frame(BINARY, b"a", fin=False)
        + frame(0, b"b")
        + frame(TEXT, b"whole")
    )

    assert events(stream) == [Ping(b"p"), "€", b"ab", "whole"]


def test_fragments_count_together():
    start, rest = frame(BINARY, bytes(60), fin=False), frame(0, bytes(40))

    assert events(start, rest, limit=100) == [bytes(100)]
    assert failure(start, frame(0, bytes(41)), limit=100) == 1009
    assert events(start, rest, frame(BINARY, bytes(100)), limit=100) == [bytes(100)] * 2


def test_f52_too_many_fragments():
    start, one = frame(TEXT, b"", fin=False), frame(0, b"", fin=False)

    assert events(start + one * 4_094 + frame(0)) == [""]
    assert failure(start + one * 4_096) == 1008


def test_a_control_frame_within_a_message_has_no_limit_but_its_own():
    assert events(frame(TEXT, bytes(9), fin=False), frame(PING, bytes(125)), limit=10) == [
        Ping(bytes(125))
    ]


def test_pongs():
    assert events(frame(PONG, b"x")) == [Pong(b"x")]


@pytest.mark.parametrize("code", [1000, 1003, 1007, 1014, 3000, 4999])
def test_close_codes(code):
    payload = code.to_bytes(2, "big") + "für".encode()

    assert events(frame(CLOSE, payload)) == [Close(code, "für")]


def test_a_close_without_a_code():
    assert events(frame(CLOSE)) == [Close(None, "")]


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535])
def test_impossible_close_codes(code):
    assert failure(frame(CLOSE, code.to_bytes(2, "big"))) == 1002


def test_half_a_close_code():
    assert failure(frame(CLOSE, b"\x03")) == 1002


def test_a_close_reason_that_is_not_utf_8():
    assert failure(frame(CLOSE, b"\x03\xe8\xff")) == 1007


# -- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stream",
    [
        frame(TEXT, b"x", masked=False),
        frame(TEXT, masked=False),
        frame(TEXT, b"x", rsv=4),
        frame(TEXT, b"x", rsv=2),
        frame(PING, b"x", rsv=1),
        frame(3),
        frame(7),
        frame(11),
        frame(15),
        frame(PING, fin=False),
        frame(PING, bytes(126)),
        frame(0, b"x"),
        frame(TEXT, fin=False) + frame(TEXT),
        frame(TEXT, fin=False) + frame(BINARY, fin=False),
    ],
)
def test_f48_frames_against_the_protocol(stream):
    assert failure(stream) == 1002


def test_an_error_shows_with_the_first_two_bytes():
    assert failure(frame(TEXT, b"x", masked=False)[:2]) == 1002


@pytest.mark.parametrize("payload", [b"\xff", b"\xed\xa0\x80", b"\xc0\x80", b"\xe2\x82"])
def test_f49_text_that_is_not_utf_8(payload):
    assert failure(frame(TEXT, payload)) == 1007
    assert failure(frame(TEXT, payload[:1], fin=False), frame(0, payload[1:])) == 1007


@pytest.mark.parametrize("declared", [101, 126, 65_536, 1 << 62, (1 << 64) - 1])
def test_f50_a_message_is_refused_by_its_length(declared):
    stream = frame(BINARY, declared=declared)

    assert failure(stream[:-4], limit=100) == 1009


def test_what_comes_before_an_error_is_read():
    reader = FrameReader(LIMIT)
    reader.feed(frame(TEXT, b"good") + frame(3))

    assert reader.next_event() == "good"
    with pytest.raises(FrameError):
        reader.next_event()


@given(st.binary(max_size=200))
def test_garbage_is_read_or_refused(garbage):
    with suppress(FrameError):
        events(garbage)


# -- writing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("", b"\x81\x00"),
        ("ä", b"\x81\x02\xc3\xa4"),
        ("x" * 125, b"\x81\x7d" + b"x" * 125),
        ("x" * 126, b"\x81\x7e\x00\x7e" + b"x" * 126),
        (b"", b"\x82\x00"),
        (b"x" * 65_535, b"\x82\x7e\xff\xff" + b"x" * 65_535),
        (b"x" * 65_536, b"\x82\x7f" + (65_536).to_bytes(8, "big") + b"x" * 65_536),
    ],
)
def test_messages_are_written_as_one_frame(data, expected):
    assert message_frame(data) == expected


def test_a_lone_surrogate_has_no_frame():
    with pytest.raises(UnicodeEncodeError):
        message_frame("\ud800")


def test_control_frames():
    assert ping_frame() == b"\x89\x00"
    assert ping_frame(b"abcd") == b"\x89\x04abcd"
    assert pong_frame(b"xy") == b"\x8a\x02xy"
    assert close_frame(None) == b"\x88\x00"
    assert close_frame(1001, "bye") == b"\x88\x05\x03\xe9bye"


def test_a_long_close_reason_is_cut_between_characters():
    assert close_frame(1000, "x" * 122 + "€") == b"\x88\x7c\x03\xe8" + b"x" * 122
    assert len(close_frame(1000, "x" * 1_000)) == 127
