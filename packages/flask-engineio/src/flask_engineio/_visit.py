"""`Visit`: the request that opened a session, kept for the events that come after it."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from typing import Any

import flask
from flask.ctx import RequestContext

__all__ = ["Visit"]

# What belongs to the connection or to the request that is over by then.
_NOT_KEPT = frozenset(
    {
        "eventlet.input",
        "eventlet.posthooks",
        "gunicorn.socket",
        "werkzeug.debug.preserve_context",
        "werkzeug.request",
        "werkzeug.socket",
        "wsgi.errors",
        "wsgi.file_wrapper",
        "wsgi.input",
        "wsgi.websocket",
    }
)


class Visit:
    """The request of a handshake.

    Args:
        app: The application.
        sid: The session that it opens.
        environ: The environ of the request.
    """

    __slots__ = ("_app", "_environ", "_unannounced", "sid")

    def __init__(self, app: flask.Flask, sid: str, environ: dict[str, Any]) -> None:
        self.sid = sid
        self._app = app
        self._environ = {name: environ[name] for name in environ.keys() - _NOT_KEPT}
        self._unannounced = [True]

    def context(self) -> RequestContext:
        """Return a new request context: for one event, with its own ``g`` and ``session``."""
        # Flask puts its request object into the environ, and two events may be at work at once.
        environ = {**self._environ, "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr}
        return self._app.request_context(environ)

    def take_cookies(self, set_cookie: Iterable[str]) -> None:
        """Let later events see what the handshake's answer set, as later requests would.

        Args:
            set_cookie: The values of the answer's ``Set-Cookie`` fields.
        """
        pairs = (pair.strip().partition("=") for pair in self._sent().split(";"))
        cookies = {name: value for name, _, value in pairs if name}
        for header in set_cookie:
            pair, *attributes = (part.strip() for part in header.split(";"))
            name, _, value = pair.partition("=")
            # A cookie is deleted by one that is over.
            if "max-age=0" in map(str.lower, attributes):
                cookies.pop(name, None)
            else:
                cookies[name] = value
        self._environ["HTTP_COOKIE"] = "; ".join(f"{n}={v}" for n, v in cookies.items())

    def may_announce(self) -> bool:
        """Whether the session has still to be announced; True once."""
        try:
            return self._unannounced.pop()
        except IndexError:
            return False

    def _sent(self) -> str:
        sent: str = self._environ.get("HTTP_COOKIE", "")
        return sent
