"""What happened in the application, told to the scenarios over HTTP.

A scenario gives every session a key of its own in the query (``key=...``) and reads back the events
of that key. Values and bookkeeping only: the families' application modules call in and serve
`Ledger.account` and `Ledger.state` as JSON under ``/ledger/<key>`` and ``/ledger``.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

__all__ = ["Ledger", "Record"]

Record: TypeAlias = dict[str, Any]
"""One event as JSON."""

_LONGEST_TEXT = 100


class Ledger:
    """The events of all keys, and the requests that are being served."""

    def __init__(self) -> None:
        self._events: defaultdict[str, list[Record]] = defaultdict(list)
        self._requests: Counter[str] = Counter()

    def connected(self, key: str, sid: str) -> None:
        """Note that a ``connect`` handler let a client in."""
        self._events[key].append({"event": "connect", "sid": sid})

    def refused(self, key: str, sid: str) -> None:
        """Note that a ``connect`` handler turned a client away."""
        self._events[key].append({"event": "refuse", "sid": sid})

    def received(self, key: str, sid: str, data: str | bytes) -> None:
        """Note a message."""
        self._events[key].append({"event": "message", "sid": sid, "data": _shown(data)})

    def disconnected(
        self,
        key: str,
        sid: str,
        reason: str,
        detail: str,
        code: int | None,
        undelivered: Sequence[str | bytes],
    ) -> None:
        """Note the end of a session."""
        if reason == "server shutdown":
            # Nobody will be able to ask for it: the log is all that is left.
            print(f"disconnected: {reason}", flush=True)
        self._events[key].append(
            {
                "event": "disconnect",
                "sid": sid,
                "reason": reason,
                "detail": detail,
                "code": code,
                "undelivered": [_shown(data) for data in undelivered],
            }
        )

    def noted(self, key: str, note: str) -> None:
        """Note something else that a scenario waits for."""
        self._events[key].append({"event": "note", "note": note})

    def request_started(self, key: str) -> None:
        """Count a request to an Engine.IO path that begins."""
        self._requests[key] += 1

    def request_ended(self, key: str) -> None:
        """Count it as done."""
        self._requests[key] -= 1

    def account(self, key: str) -> Record:
        """Return the events of a key and how many of its requests are being served."""
        return {"events": self._events.get(key, []), "requests": self._requests[key]}

    def state(self, sessions: int, tasks: int) -> Record:
        """Return what must be back at its old values after every scenario."""
        return {
            "sessions": sessions,
            "tasks": tasks,
            "requests": self._requests.total(),
            "files": len(list(Path("/proc/self/fd").iterdir())),
            "process": os.getpid(),
        }


def _shown(data: str | bytes) -> Record:
    kind = "text" if isinstance(data, str) else "binary"
    shown = data if isinstance(data, str) else data.hex()
    return {"kind": kind, "size": len(data), "start": shown[:_LONGEST_TEXT]}
