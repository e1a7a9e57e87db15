"""What several scenarios expect in the same words: refusals, and that a session still works."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.conformance.harness.deployment import Ability
from tests.conformance.harness.http import Response
from tests.conformance.harness.server import Server
from tests.conformance.harness.websocket import WebSocket

__all__ = [
    "BAD_METHOD",
    "BAD_REQUEST",
    "FORBIDDEN",
    "SESSION_UNKNOWN",
    "TRANSPORT_UNKNOWN",
    "UNSUPPORTED_VERSION",
    "assert_prompt",
    "assert_refused",
    "assert_websocket_refused",
    "takes",
]

TRANSPORT_UNKNOWN = {"code": 0, "message": "Transport unknown"}
SESSION_UNKNOWN = {"code": 1, "message": "Session ID unknown"}
BAD_METHOD = {"code": 2, "message": "Bad handshake method"}
BAD_REQUEST = {"code": 3, "message": "Bad request"}
FORBIDDEN = {"code": 4, "message": "Forbidden"}
UNSUPPORTED_VERSION = {"code": 5, "message": "Unsupported protocol version"}

# For one refusal on a machine that is busy with something else. The promise itself, 100 ms, is held
# over all refusals of the run (see `measures`).
_PROMPT = 3.0


def assert_prompt(server: Server, response: Response) -> None:
    """Assert that a refusal did not wait for anything."""
    server.measures.refusals.append(response.seconds)
    assert response.seconds < _PROMPT, f"the refusal took {response.seconds:.3f} s"


def assert_refused(
    server: Server, response: Response | WebSocket, error: object, *, status: int = 400
) -> None:
    """Assert that a request was refused at once, with this error as its JSON body."""
    assert isinstance(response, Response), "a WebSocket was accepted"
    assert (response.status, response.text) != (200, "ok")
    assert response.status == status, f"{response.status}: {response.body!r}"
    assert response.json() == error
    assert response.header("content-type") == "application/json"
    assert response.header("cache-control") == "no-store"
    assert_prompt(server, response)


def assert_websocket_refused(
    server: Server, answer: Response | WebSocket, error: object, *, status: int = 400
) -> None:
    """Assert that a WebSocket was refused before it was accepted.

    A server without denial responses refuses with a bare 403, whatever the error.
    """
    if server.can(Ability.DENIAL_RESPONSE):
        assert_refused(server, answer, error, status=status)
        return
    assert isinstance(answer, Response), "a WebSocket was accepted"
    assert answer.status == 403
    assert_prompt(server, answer)


@asynccontextmanager
async def takes(least: float, most: float) -> AsyncIterator[None]:
    """Assert that the block takes between ``least`` and ``most`` seconds."""
    started = time.monotonic()
    yield
    seconds = time.monotonic() - started
    assert least <= seconds <= most, f"{seconds:.3f} s, expected {least} to {most} s"
