"""What may be written to a log: nothing secret, nothing that could forge a line, never a storm."""

from __future__ import annotations

__all__ = ["Throttle", "printable"]

_LONGEST = 200


def printable(text: str) -> str:
    """Return at most 200 characters of ``text``, control and non-ASCII ones escaped."""
    return text[:_LONGEST].encode("unicode_escape").decode("ascii")[:_LONGEST]


class Throttle:
    """Lets one line a cause through in a while, so that hostile traffic cannot flood a log.

    Args:
        interval: Seconds between two lines of one cause.
    """

    def __init__(self, interval: float = 1.0) -> None:
        self._interval = interval
        self._next: dict[str, float] = {}
        self._suppressed: dict[str, int] = {}

    def admit(self, cause: str, now: float) -> int | None:
        """Return how many lines of ``cause`` were kept back since the last, or None to keep back.

        ``cause`` must come from a small fixed set, not from the network.
        """
        if now < self._next.get(cause, now):
            self._suppressed[cause] = self._suppressed.get(cause, 0) + 1
            return None
        self._next[cause] = now + self._interval
        return self._suppressed.pop(cause, 0)
