"""HTTP and WebSocket: one view, whose answer may be written long after the view is over.

The view takes the request, so a ``connect`` handler runs in Flask's own request context. What has
to wait then, a poll or a whole WebSocket, waits while the server iterates the response: by that
time Flask has popped its contexts, and a database session is not held for hours. Nothing here
decides anything about the protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import flask
from werkzeug.wrappers import Response as WerkzeugResponse

from engineio.gateway.wsgi import PendingAnswer
from engineio.http.response import Header, Response

if TYPE_CHECKING:
    from ._visit import Visit

__all__ = ["ANSWER", "Answer", "abandon_answer", "body_of", "core_response", "response_class"]

StartResponse = Callable[..., Any]

ANSWER = "flask_engineio.answer"
"""Where the environ of a request holds its `Answer`."""


class Answer(WerkzeugResponse):
    """Flask's response for a request that the core has taken; see `response_class`.

    Attributes:
        pending: The request.
        visit: The handshake, if this is the answer to one.
        is_used: Whether it was given to Flask, to be passed on to the server.
    """

    pending: PendingAnswer
    visit: Visit | None
    is_used: bool

    def __call__(self, environ: Any, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, as WSGI says; ``after_request`` functions have had their say."""
        self.is_used = True
        if not self.pending.is_ready:
            return _PassedOn(_Later(self.pending, _fields(self), start_response), self.pending)
        if self.visit is not None:
            self.visit.take_cookies(self.headers.getlist("Set-Cookie"))
        body = self.pending.finish(core_response(self), start_response)
        return _PassedOn(body, self.pending)


class _Later:
    """The answer to a request that waits, which begins to wait when the server iterates it."""

    def __init__(
        self, pending: PendingAnswer, headers: list[Header], start_response: StartResponse
    ) -> None:
        self._pending = pending
        # Such a cookie is as old as the request, and may bring back a session that is over: whoever
        # has logged in or out in the meantime would be surprised.
        self._headers = [field for field in headers if field[0].lower() != "set-cookie"]
        self._start_response = start_response
        self._body: Any = None

    def __iter__(self) -> Iterator[bytes]:
        response = self._pending.wait().with_headers(*self._headers)
        self._body = self._pending.finish(response, self._start_response)
        return iter(self._body)

    def close(self) -> None:
        if self._body is None:
            self._pending.abandon()
        else:
            self._body.close()


class _PassedOn:
    """An answer on its way to the server, which it may never reach.

    When a teardown function fails, Flask drops the answer, and nobody is told but by this.

    Args:
        body: What the server gets.
        pending: The request.
    """

    __slots__ = ("_body", "_has_arrived", "_pending")

    def __init__(self, body: Iterable[bytes], pending: PendingAnswer) -> None:
        self._body = body
        self._pending = pending
        self._has_arrived = False

    def __iter__(self) -> Iterator[bytes]:
        self._has_arrived = True
        return iter(self._body)

    def close(self) -> None:
        has_arrived, self._has_arrived = self._has_arrived, True
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
        elif not has_arrived:
            # A WebSocket, which has no end to hear of because it never began.
            self._pending.abandon()

    def __del__(self) -> None:
        if not self._has_arrived:
            self.close()


class _Body:
    """The body of a request, which functions around the view may have read when the core asks.

    In all else it is the server's own input, in which the core looks for the socket.

    Args:
        request: The request.
    """

    __slots__ = ("_chosen", "_input", "_request")

    def __init__(self, request: flask.Request) -> None:
        self._request = request
        self._input: Any = request.environ["wsgi.input"]
        self._chosen: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._input, name)

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes, b"" at the end."""
        if self._chosen is None:
            self._chosen = self._choose()
        data: bytes = self._chosen.read(size)
        return data

    def _choose(self) -> Any:
        request = self._request
        # Flask never reads what it cannot tell the end of, and shows an empty body.
        is_readable = request.content_length is not None or (
            "wsgi.input_terminated" in request.environ
        )
        # Whatever reads the body, as data or as a form, comes by this cached property.
        if not is_readable or "stream" not in vars(request):
            return self._input
        # With the limits of the core again, and behind what was read without being kept.
        return request._get_stream_for_parsing()  # noqa: SLF001  # what is kept has a private name too


@contextmanager
def body_of(request: flask.Request) -> Iterator[None]:
    """Let the core find a body that is there still after Flask has read it.

    Only for as long as it takes the request: what else reads ``wsgi.input``, as Flask does, gets
    the server's own. Other methods than POST have no body that the core would read.
    """
    environ = request.environ
    given = environ["wsgi.input"]
    if request.method == "POST":
        environ["wsgi.input"] = _Body(request)
    try:
        yield
    finally:
        environ["wsgi.input"] = given


def response_class(app: flask.Flask) -> type[Answer]:
    """Return the class of an application's answers: Flask keeps no other than its own."""
    return type("EngineIOResponse", (Answer, app.response_class), {})


def core_response(response: WerkzeugResponse) -> Response:
    """Return a response of Flask as the core's."""
    return Response(response.status_code, tuple(_fields(response)), response.get_data())


def answer_of(cls: type[Answer], pending: PendingAnswer, visit: Visit | None) -> Answer:
    """Return the response of the view; of what waits, status and body are not known yet."""
    known = pending.wait() if pending.is_ready else Response(200)
    answer = cls(known.body, status=known.status, headers=list(known.headers))
    if not any(name.lower() == "content-type" for name, _ in known.headers):
        # Werkzeug has a default for it.
        del answer.headers["Content-Type"]
    answer.pending, answer.visit, answer.is_used = pending, visit, False
    return answer


def abandon_answer(error: BaseException | None = None) -> None:
    """Take note of an answer that nobody will write, because another took its place.

    A ``teardown_request`` function, and so called when Flask has passed on whatever it answers.
    """
    answer = flask.request.environ.pop(ANSWER, None)
    if answer is not None and not answer.is_used:
        answer.pending.abandon()


def _fields(response: WerkzeugResponse) -> list[Header]:
    return [(name, value) for name, value in response.headers if name.lower() != "content-length"]
