"""What a ``connect`` handler gets as ``environ`` where the server speaks no WSGI."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ..types import Environ

__all__ = ["asgi_environ"]

_SCHEMES = {"ws": "http", "wss": "https"}
# CGI names these two without HTTP_ (RFC 3875 section 4.1).
_CONTENT = ("CONTENT_TYPE", "CONTENT_LENGTH")
# Longer names are not remembered: clients choose them.
_REMEMBERED = 64


def asgi_environ(scope: Mapping[str, Any]) -> Environ:
    """Return the CGI names of an ASGI scope, with the scope itself under ``asgi.scope``.

    Only what the scope tells is there: a server that does not know its own address, or listens on a
    Unix socket, has no ``SERVER_NAME`` and no ``SERVER_PORT``.

    Args:
        scope: The connection scope.
    """
    path = scope["path"]
    root = scope.get("root_path", "")
    # Optional in ASGI: daphne leaves it out of the scope of a WebSocket.
    scheme = scope.get("scheme", "http")
    values: Environ = {
        "asgi.scope": scope,
        "REQUEST_METHOD": scope.get("method", "GET"),
        "SCRIPT_NAME": root,
        "PATH_INFO": path[len(root) :] if root and path.startswith(root) else path,
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "wsgi.url_scheme": _SCHEMES.get(scheme, scheme),
    }
    client, server = scope.get("client"), scope.get("server")
    if client:
        values["REMOTE_ADDR"] = client[0]
        if client[1] is not None:
            values["REMOTE_PORT"] = str(client[1])
    # "... or [path, None] if it is a Unix socket", says the ASGI specification.
    if server and server[1] is not None:
        values["SERVER_NAME"], values["SERVER_PORT"] = server[0], str(server[1])
    _add_fields(values, scope["headers"])
    return values


def _add_fields(values: Environ, fields: list[tuple[bytes, bytes]]) -> None:
    for name, value in fields:
        key = _remembered_key(name) if len(name) <= _REMEMBERED else _key(name)
        text = value.decode("latin-1")
        if key in values:
            # "If there are multiple Cookie header fields after decompression, these MUST be
            # concatenated [...] using the two-octet delimiter of 0x3b, 0x20" (RFC 9113, 8.2.3).
            separator = "; " if key == "HTTP_COOKIE" else ","
            text = f"{values[key]}{separator}{text}"
        values[key] = text


def _key(name: bytes) -> str:
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in _CONTENT else f"HTTP_{key}"


_remembered_key = lru_cache(256)(_key)
