"""What a ``connect`` handler is asked, and what its answer means for the client, in both shells."""

from __future__ import annotations

import logging
from typing import Any

from .errors import ConnectionRefused
from .handlers import Handler
from .http.request import Request
from .http.response import Accepted, Response, json_response
from .protocol.sid import hashed_sid

__all__ = ["arguments", "decision", "failure", "refusal"]

logger = logging.getLogger(__name__)

_ACCEPTED = Accepted()


def arguments(handler: Handler, sid: str, request: Request) -> tuple[Any, ...]:
    """Return what a ``connect`` handler is called with: ``sid``, or ``sid`` and the request."""
    return (sid, request.native()) if handler.arity > 1 else (sid,)


def decision(verdict: object) -> Accepted | Response:
    """Return what the handler's return value means: a `Response` refuses with it.

    "Returning False (or a value) refuses with 401 and that body." A `Response` is sent as it is.

    Raises:
        TypeError: The value has no JSON form.
        ValueError: It is a response that refuses nobody.
    """
    if verdict is None or verdict is True:
        return _ACCEPTED
    if isinstance(verdict, Accepted):
        return verdict
    if isinstance(verdict, Response):
        if verdict.status < 400:
            raise ValueError(f"a response with status {verdict.status} refuses nobody")
        return verdict
    return json_response(401, "Unauthorized" if verdict is False else verdict)


def refusal(refused: ConnectionRefused) -> Response:
    """Return what the exception asks for.

    Raises:
        TypeError: Its body has no JSON form.
    """
    return json_response(refused.status, refused.body)


def failure(sid: str, error: BaseException) -> Response:
    """Log what a ``connect`` handler raised: whatever it is, this client alone is refused."""
    logger.error("the connect handler failed (session %s)", hashed_sid(sid), exc_info=error)
    return json_response(401, "Unauthorized")
