"""`engineio.Middleware`: routes, bodies and what a server says about its sockets."""

import io
import logging
import socket
from collections.abc import Callable
from typing import Any

import pytest

import engineio
from tests.sync.served import Served, eventually

Serve = Callable[..., Served]


def respond(app: Any, path: str) -> tuple[str, bytes]:
    started: list[Any] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "wsgi.input": io.BytesIO()}
    body = b"".join(app(environ, lambda *args: started.extend(args)))
    return started[0], body


def test_it_stands_alone_or_beside_another_application() -> None:
    def other(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"other"]

    eio = engineio.Server(async_mode="threading")
    alone = engineio.Middleware(eio, handle_signals=False)
    beside = engineio.WSGIApp(eio, other, "/chat/", handle_signals=False)

    assert respond(alone, "/") == ("404 Not Found", b"Not Found")
    for path in ("/engine.io/", "/chat/x", "/chatX", "/"):
        assert respond(beside, path) == ("200 OK", b"other")
    for path in ("/chat", "/chat/"):
        assert respond(beside, path)[0] == "400 Bad Request"


@pytest.mark.parametrize(
    ("extra", "body", "status"),
    [
        ({}, b"4hello", 200),
        ({"CONTENT_LENGTH": "60"}, b"4hello", 400),
        ({"CONTENT_LENGTH": "2000000"}, b"", 413),
        ({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}, b"4hello", 200),
        ({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}, b"4" * 1_001, 413),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, b"4hello", 400),
        ({"HTTP_TRANSFER_ENCODING": "\x0bchunked", "wsgi.input_terminated": True}, b"4hello", 400),
        (
            {
                "HTTP_TRANSFER_ENCODING": "chunked",
                "CONTENT_LENGTH": "6",
                "wsgi.input_terminated": True,
            },
            b"4hello",
            400,
        ),
    ],
)
def test_bodies_are_counted_and_never_half_delivered(
    serve: Serve, extra: dict[str, Any], body: bytes, status: int
) -> None:
    served = serve(max_payload=1_000)
    served.eio.on("message", lambda sid, data: served.heard.append(data))
    served.eio.on("disconnect", lambda sid, reason: served.heard.append("end"))
    sid = served.open_polling()

    assert served.call("POST", served.target(sid), body, **extra).status == status
    eventually(lambda: served.heard)
    assert served.heard == (["hello"] if status == 200 else ["end"])


WSGIREF: dict[str, Any] = {
    "SERVER_SOFTWARE": "WSGIServer/0.2",
    "HTTP_TRANSFER_ENCODING": "chunked",
}
"""What the server of the standard library says; it leaves chunks as they are."""


@pytest.mark.parametrize(
    "body",
    [
        b"6\r\n4hello\r\n0\r\n\r\n",
        b"2\r\n4h\r\n00004;ext=1\r\nello\r\n0\r\nTrailer: x\r\n\r\n",
        b"".join(b"1\r\n%c\r\n" % byte for byte in b"4hello") + b"0\r\n\r\n",
    ],
)
def test_chunks_are_read_where_the_server_does_not(serve: Serve, body: bytes) -> None:
    served = serve()
    served.eio.on("message", lambda sid, data: served.heard.append(data))
    sid = served.open_polling()
    stream = Buffered(body + b"GET /")
    extra = {**WSGIREF, "wsgi.input": stream}

    answer = served.call("POST", served.target(sid), **extra)

    assert answer.status == 200
    eventually(lambda: served.heard == ["hello"])
    assert stream.read() == b"GET /", "the next request was touched"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"6",
        b"6\r\n4hel",
        b"6\r\n4hello",
        b"6\r\n4helloX\r\n0\r\n\r\n",
        b"6\n4hello\n0\n\n",
        b"+6\r\n4hello\r\n0\r\n\r\n",
        b"0x6\r\n4hello\r\n0\r\n\r\n",
        b"6_0\r\n4hello\r\n0\r\n\r\n",
        b"\r\n4hello\r\n0\r\n\r\n",
        b"6;" + b"x" * 5_000 + b"\r\n4hello\r\n0\r\n\r\n",
        b"6" + b"0" * 20 + b"\r\n4hello\r\n0\r\n\r\n",
        b"6\r\n4hello\r\n0\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    ],
)
def test_chunks_that_are_broken_deliver_nothing(serve: Serve, body: bytes) -> None:
    served = serve()
    served.eio.on("message", lambda sid, data: served.heard.append(data))
    served.keep_reasons()
    sid = served.open_polling()
    extra = {**WSGIREF, "wsgi.input": Buffered(body)}

    assert served.call("POST", served.target(sid), **extra).status == 400
    eventually(lambda: served.heard == ["transport error"])


class Buffered(io.BytesIO):
    """A buffered reader of bytes that have arrived."""

    raw = None


def test_an_input_that_fails_is_a_body_that_was_cut_off(serve: Serve) -> None:
    class Broken:
        def read(self, size: int) -> bytes:
            raise ValueError("Invalid chunk")

    served = serve()
    served.keep_reasons()
    sid = served.open_polling()
    extra: dict[str, Any] = {"CONTENT_LENGTH": "6", "wsgi.input": Broken()}

    assert served.call("POST", served.target(sid), **extra).status == 400
    eventually(lambda: served.heard == ["transport error"])


def test_a_poll_whose_client_has_left_is_found(serve: Serve) -> None:
    served = serve()
    served.keep_reasons()
    ours, theirs = socket.socketpair()
    poll = served.park(served.open_polling(), ours)
    theirs.close()

    eventually(lambda: served.heard == ["transport error"], seconds=1)
    assert poll.result(5).status == 400
    ours.close()


def test_an_answer_that_could_not_be_written_ends_the_session(serve: Serve) -> None:
    """A server asks for nothing more of a response that it could not write."""
    served = serve()
    served.eio.on("disconnect", lambda sid, reason, info: served.heard.append(info.undelivered))
    sid = served.open_polling()
    served.eio.send(sid, "lost")
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/engine.io/",
        "QUERY_STRING": served.target(sid),
        "wsgi.input": io.BytesIO(),
    }
    response: Any = served.app(environ, lambda *args: None)
    assert next(iter(response)) == b"4lost"
    response.close()

    eventually(lambda: served.heard == [("lost",)])


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({}, "keeps its sockets to itself"),
        ({"wsgi.url_scheme": "https"}, "speaks TLS"),
        ({"wsgi.multithread": False}, "has one thread"),
        ({"SERVER_SOFTWARE": "WSGIServer/0.2", "wsgi.multithread": True}, "has one thread"),
    ],
)
def test_where_no_websocket_is_possible_none_is_offered(
    environ: dict[str, Any], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    served = Served()
    ours, theirs = socket.socketpair()
    connection = ours if "wsgi.multithread" in environ else None
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            query = "EIO=4&transport=polling"
            response = served.call("GET", query, connection=connection, **environ)
            assert b'"upgrades":[]' in response.body
    served.close()
    ours.close()
    theirs.close()

    (record,) = [each for each in caplog.records if "WebSocket" in each.getMessage()]
    assert why in record.getMessage()


def test_a_websocket_where_there_can_be_none_is_refused() -> None:
    served = Served()
    extra: Any = {"HTTP_UPGRADE": "websocket", "HTTP_CONNECTION": "Upgrade"}

    assert served.call("GET", "EIO=4&transport=websocket", **extra).status == 400
    served.close()


@pytest.mark.parametrize(
    ("extra", "status"),
    [
        ({"HTTP_SEC_WEBSOCKET_VERSION": "12"}, 426),
        ({"HTTP_SEC_WEBSOCKET_KEY": "short"}, 400),
        ({"HTTP_CONNECTION": "close"}, 400),
    ],
)
def test_a_request_that_asks_for_a_websocket_in_the_wrong_way(
    extra: dict[str, str], status: int
) -> None:
    served = Served()
    ours, theirs = socket.socketpair()
    right: dict[str, Any] = {
        "HTTP_UPGRADE": "websocket",
        "HTTP_CONNECTION": "keep-alive, Upgrade",
        "HTTP_SEC_WEBSOCKET_VERSION": "13",
        "HTTP_SEC_WEBSOCKET_KEY": "MDEyMzQ1Njc4OWFiY2RlZg==",
    }
    query = "EIO=4&transport=websocket"

    assert served.call("GET", query, connection=ours, **{**right, **extra}).status == status
    served.close()
    ours.close()
    theirs.close()
