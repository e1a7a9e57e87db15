"""HTTP and WebSocket: one view, whose answer may be written long after the view is over.

The view takes the request, so a ``connect`` handler runs in Flask's own request context. What has
to wait then, a poll or a whole WebSocket, waits while the server iterates the response: by that
time Flask has popped its contexts, and a database session is not held for hours. Nothing here
decides anything about the protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import flask
from werkzeug.wrappers import Response as WerkzeugResponse

from engineio.gateway.wsgi import PendingAnswer
from engineio.http.response import Header, Response

if TYPE_CHECKING:
    from ._visit import Visit

__all__ = ["ANSWER", "Answer", "abandon_answer", "core_response", "response_class"]

StartResponse = Callable[..., Any]

ANSWER = "flask_engineio.answer"
"""Where the environ of a request holds its `Answer`."""


class Answer(WerkzeugResponse):
    """Flask's response for a request that the core has taken; see `response_class`.

    Attributes:
        pending: The request.
        visit: The handshake, if this is the answer to one.
        is_used: Whether Flask has passed it on to the server.
    """

    pending: PendingAnswer
    visit: Visit | None
    is_used: bool

    def __call__(self, environ: Any, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, as WSGI says; ``after_request`` functions have had their say."""
        self.is_used = True
        if not self.pending.is_ready:
            return _Later(self.pending, _fields(self), start_response)
        if self.visit is not None:
            self.visit.take_cookies(self.headers.getlist("Set-Cookie"))
        return self.pending.finish(core_response(self), start_response)


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
