"""What the engine asks its shell to do, apart from telling the application (see ``events``).

A ticket stands for one HTTP request, a port for one WebSocket. Both are chosen by the shell, which
gets the same objects back; the engine only asks that they can be keys of a dict. The values are
named tuples because they are made for every poll and every write.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple, TypeAlias

from ..http.response import Header, Response
from ..types import Data

__all__ = [
    "Abort",
    "Accept",
    "Action",
    "Hangup",
    "Port",
    "ReadBody",
    "Refuse",
    "Reply",
    "Ticket",
    "Write",
]

Ticket: TypeAlias = Hashable
Port: TypeAlias = Hashable


class Reply(NamedTuple):
    """Answer an HTTP request, whether it is still sending its body or has waited for long.

    Attributes:
        ticket: The request.
        response: The whole answer.
        confirm: Whether the answer carries packets, so that `Engine.replied` must be told how
            writing it went.
        initial: Whether it is the answer to the handshake of a new session.
    """

    ticket: Ticket
    response: Response
    confirm: bool = False
    initial: bool = False


class ReadBody(NamedTuple):
    """Read the body of a request, then call `Engine.body` or `Engine.body_failed`.

    Attributes:
        ticket: The request.
        limit: The most bytes to read; more is `BodyTooLarge`.
    """

    ticket: Ticket
    limit: int


class Accept(NamedTuple):
    """Accept a WebSocket, then call `Engine.drained`; nothing may arrive on it before that.

    Attributes:
        port: The WebSocket.
        headers: Fields for the 101 response.
        initial: Whether this opens a new session (and is no upgrade).
    """

    port: Port
    headers: tuple[Header, ...] = ()
    initial: bool = False


class Refuse(NamedTuple):
    """Refuse a WebSocket with an HTTP response where the server can; the port is then unknown."""

    port: Port
    response: Response


class Write(NamedTuple):
    """Write messages to a WebSocket in order, then call `Engine.drained`.

    There is never a second ``Write`` for a port before that call.
    """

    port: Port
    frames: list[Data]


class Hangup(NamedTuple):
    """Start the closing handshake of a WebSocket (RFC 6455 section 7.1.2) after earlier writes."""

    port: Port
    code: int
    reason: str


class Abort(NamedTuple):
    """Drop the connection of a WebSocket now; the port is then unknown."""

    port: Port


Action: TypeAlias = Reply | ReadBody | Accept | Refuse | Write | Hangup | Abort
