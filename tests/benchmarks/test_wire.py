"""The bytes of the load generator, checked with wsproto as the other end."""

import pytest
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, TextMessage

from benchmarks.load.wire import CLOSE, TEXT, frame, split_frames, split_response


@pytest.mark.parametrize("size", [0, 125, 126, 65_535])
def test_a_server_reads_our_frames(size: int) -> None:
    server = Connection(ConnectionType.SERVER)

    server.receive_data(frame(b"x" * size))

    events = list(server.events())
    assert all(isinstance(event, TextMessage) for event in events)
    assert "".join(event.data for event in events if isinstance(event, TextMessage)) == "x" * size


def test_a_server_reads_our_close_frame() -> None:
    server = Connection(ConnectionType.SERVER)

    server.receive_data(frame(b"\x03\xe8", CLOSE))

    (event,) = server.events()
    assert isinstance(event, CloseConnection)
    assert event.code == 1000


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_we_read_the_frames_of_a_server(size: int) -> None:
    text = "x" * size
    data = Connection(ConnectionType.SERVER).send(TextMessage(text))

    assert split_frames(data + data) == ([(TEXT, text.encode())] * 2, b"")


@pytest.mark.parametrize("size", [1, 126, 65_536])
def test_an_incomplete_frame_is_left_for_later(size: int) -> None:
    data = Connection(ConnectionType.SERVER).send(TextMessage("x" * size))

    assert all(split_frames(data[:end]) == ([], data[:end]) for end in range(len(data)))


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", (200, b"ok")),
        (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"")),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            (200, b"abc"),
        ),
    ],
)
def test_we_read_a_response_when_it_is_complete(
    response: bytes, expected: tuple[int, bytes]
) -> None:
    assert split_response(response) == expected
    assert all(split_response(response[:end]) is None for end in range(len(response)))
