"""What both halves of the ASGI gateway need: the interface's names, and heads in both directions.

Values only; nothing here awaits anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache, partial
from typing import Any, TypeAlias

from ..http.request import Headers, Request
from ..http.response import Header
from .environ import asgi_environ

__all__ = [
    "GONE",
    "STREAM_EXTENSION",
    "App",
    "Event",
    "Receive",
    "Scope",
    "Send",
    "raw_headers",
    "request_of",
]

Scope: TypeAlias = MutableMapping[str, Any]
Event: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

STREAM_EXTENSION = "engineio.stream"
"""Under this name a server of ours offers the WebSocket itself: see `gateway/uvicorn.py`."""

# What servers raise from `send` when the client has gone: both were seen, and some raise nothing.
GONE = (OSError, RuntimeError)


@lru_cache(256)
def raw_headers(headers: tuple[Header, ...]) -> tuple[tuple[bytes, bytes], ...]:
    """Return header fields as ASGI sends them."""
    # "Header names should be lower-cased", says the ASGI specification. The same few sets of
    # headers go out again and again. What is sent is always a new list: middleware may change it.
    return tuple(
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
    )


def request_of(scope: Scope) -> Request:
    """Return the head of the request that a scope describes."""
    client = scope.get("client")
    return Request(
        # A WebSocket scope has no method: it is opened by a GET.
        method=scope.get("method", "GET"),
        path=scope["path"],
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=Headers(
            [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        ),
        scheme="https" if scope.get("scheme") in ("https", "wss") else "http",
        peer=client[0] if client else "",
        native=partial(asgi_environ, scope),
    )
