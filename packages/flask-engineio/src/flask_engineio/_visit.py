"""`Visit`: the request that opened a session, kept for the events that come after it.

What lives here: the request context of an event. ``app.request_context(environ)`` would do, but it
reads the session from its cookie and matches the URL again, which takes five times as long as all
the rest, for each message. So this derives from `flask.ctx.RequestContext`, as Flask 3.0 and 3.1
have it; later ones are let in when they are tested.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from typing import Any

import flask
from flask.ctx import RequestContext
from flask.sessions import SessionMixin
from werkzeug.local import LocalProxy
from werkzeug.routing import Rule

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
        request: The request.
    """

    __slots__ = ("_app", "_environ", "_rule", "_unannounced", "_view_args", "sid")

    def __init__(self, app: flask.Flask, sid: str, request: flask.Request) -> None:
        self.sid = sid
        self._app = app
        environ = request.environ
        self._environ = {name: environ[name] for name in environ.keys() - _NOT_KEPT}
        self._rule = request.url_rule
        self._view_args = request.view_args or {}
        self._unannounced = [True]

    def context(self) -> RequestContext:
        """Return a new request context: for one event, with its own ``g`` and ``session``."""
        # Flask puts its request object into the environ, and two events may be at work at once.
        environ = {**self._environ, "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr}
        return _EventContext(self._app, environ, self._rule, dict(self._view_args))

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


class _EventContext(RequestContext):
    """A request context that does nothing before somebody needs it.

    Args:
        app: The application.
        environ: The environ.
        rule: What the URL of the handshake matched.
        view_args: The values of its variable parts.
    """

    def __init__(
        self,
        app: flask.Flask,
        environ: dict[str, Any],
        rule: Rule | None,
        view_args: dict[str, Any],
    ) -> None:
        self._rule = rule
        self._view_args = view_args
        self._opened: SessionMixin | None = None
        session: SessionMixin = LocalProxy(self._open)  # type: ignore[assignment]  # it acts as one
        super().__init__(app, environ, session=session)

    def match_request(self) -> None:
        """Take what was matched before."""
        self.request.url_rule, self.request.view_args = self._rule, self._view_args

    def _open(self) -> SessionMixin:
        if self._opened is None:
            interface = self.app.session_interface
            self._opened = interface.open_session(self.app, self.request)
            if self._opened is None:
                self._opened = interface.make_null_session(self.app)
        return self._opened
