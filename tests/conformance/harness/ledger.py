"""The ledger as a scenario reads it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

__all__ = ["Account", "Goodbye", "State"]

_SPARE_TASKS = 2


@dataclass(frozen=True, slots=True)
class Goodbye:
    """One ``disconnect`` event.

    Attributes:
        reason: The stable reason.
        detail: The text beside it.
        code: The close code that the peer sent.
        undelivered: How many messages were accepted by ``send`` and not delivered.
    """

    sid: str
    reason: str
    detail: str
    code: int | None
    undelivered: int


@dataclass(frozen=True, slots=True)
class Account:
    """What the application noted under one key.

    Attributes:
        connects: The sids that were let in.
        refusals: The sids that were turned away.
        messages: The text of each message (binary as hexadecimal digits), cut at 100 characters.
        notes: The other notes.
        goodbyes: The ``disconnect`` events.
        order: The names of all events in order.
        requests: How many requests of the key are being served now.
    """

    connects: tuple[str, ...]
    refusals: tuple[str, ...]
    messages: tuple[str, ...]
    notes: tuple[str, ...]
    goodbyes: tuple[Goodbye, ...]
    order: tuple[str, ...]
    requests: int

    @classmethod
    def of(cls, value: dict[str, Any]) -> Self:
        """Return the account in the ledger's JSON."""
        events = value["events"]
        by_name = {
            name: [event for event in events if event["event"] == name]
            for name in ("connect", "refuse", "message", "note", "disconnect")
        }
        return cls(
            connects=tuple(event["sid"] for event in by_name["connect"]),
            refusals=tuple(event["sid"] for event in by_name["refuse"]),
            messages=tuple(event["data"]["start"] for event in by_name["message"]),
            notes=tuple(event["note"] for event in by_name["note"]),
            goodbyes=tuple(map(_goodbye, by_name["disconnect"])),
            order=tuple(event["event"] for event in events),
            requests=value["requests"],
        )

    @property
    def is_over(self) -> bool:
        """Whether every session that was let in has ended."""
        return bool(self.connects) and len(self.goodbyes) >= len(self.connects)

    @property
    def reason(self) -> str:
        """The reason of the only session's end."""
        return self.goodbye.reason

    @property
    def goodbye(self) -> Goodbye:
        """The only session's end."""
        assert len(self.goodbyes) == 1, f"expected one disconnect event: {self.goodbyes}"
        return self.goodbyes[0]


def _goodbye(event: dict[str, Any]) -> Goodbye:
    return Goodbye(
        sid=event["sid"],
        reason=event["reason"],
        detail=event["detail"],
        code=event["code"],
        undelivered=len(event["undelivered"]),
    )


@dataclass(frozen=True, slots=True)
class State:
    """What must be back at its old values after every scenario.

    Attributes:
        sessions: Open sessions of all servers in the process.
        tasks: Tasks (or threads) of the process.
        requests: Engine.IO requests being served.
        files: Open file descriptors.
        process: The process id.
    """

    sessions: int
    tasks: int
    requests: int
    files: int
    process: int

    def is_back_at(self, before: State, *, servers: int, connections: bool = True) -> bool:
        """Return whether nothing is left of what happened since ``before``.

        Args:
            before: The state before it.
            servers: How many servers were used: each may keep spare tasks for its next handlers.
            connections: Whether what closed connections take must be free by now.
        """
        return (
            self.process == before.process
            and self.requests <= before.requests
            and self.sessions <= before.sessions
            and (not connections or self.files <= before.files)
            and (not connections or self.tasks <= before.tasks + servers * _SPARE_TASKS)
        )
