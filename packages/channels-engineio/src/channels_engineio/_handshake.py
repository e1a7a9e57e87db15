"""The handshake as middleware sees it: a GET over HTTP, whichever transport the client has chosen.

The core asks whether a client may come in, and the question travels through the middleware to the
consumer. So ``scope["user"]`` is there on both transports, and the cookie of a new session reaches
the browser on both. Later requests of the session ask nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, TypeAlias

from channels.security.websocket import OriginValidator
from django.core.exceptions import DisallowedHost, ImproperlyConfigured
from django.core.handlers.asgi import ASGIRequest

from engineio.gateway.asgi_scope import App, Event, Receive, Scope, Send, raw_headers
from engineio.http.response import Accepted, Header, Response, json_response, text_response

from ._sessions import save_session
from ._visit import DENIALS, forbidden
from .application import ConsumerApplication

__all__ = ["Guard", "Middleware"]

Middleware: TypeAlias = Callable[[App], App]
"""Wraps an ASGI application."""

_QUESTION = "engineio.question"
_SCHEMES = {"ws": "http", "wss": "https"}
# What differs between the scope that a request came with and the one that middleware sees.
_ORIGINAL = ("type", "method", "scheme")


@dataclass(slots=True)
class _Question:
    """Whether one client may come in, on its way through the middleware.

    Attributes:
        sid: The id of its session.
        scope: The request as it came.
        decision: What the consumer says.
        status: That of the answer on its way back.
        headers: Its header fields.
        body: Its body.
    """

    sid: str
    scope: Scope
    decision: Accepted | Response | None = None
    status: int = 0
    headers: list[Header] = field(default_factory=list)
    body: bytes = b""

    async def send(self, event: Event) -> None:
        """Take a part of the answer: the outermost ``send``."""
        if event["type"] == "http.response.start":
            self.status = event["status"]
            for name, value in event.get("headers", ()):
                self.headers.append((name.decode("latin-1"), value.decode("latin-1")))
        else:
            self.body += event.get("body", b"")

    def outcome(self) -> Accepted | Response:
        """Return what the answer means for the client."""
        cookies = [header for header in self.headers if header[0].lower() == "set-cookie"]
        # Middleware has the last word: it may have turned the answer into another one.
        if isinstance(self.decision, Accepted) and 200 <= self.status < 300:
            return Accepted((*self.decision.headers, *cookies))
        if isinstance(self.decision, Response):
            return self.decision.with_headers(*cookies)
        # A middleware has answered in the consumer's place. No client follows a redirect.
        if self.status < 400:
            return json_response(403, "Forbidden").with_headers(*cookies)
        fields = [header for header in self.headers if header[0].lower() != "content-length"]
        return Response(self.status, tuple(fields), self.body)


class Guard:
    """The way to a consumer, through the middleware.

    Args:
        application: The consumer's application.
        middleware: The middleware; None for none.

    Raises:
        ImproperlyConfigured: The middleware checks origins, as Channels does it.
    """

    def __init__(self, application: ConsumerApplication, middleware: Middleware | None) -> None:
        self._application = application
        self._app: App = self._ask if middleware is None else middleware(self._ask)
        _check(self._app)

    async def enter(self, sid: str, scope: Scope) -> Accepted | Response:
        """Return what middleware and consumer decide about a new client."""
        scheme = scope.get("scheme", "http")
        question = _Question(sid, scope)
        seen: Scope = {
            **scope,
            "type": "http",
            "method": "GET",
            "scheme": _SCHEMES.get(scheme, scheme),
            _QUESTION: question,
        }
        try:
            # It heeds ALLOWED_HOSTS, and so a name that an attacker lets point here is none of
            # ours: the Origin of its pages would be the same as the Host.
            ASGIRequest(seen, BytesIO()).get_host()
        except DisallowedHost:
            return text_response(400, b"Bad Request")
        try:
            await self._app(seen, _receive, question.send)
        except DENIALS as denied:
            outcome: Accepted | Response = forbidden(denied)
        else:
            outcome = question.outcome()
        if scope["type"] == "websocket":
            # Middleware around the router saves a session with an HTTP answer, and only then.
            await save_session(scope)
        return outcome

    async def _ask(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask the consumer: the application that the middleware is around."""
        question: _Question = scope.pop(_QUESTION)
        original = {name: question.scope[name] for name in _ORIGINAL if name in question.scope}
        decision = await self._application.enter(question.sid, {**scope, **original})
        question.decision = decision
        refused = isinstance(decision, Response)
        status = decision.status if isinstance(decision, Response) else 200
        headers = [*raw_headers(decision.headers)] if refused else []
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body"})


def _check(app: Any) -> None:
    """Refuse middleware of Channels that would refuse everybody, wherever it is in the stack."""
    while app is not None:
        if isinstance(app, OriginValidator):
            raise ImproperlyConfigured(
                "AllowedHostsOriginValidator and OriginValidator cannot be middleware of an "
                "EngineIORouter, which checks origins itself: see cors_allowed_origins"
            )
        # As the middleware of Channels name what they are around.
        fields = getattr(app, "__dict__", {})
        app = fields.get("inner") or fields.get("application")


async def _receive() -> Event:
    return {"type": "http.request", "body": b"", "more_body": False}
