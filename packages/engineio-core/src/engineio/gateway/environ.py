"""What a ``connect`` handler gets as ``environ`` where the server speaks no WSGI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["ASGIEnviron"]


class ASGIEnviron(Mapping[str, Any]):
    """The CGI names of an ASGI scope, with the scope itself under ``asgi.scope``.

    Only what the scope tells is there: a server that does not know its own address has no
    ``SERVER_NAME``. Built when first looked at, because most handlers want one key or none.

    Args:
        scope: The connection scope.
    """

    __slots__ = ("_scope", "_values")

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self._scope = scope
        self._values: dict[str, Any] | None = None

    def __getitem__(self, key: str) -> Any:
        return self._all()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> dict[str, Any]:
        if self._values is None:
            self._values = _environ(self._scope)
        return self._values


def _environ(scope: Mapping[str, Any]) -> dict[str, Any]:
    path = scope["path"]
    root = scope.get("root_path", "")
    inside = path[len(root) :] if root and path.startswith(root) else path
    # Optional in ASGI: daphne leaves it out of the scope of a WebSocket.
    scheme = scope.get("scheme", "http")
    values: dict[str, Any] = {
        "asgi.scope": scope,
        "REQUEST_METHOD": scope.get("method", "GET"),
        "SCRIPT_NAME": root,
        "PATH_INFO": inside,
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "wsgi.url_scheme": {"ws": "http", "wss": "https"}.get(scheme, scheme),
    }
    if scope.get("client"):
        values["REMOTE_ADDR"], values["REMOTE_PORT"] = scope["client"][0], str(scope["client"][1])
    if scope.get("server"):
        values["SERVER_NAME"], values["SERVER_PORT"] = scope["server"][0], str(scope["server"][1])
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        text = value.decode("latin-1")
        values[key] = f"{values[key]},{text}" if key in values else text
    return values
