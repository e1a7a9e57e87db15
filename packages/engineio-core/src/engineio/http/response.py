"""One HTTP response as the engine produces it; a gateway writes it out unchanged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["Accepted", "Header", "Response", "json_response", "text_response"]

Header: TypeAlias = tuple[str, str]
"""One header field: name and value."""


@dataclass(frozen=True, slots=True)
class Response:
    """A complete response.

    Attributes:
        status: The HTTP status.
        headers: The fields, ``Content-Length`` left to the gateway.
        body: The body.
    """

    status: int
    headers: tuple[Header, ...] = ()
    body: bytes = b""

    def with_headers(self, *headers: Header) -> Response:
        """Return a copy with ``headers`` appended."""
        if not headers:
            return self
        return Response(self.status, self.headers + headers, self.body)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a ``connect`` handler may return to accept a client and add to the handshake's answer.

    Attributes:
        headers: Fields for the response that opens the session, such as ``Set-Cookie``: of the
            first poll, or of the 101 where the server sends such.
    """

    headers: tuple[Header, ...] = ()


def text_response(status: int, body: bytes = b"", content_type: str = "text/plain") -> Response:
    """Return a response of one content type."""
    return Response(status, (("Content-Type", content_type),), body)


def json_response(status: int, value: Any) -> Response:
    """Return ``value`` as a compact JSON body.

    Raises:
        TypeError: ``value`` has no JSON form.
    """
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
    return text_response(status, body, "application/json")
