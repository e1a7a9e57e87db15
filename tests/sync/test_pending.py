"""`WSGIGateway.open`: a request that a framework answers in its own way, or does not answer."""

import io
import socket
from typing import Any

import pytest

import engineio
from engineio.gateway.wsgi import PendingAnswer, WSGIGateway
from engineio.http.response import Response
from tests.sync.served import eventually

POLL = "EIO=4&transport=polling"
WEBSOCKET: dict[str, Any] = {
    "HTTP_UPGRADE": "websocket",
    "HTTP_CONNECTION": "Upgrade",
    "HTTP_SEC_WEBSOCKET_VERSION": "13",
    "HTTP_SEC_WEBSOCKET_KEY": "MDEyMzQ1Njc4OWFiY2RlZg==",
}


class Opened:
    """A server whose requests are taken, and answered when a test says so."""

    def __init__(self) -> None:
        self.eio = engineio.Server(async_mode="threading", shutdown_timeout=0.1)
        self.gateway = WSGIGateway(self.eio, handle_signals=False)
        self.ended: list[Any] = []
        self.eio.on("disconnect", lambda sid, reason, info: self.ended.append((reason, info)))

    def open(self, query: str, method: str = "GET", body: bytes = b"", **extra: Any) -> Any:
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": "/engine.io/",
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.multithread": True,
            **extra,
        }
        return self.gateway.open(environ)

    def answer(self, pending: PendingAnswer, response: Response) -> tuple[str, dict[str, str]]:
        """Write an answer as a server does; return its head."""
        started: list[Any] = []
        result: Any = pending.finish(response, lambda *args: started.extend(args))
        list(result)
        if hasattr(result, "close"):
            result.close()
        return started[0], dict(started[1])

    def polling(self) -> str:
        """Open a session and answer its handshake."""
        pending = self.open(POLL)
        self.answer(pending, pending.wait())
        (sid,) = self.eio.sids
        return sid


@pytest.fixture
def opened() -> Opened:
    return Opened()


def test_the_connect_handler_has_been_called_and_the_answer_is_the_frameworks(
    opened: Opened,
) -> None:
    called: list[str] = []
    opened.eio.on("connect", lambda sid: called.append(sid))

    pending = opened.open(POLL)
    assert called == opened.eio.sids
    assert pending.is_ready
    response = pending.wait().with_headers(("Set-Cookie", "a=1"))

    status, headers = opened.answer(pending, response)
    assert (status, headers["Set-Cookie"]) == ("200 OK", "a=1")


def test_a_request_that_waits_is_not_ready(opened: Opened) -> None:
    """A poll with nothing to tell, and a POST whose body nobody has read."""
    sid = opened.polling()

    poll = opened.open(f"{POLL}&sid={sid}")
    assert not poll.is_ready
    post = opened.open(f"{POLL}&sid={sid}", "POST", b"4hello", CONTENT_TYPE="text/plain")
    assert not post.is_ready

    assert post.wait().body == b"ok"
    opened.eio.send(sid, "there")
    assert poll.is_ready
    assert poll.wait().body == b"4there"


def test_an_answer_that_is_never_written_ends_the_session(opened: Opened) -> None:
    """What was in it counts as undelivered."""
    sid = opened.polling()
    opened.eio.send(sid, "lost")
    pending = opened.open(f"{POLL}&sid={sid}")
    assert pending.is_ready

    pending.abandon()

    eventually(lambda: opened.ended)
    ((reason, info),) = opened.ended
    assert (reason, info.undelivered) == ("transport error", ("lost",))


def test_a_poll_that_is_given_up_while_it_waits(opened: Opened) -> None:
    sid = opened.polling()
    pending = opened.open(f"{POLL}&sid={sid}")

    pending.abandon()

    eventually(lambda: opened.ended)
    assert opened.ended[0][0] == "transport error"
    assert pending.wait().status == 400


@pytest.mark.parametrize("how", ["abandoned", "replaced"])
def test_a_websocket_that_was_accepted_and_is_not_served(opened: Opened, how: str) -> None:
    ours, theirs = socket.socketpair()
    extra: dict[str, Any] = {**WEBSOCKET, "werkzeug.socket": ours}
    pending = opened.open("EIO=4&transport=websocket", **extra)
    assert pending.is_ready
    assert pending.wait().status == 101

    if how == "abandoned":
        pending.abandon()
    else:
        assert opened.answer(pending, Response(403))[0] == "403 Forbidden"

    eventually(lambda: opened.ended)
    assert opened.ended[0][0] == "transport close"
    assert opened.eio.sids == []
    ours.close()
    theirs.close()


def test_a_value_is_kept_with_a_session_until_its_last_handler_is_over(opened: Opened) -> None:
    kept: list[object] = []

    @opened.eio.on("connect")
    def connected(sid: str) -> None:
        assert opened.eio.kept(sid) is None
        opened.eio.keep(sid, "handshake")

    @opened.eio.on("disconnect")
    def gone(sid: str) -> None:
        kept.append(opened.eio.kept(sid))

    sid = opened.polling()
    opened.eio.save_session(sid, {"name": "Ada"})
    opened.eio.disconnect(sid)

    eventually(lambda: kept)
    assert kept == ["handshake"]
    eventually(lambda: not opened.eio._inboxes)
    with pytest.raises(engineio.UnknownSessionError):
        opened.eio.kept(sid)


def test_where_the_framework_keeps_the_connection_no_websocket_is_offered(opened: Opened) -> None:
    near, far = socket.socketpair()
    with near, far:
        extra: dict[str, Any] = {"werkzeug.socket": near}
        assert b'"upgrades":["websocket"]' in opened.open(POLL, **extra).wait().body

        opened.gateway = WSGIGateway(opened.eio, handle_signals=False, websockets=False)
        assert b'"upgrades":[]' in opened.open(POLL, **extra).wait().body
        query = "EIO=4&transport=websocket"
        refused = opened.open(query, **extra, **WEBSOCKET).wait()
        assert refused.status == 400
    opened.eio.shutdown()
