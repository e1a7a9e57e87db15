"""The opening handshake of a WebSocket (RFC 6455 section 4.2), as a server takes part in it.

Values and bytes only: whether a request asks for a WebSocket in the way it must, and what is
answered when it does or does not.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from http import HTTPStatus
from typing import TypeAlias

from .request import Headers
from .response import Response, text_response

__all__ = ["RawHeader", "head_bytes", "parse_head", "refusal", "switching_headers"]

RawHeader: TypeAlias = tuple[bytes, bytes]
"""One header field as it is on the wire."""

# Section 1.3.
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_VERSION = "13"
_KEY_SIZE = 16
_FORBIDDEN = frozenset(b"\r\n\0")


def parse_head(data: bytes) -> tuple[bytes, bytes, list[RawHeader]]:
    """Return method, target and fields of a request head that a server has already parsed once.

    Names come out in lower case. Nothing but CRLF parts two lines (faults.md SEC-27).
    """
    request_line, *lines = data.partition(b"\r\n\r\n")[0].split(b"\r\n")
    method, target, _ = request_line.split(b" ", 2)
    fields = []
    for line in lines:
        name, _, value = line.partition(b":")
        fields.append((name.lower(), value.strip(b" \t")))
    return method, target, fields


def refusal(method: bytes, headers: Headers) -> Response | None:
    """Return the answer to a request that does not ask for a WebSocket as it must, or None."""
    if method != b"GET":
        return text_response(405, b"A WebSocket is opened by a GET").with_headers(("Allow", "GET"))
    if not _names(headers, "upgrade", "websocket") or not _names(headers, "connection", "upgrade"):
        return text_response(400, b"No upgrade to a WebSocket")
    # "If this version does not match a version understood by the server, the server MUST ... send
    # an appropriate HTTP error code (such as 426 Upgrade Required) and a |Sec-WebSocket-Version|".
    if headers.get("sec-websocket-version") != _VERSION:
        refused = text_response(426, b"Not a version of WebSocket that is spoken here")
        return refused.with_headers(("Sec-WebSocket-Version", _VERSION), ("Upgrade", "websocket"))
    keys = headers.all("sec-websocket-key")
    if len(keys) != 1 or not _is_key(keys[0]):
        return text_response(400, b"Not a valid Sec-WebSocket-Key")
    return None


def _names(headers: Headers, name: str, token: str) -> bool:
    values = ",".join(headers.all(name)).split(",")
    return token in (value.strip(" \t").lower() for value in values)


def _is_key(key: str) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == _KEY_SIZE
    except (binascii.Error, ValueError):
        return False


def switching_headers(key: str) -> list[RawHeader]:
    """Return the fields of the 101 answer that `refusal` had nothing against."""
    digest = hashlib.sha1(key.encode("ascii") + _MAGIC, usedforsecurity=False).digest()
    return [
        (b"upgrade", b"websocket"),
        (b"connection", b"Upgrade"),
        (b"sec-websocket-accept", base64.b64encode(digest)),
    ]


def head_bytes(status: int, headers: Iterable[RawHeader]) -> bytes:
    """Return the head of a response.

    Raises:
        ValueError: A field would end the line that it stands in (faults.md SEC-28).
    """
    lines = [b"HTTP/1.1 %d %s" % (status, _phrase(status))]
    for name, value in headers:
        if not name or not _FORBIDDEN.isdisjoint(name + value) or b":" in name:
            raise ValueError(f"not a header field: {name!r}")
        lines.append(name + b": " + value)
    return b"\r\n".join((*lines, b"", b""))


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
