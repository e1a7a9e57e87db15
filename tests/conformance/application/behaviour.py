"""What the conformance application does, decided once for every family of servers.

Pure: a message or a handshake goes in, the actions to carry out come out; the family's application
module carries them out with its own kind of server. Every message that is no command is echoed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = [
    "Action",
    "Disconnect",
    "Fail",
    "Later",
    "Note",
    "Pause",
    "Refuse",
    "Send",
    "Share",
    "TellTransport",
    "Visitor",
    "on_connect",
    "on_message",
]


@dataclass(frozen=True, slots=True)
class Visitor:
    """What the application learned about a client from its handshake request.

    Attributes:
        query: The query parameters.
        headers: The header fields, names in lower case.
        address: The client's address.
    """

    query: Mapping[str, str]
    headers: Mapping[str, str]
    address: str

    @property
    def key(self) -> str:
        """The key under which the ledger keeps the session's events."""
        return self.query.get("key", "")


@dataclass(frozen=True, slots=True)
class Send:
    """Send this message to the client."""

    data: Any


@dataclass(frozen=True, slots=True)
class Share:
    """Broadcast this message to every session with the same key."""

    data: str | bytes


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Disconnect the client."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait, as a slow handler does."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Fail:
    """Raise an exception, as a broken handler does."""


@dataclass(frozen=True, slots=True)
class Note:
    """Write a line into the ledger."""

    text: str


@dataclass(frozen=True, slots=True)
class TellTransport:
    """Send the client the name of its transport."""


@dataclass(frozen=True, slots=True)
class Later:
    """Do the actions in a background task, after so many seconds."""

    seconds: float
    actions: Sequence[SimpleAction]


@dataclass(frozen=True, slots=True)
class Refuse:
    """Refuse the client: return ``value``, or raise `ConnectionRefused` if there is a status."""

    value: Any
    status: int | None = None


SimpleAction: TypeAlias = Send | Share | Disconnect | Pause | Fail | Note | TellTransport
Action: TypeAlias = SimpleAction | Later | Refuse


def on_connect(visitor: Visitor) -> Sequence[Action]:
    """Return what the ``connect`` handler does, as the ``connect`` query parameter asks."""
    name, _, value = visitor.query.get("connect", "").partition(":")
    match name:
        case "false":
            return [Refuse(False)]
        case "text":
            return [Refuse(value)]
        case "data":
            return [Refuse({"why": value})]
        case "status":
            return [Refuse({"why": "status"}, status=int(value))]
        case "fail":
            return [Fail()]
        case "send":
            return [Send(part) for part in value.split(",")]
        case "slow":
            return [Note("connecting"), Pause(float(value))]
        case "leave":
            return [Disconnect()]
    return []


def on_message(visitor: Visitor, data: str | bytes) -> Sequence[Action]:
    """Return what the ``message`` handler does."""
    if isinstance(data, bytes) or not data.startswith("!"):
        return [Send(data)]
    name, *arguments = data[1:].split(" ")
    match name, arguments:
        case "close", []:
            return [Disconnect()]
        case "close-later", [seconds]:
            return [Later(float(seconds), [Disconnect()])]
        case "send", [count]:
            return [Send(str(number)) for number in range(int(count))]
        case "send-later", [seconds, text]:
            return [Later(float(seconds), [Send(text)])]
        case "stream", [count, seconds]:
            return [Later(0, _stream(int(count), float(seconds)))]
        case "bulk", [count, size]:
            return [Send(f"{number:08}".ljust(int(size), ".")) for number in range(int(count))]
        case "flood", [count, size]:
            sends = [Send("x" * int(size))] * int(count)
            return [Later(0, [*sends, Note("flooded")])]
        case "json", []:
            return [Send({"a": [1, "€"]})]
        case "share-text", [text]:
            return [Share(text)]
        case "share-binary", [text]:
            return [Share(text.encode())]
        case "slow", [seconds]:
            return [Pause(float(seconds)), Send("slept")]
        case "fail", []:
            return [Fail()]
        case "transport", []:
            return [TellTransport()]
        case "visitor", []:
            return [Send(json.dumps(_shown(visitor)))]
    raise ValueError(f"the conformance application knows no command {data!r}")


def _stream(count: int, seconds: float) -> list[SimpleAction]:
    return [action for number in range(count) for action in (Send(str(number)), Pause(seconds))]


def _shown(visitor: Visitor) -> Mapping[str, Any]:
    return {
        "query": dict(visitor.query),
        "headers": dict(visitor.headers),
        "address": visitor.address,
    }
