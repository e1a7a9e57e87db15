"""WebSocket framing: what arrives, and the limits on it."""

import pytest
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Message, Ping, Pong, TextMessage

from engineio.gateway.frames import (
    Broken,
    Closed,
    FrameReader,
    TooLarge,
    accept_token,
    close_frame,
    data_frame,
    pong_frame,
)
from engineio.gateway.frames import Ping as Pinged


def client_frames(*events: Message | Ping | Pong | CloseConnection) -> bytes:
    client = Connection(ConnectionType.CLIENT)
    return b"".join(client.send(event) for event in events)


def read(data: bytes, *, limit: int = 1_000, step: int = 0) -> list[object]:
    """What a reader says about bytes that arrive at once, or so many at a time."""
    reader = FrameReader(limit)
    seen: list[object] = []
    for start in range(0, len(data), step or len(data)):
        reader.feed(data[start : start + (step or len(data))])
        while (frame := reader.next()) is not None:
            seen.append(frame)
    return seen


@pytest.mark.parametrize("step", [0, 1, 3])
def test_messages_and_control_frames_come_in_order(step: int) -> None:
    data = client_frames(
        TextMessage("ä€", message_finished=False),
        Ping(b"between"),
        TextMessage("😀"),
        Pong(b"ignored"),
        BytesMessage(b"\x00\xff"),
        TextMessage(""),
        CloseConnection(4001, "bye"),
    )

    assert read(data, step=step) == [
        Pinged(b"between"), "ä€😀", b"\x00\xff", "", Closed(4001, "bye")
    ]  # fmt: skip


def test_a_close_without_a_code() -> None:
    assert read(b"\x88\x80\x00\x00\x00\x00") == [Closed(None, "")]


def test_the_limit_counts_what_a_head_announces() -> None:
    """Nothing is kept for a message that is too long (SEC-21)."""
    assert read(b"\x81\xff" + (1 << 62).to_bytes(8, "big") + bytes(4)) == [
        TooLarge(),
        Broken(1009, "error in extension"),
    ]
    assert read(client_frames(TextMessage("x" * 1_000))) == ["x" * 1_000]
    assert read(client_frames(TextMessage("x" * 1_001)))[0] == TooLarge()


def test_the_limit_counts_fragments_together() -> None:
    parts = [TextMessage("x" * 400, message_finished=False)] * 3

    assert read(client_frames(*parts))[0] == TooLarge()
    assert read(client_frames(*[TextMessage("x" * 400)] * 3)) == ["x" * 400] * 3


def test_fragments_without_end_are_refused() -> None:
    """Rule: a cap on fragments, then 1008 (F-52, SEC-24)."""
    data = client_frames(*[TextMessage("", message_finished=False)] * 5_000)

    assert read(data) == [Broken(1008, "error in extension")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x02hi", 1002),
        (b"\xc1\x80\x00\x00\x00\x00", 1002),
        (b"\x83\x80\x00\x00\x00\x00", 1002),
        (b"\x81\x81\x00\x00\x00\x00\xff", 1007),
    ],
)
def test_broken_frames_have_a_code(data: bytes, code: int) -> None:
    (broken,) = read(data)

    assert isinstance(broken, Broken)
    assert broken.code == code


@pytest.mark.parametrize("data", ["", "x" * 125, "€" * 42, b"x" * 126, "x" * 65_536, b"x" * 70_000])
def test_what_is_written_can_be_read(data: str | bytes) -> None:
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(data_frame(data))
    events = [event for event in client.events() if isinstance(event, Message)]

    assert type(data)().join(event.data for event in events) == data
    assert events[-1].message_finished


def test_control_frames() -> None:
    assert pong_frame(b"abc") == b"\x8a\x03abc"
    assert close_frame(1000, "bye") == b"\x88\x05\x03\xe8bye"
    assert close_frame(None) == b"\x88\x00"


@pytest.mark.parametrize("key", [None, "", "short", "MDEyMzQ1Njc4OWFiY2RlZg", "ä" * 24])
def test_a_key_that_is_none(key: str | None) -> None:
    assert accept_token(key) is None


def test_the_token_of_the_specification() -> None:
    """RFC 6455 section 1.3."""
    assert accept_token("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
