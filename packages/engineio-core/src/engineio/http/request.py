"""One HTTP request as the engine sees it, whatever server it came from.

Values only: a gateway builds them, the engine reads them. Bodies are not here, because the engine
decides from the head alone whether a body may be read at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["Headers", "Request"]


class Headers:
    """The header fields of a request: names in lower case, values as ``latin-1`` text.

    Args:
        items: ``(name, value)`` pairs in the order received, names already in lower case.
    """

    __slots__ = ("_first", "_items")

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._items = tuple(items)
        # Reversed, so that of a repeated field the first value wins, as in most servers.
        self._first = dict(reversed(self._items))

    def get(self, name: str) -> str | None:
        """Return the first value of the field ``name`` (lower case), or None."""
        return self._first.get(name)

    def all(self, name: str) -> list[str]:
        """Return every value of the field ``name`` (lower case), in order."""
        if len(self._first) == len(self._items):
            value = self._first.get(name)
            return [] if value is None else [value]
        return [value for key, value in self._items if key == name]

    def items(self) -> tuple[tuple[str, str], ...]:
        """Return all fields as received."""
        return self._items


def _nothing() -> None:
    """Stand for a request that has no other form."""


@dataclass(frozen=True, slots=True)
class Request:
    """The head of one HTTP request, or of the request that opens a WebSocket.

    Attributes:
        method: The method in upper case.
        path: The decoded path, for logs and hooks only: routing is the gateway's.
        query: The query string as received, percent-encoded, without ``?``.
        headers: The header fields.
        scheme: ``http`` or ``https`` as the server knows it (``ws`` counts as ``http``).
        peer: The address of the TCP peer, or ``""`` where the server does not tell.
        websockets: Whether the server could carry this client's WebSocket.
        native: Returns the server's or framework's own form of the request, which a ``connect``
            handler receives; called only when a handler asks for it.
    """

    method: str
    path: str
    query: str
    headers: Headers
    scheme: str = "http"
    peer: str = ""
    websockets: bool = True
    native: Callable[[], Any] = _nothing
