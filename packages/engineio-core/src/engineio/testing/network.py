"""What a client needs of a network: values and abstract classes, and how all of them end.

A `Network` carries HTTP requests and WebSockets to a server: to an ASGI application in memory
(``memory``), and in other packages to a WSGI application or to a real port. Results come through
callbacks, so that a network may use tasks, threads or sockets.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from ..types import Data

__all__ = ["Answer", "Answered", "Call", "Listener", "Network", "Outgoing", "Socket", "ended"]

_PATIENCE = 1.0

Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An HTTP request, or the request that opens a WebSocket.

    Attributes:
        path: The path, not encoded.
        query: The query string, percent-encoded, without ``?``.
        headers: The fields, names in lower case.
        method: The method.
        body: The body; None for a WebSocket.
    """

    path: str
    query: str
    headers: Headers
    method: str = "GET"
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response.

    Attributes:
        status: The status.
        headers: The fields, names in lower case.
        body: The body.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the first value of a field, whatever the case of its name."""
        return next((value for key, value in self.headers if key == name.lower()), None)

    def json(self) -> Any:
        """Return the body as the value that its JSON text stands for.

        Raises:
            ValueError: It is no JSON.
        """
        return json.loads(self.body)


Answered: TypeAlias = Callable[[Answer | Exception], None]
"""Takes the answer; a `ConnectionError` if there was none; or what the application raised."""


class Call(Protocol):
    """An HTTP request that is under way."""

    def abort(self) -> None:
        """Drop its connection; nothing is reported any more."""


class Listener(Protocol):
    """What a WebSocket tells."""

    def opened(self, answer: Answer) -> None:
        """The server accepted, with these headers."""

    def refused(self, answer: Answer | Exception) -> None:
        """The server refused; as for `Answered`."""

    def frame(self, data: Data) -> None:
        """A message arrived."""

    def closed(self, code: int, reason: str) -> None:
        """It is closed; code 1006 if without a closing handshake (RFC 6455 section 7.1.5)."""


class Socket(Protocol):
    """A WebSocket as its client sees it."""

    def send(self, data: Data) -> None:
        """Send a message."""

    def close(self, code: int, reason: str) -> None:
        """Close it; `Listener.closed` follows."""

    def abort(self) -> None:
        """Drop the connection; nothing is reported any more."""

    def pause(self) -> None:
        """Read nothing until `resume`, so that the server's writes have to wait."""

    def resume(self) -> None:
        """Read again."""


class Network(ABC):
    """Carries the requests of one client."""

    @abstractmethod
    def fetch(self, request: Outgoing, answered: Answered) -> Call:
        """Send an HTTP request; ``answered`` is called once, later."""

    @abstractmethod
    def connect(self, request: Outgoing, listener: Listener) -> Socket:
        """Open a WebSocket; `Listener.opened` or `Listener.refused` is called, later."""

    @abstractmethod
    async def finish(self) -> list[Exception]:
        """Wait until nothing is under way; what does not end within a second is cut off.

        Returns:
            What the application raised when its client was served already, each error once.
        """


async def ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Wait until the tasks have ended; what does not within a second is cancelled."""
    waiting = set(tasks)
    if waiting:
        _, late = await asyncio.wait(waiting, timeout=_PATIENCE)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
