"""The handshake as Django sees it: a GET that goes through the project's middleware to a view.

The core asks whether a client may come in. The question travels through the whole of Django, with a
`Handshake` in the scope or environ, and the view that it reaches calls the ``connect`` handler. So
sessions, users and whatever a middleware demands are there, whichever transport the client chose.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

from asgiref.sync import async_to_sync
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from engineio import ConnectionRefused, verdicts
from engineio.handlers import Handler
from engineio.http.response import Accepted, Response, json_response
from engineio.logs import printable

from ._http import django_response

__all__ = [
    "HANDSHAKE",
    "REQUEST",
    "Handshake",
    "call",
    "canonical",
    "carrier",
    "decide",
    "outcome",
]

logger = logging.getLogger(__name__)

HANDSHAKE = "engineio.handshake"
"""Where a scope or environ carries the `Handshake` that is being decided."""

REQUEST = "engineio.request"
"""Where a scope or environ carries the request of Django that it already belongs to."""

# They stand for an answer, and Django itself turns them into one.
_ANSWERS = (PermissionDenied, Http404, SuspiciousOperation, BadRequest)


@dataclass(slots=True)
class Handshake:
    """A client at the door.

    Attributes:
        handler: The ``connect`` handler, if there is one.
        sid: The id of the client's session.
        is_open: Whether the client is still there, and in time.
        request: The request as the view saw it.
        accepted: What the handler accepted with; None before that, and if it refused.
        was_open: Whether the client was still there when the handler had accepted.
    """

    handler: Handler | None
    sid: str
    is_open: Callable[[], bool]
    request: HttpRequest | None = None
    accepted: Accepted | None = None
    was_open: bool = False


def carrier(request: HttpRequest) -> dict[str, Any]:
    """Return the scope or environ that a request was made from."""
    found: dict[str, Any] = request.scope if hasattr(request, "scope") else request.environ
    return found


def call(handler: Handler, *args: Any) -> Any:
    """Call a handler from plain code, whether it is a plain function or a coroutine function."""
    if handler.is_async:
        return async_to_sync(handler.function)(*args)
    result = handler.function(*args)
    # A decorator may have hidden that it is a coroutine function.
    return async_to_sync(_awaited)(result) if isawaitable(result) else result


async def _awaited(value: Any) -> Any:
    return await value


def decide(handshake: Handshake, request: HttpRequest) -> HttpResponseBase:
    """Call the handler, and return what it says as an answer of Django.

    Raises:
        Exception: One of those that Django makes an answer of.
    """
    handshake.request = request
    try:
        verdict = _verdict(handshake, request)
        if isinstance(verdict, HttpResponseBase):
            if verdict.status_code < 400:
                raise ValueError(f"a response with status {verdict.status_code} refuses nobody")
            return verdict
        decision = verdicts.decision(verdict)
    except _ANSWERS:
        raise
    except ConnectionRefused as refused:
        decision = verdicts.refusal(refused)
    except Exception as error:  # noqa: BLE001  # it is logged, and refuses this client alone
        decision = verdicts.failure(handshake.sid, error)
    if isinstance(decision, Response):
        return django_response(decision)
    handshake.accepted, handshake.was_open = decision, handshake.is_open()
    return HttpResponse()


def _verdict(handshake: Handshake, request: HttpRequest) -> Any:
    handler = handshake.handler
    if handler is None:
        return None
    return call(handler, *(handshake.sid, request)[: handler.arity])


def outcome(handshake: Handshake, answer: Response) -> Accepted | Response:
    """Return what the answer of the whole of Django means for the client.

    Cookies go out with the handshake. The other header fields of an answer that accepts are meant
    for pages.
    """
    if answer.status >= 400:
        return answer
    cookies = tuple(field for field in answer.headers if field[0].lower() == "set-cookie")
    if handshake.accepted is not None:
        return Accepted((*handshake.accepted.headers, *cookies))
    # A middleware has answered in the place of the view, as LoginRequiredMiddleware does with a
    # redirect. No client of Engine.IO would follow it.
    where = next((value for name, value in answer.headers if name.lower() == "location"), "")
    logger.info("a middleware answered %d %s: refused", answer.status, printable(where))
    return json_response(401, "Unauthorized").with_headers(*cookies)


def canonical(path: str, route: str) -> str:
    """Return the path of a request as the URLconf has it: with or without the last slash."""
    return path.rstrip("/") + ("/" if route.endswith("/") else "")
