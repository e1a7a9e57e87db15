"""The handshake as FastAPI sees it: a GET, answered by a function with parameters and dependencies.

The core asks whether a client may come in, and has its sid; FastAPI solves the handler's parameters
as those of any path operation. Both transports come here the same way, for a WebSocket is opened by
a GET as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Depends
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Scope

from engineio.http.response import Accepted, Header, Response

__all__ = ["HANDSHAKE", "Handshake", "Sid", "ask", "handshake_of"]

HANDSHAKE = "engineio.handshake"
"""Where a scope carries the `Handshake` that is being decided."""

_SCHEMES = {"ws": "http", "wss": "https"}
# They describe the body that FastAPI made, and it is not that which the client gets.
_OF_THE_BODY = (b"content-length", b"content-type")


@dataclass(slots=True)
class Handshake:
    """A client at the door.

    Attributes:
        sid: The id of its session.
        is_decided: Whether the handler has run, and left the answer to the core.
        verdict: What it returned.
    """

    sid: str
    is_decided: bool = False
    verdict: object = None


async def handshake_of(connection: HTTPConnection) -> Handshake:
    """Return the handshake that is being decided: a dependency.

    Raises:
        RuntimeError: None is: this is no ``connect`` handler.
    """
    handshake = connection.scope.get(HANDSHAKE)
    if not isinstance(handshake, Handshake):
        raise RuntimeError("a Sid is known in a connect handler and its dependencies alone")
    return handshake


async def _sid_of(handshake: Annotated[Handshake, Depends(handshake_of)]) -> str:
    return handshake.sid


Sid: TypeAlias = Annotated[str, Depends(_sid_of)]
"""The session id: a `str`, and in ``connect`` a dependency that gives it, also to dependencies."""


async def ask(app: ASGIApp, scope: Scope, sid: str) -> object:
    """Return what decides about a client: the handler's verdict, or a response that refuses.

    Dependencies with ``yield`` are over when this returns.

    Args:
        app: What solves the handler's parameters and calls it, with FastAPI's means.
        scope: The request that opened the session, of either transport.
        sid: The id of the session.
    """
    handshake, answer = Handshake(sid), _Answer()
    # A stack of its own: the server's request may be a WebSocket, which is open for hours.
    await AsyncExitStackMiddleware(app)(_as_get(scope, handshake), _no_body, answer.send)
    if not handshake.is_decided or answer.status >= 400:
        return answer.response()
    if handshake.verdict is None or handshake.verdict is True:
        # The first answer carries what the handler has put into FastAPI's ``Response``.
        return Accepted(_decoded(answer.headers, without=_OF_THE_BODY))
    return handshake.verdict


def _as_get(scope: Scope, handshake: Handshake) -> Scope:
    scheme = scope.get("scheme", "http")
    return {
        # Optional in ASGI, and some servers leave it out for WebSockets.
        "http_version": "1.1",
        **scope,
        "type": "http",
        "method": "GET",
        "scheme": _SCHEMES.get(scheme, scheme),
        HANDSHAKE: handshake,
    }


async def _no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


class _Answer:
    """The response that FastAPI sends."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        """Take a part of it."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", ()))
        else:
            self._body += message.get("body", b"")

    def response(self) -> Response:
        """Return it as the core's."""
        headers = _decoded(self.headers, without=(b"content-length",))
        return Response(self.status, headers, bytes(self._body))


def _decoded(
    headers: Iterable[tuple[bytes, bytes]], without: tuple[bytes, ...]
) -> tuple[Header, ...]:
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in headers
        if name.lower() not in without
    )
