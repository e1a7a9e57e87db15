"""Frames as a server writes them, read back by wsproto's own parser."""

import pytest
from wsproto.frame_protocol import FrameProtocol, Opcode

from engineio.http.frames import close_frame, data_frame

SIZES = [0, 1, 125, 126, 127, 65_535, 65_536, 1_000_000]


def read(data: bytes):
    """The frames in ``data``, as a client sees them."""
    protocol = FrameProtocol(client=True, extensions=[])
    protocol.receive_bytes(data)
    return [
        (frame.opcode, frame.payload, frame.message_finished)
        for frame in protocol.received_frames()
    ]


@pytest.mark.parametrize("size", SIZES)
def test_a_text_message_is_one_frame(size):
    frame = data_frame("x" * size)

    assert frame[0] == 0x81
    assert "".join(payload for _, payload, _ in read(frame)) == "x" * size


@pytest.mark.parametrize("size", SIZES)
def test_a_binary_message_is_one_frame(size):
    frame = data_frame(b"x" * size)

    assert frame[0] == 0x82
    assert b"".join(bytes(payload) for _, payload, _ in read(frame)) == b"x" * size


def test_the_length_is_that_of_the_bytes():
    assert data_frame("€" * 42) == b"\x81\x7e\x00\x7e" + "€".encode() * 42


def test_no_frame_of_a_server_is_masked():
    """RFC 6455 section 5.1: "A server MUST NOT mask any frames that it sends to the client."""
    assert all(frame[1] & 0x80 == 0 for frame in (data_frame("x"), close_frame(1000)))


def test_a_lone_surrogate_has_no_frame():
    with pytest.raises(UnicodeEncodeError):
        data_frame("\ud800")


@pytest.mark.parametrize("reason", ["", "bye", "€" * 41])
def test_a_close_frame_holds_code_and_reason(reason):
    assert read(close_frame(1001, reason)) == [(Opcode.CLOSE, (1001, reason), True)]


def test_a_reason_that_is_too_long_is_cut_between_two_characters():
    """RFC 6455 section 5.5: a control frame has "a payload length of 125 bytes or less"."""
    ((_, (_, reason), _),) = read(close_frame(1001, "x" + "€" * 100))

    assert reason == "x" + "€" * 40


def test_a_close_frame_without_a_code_is_empty():
    assert close_frame(None, "ignored") == b"\x88\x00"
