"""How long the server made its clients wait, over all scenarios of a run.

A shared machine makes any single value late, so the promises are held as statistics: half of the
values within the promise, nearly all of them within a second.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Limit", "Measures"]

_ENOUGH = 20
"""Fewer values than this are no statistics."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What one kind of wait may take.

    Attributes:
        median: Seconds that half of the values stay under: the promise itself.
        nearly_all: Seconds that 95 of 100 values stay under: what a busy machine may add.
    """

    median: float
    nearly_all: float


LIMITS: Mapping[str, Limit] = {
    # "Every HTTP request answered or reset: within 100 ms for refusals."
    "refusals": Limit(0.1, 1.0),
    # "A bystander session sees p99 < 100 ms."
    "echoes": Limit(0.1, 1.0),
    # "A fresh client handshakes and echoes within 1 s."
    "welcomes": Limit(0.5, 1.0),
    # "Sessions, tasks and files return to the values before the test within 2 s."
    "clearances": Limit(2.0, 12.0),
}


@dataclass(slots=True)
class Measures:
    """The waits of one run, in seconds.

    Attributes:
        refusals: From a bad request to its answer.
        echoes: From a bystander's message to its echo.
        welcomes: From a fresh client's handshake to its first echo.
        clearances: From the end of a scenario until nothing is left of it.
    """

    refusals: list[float] = field(default_factory=list)
    echoes: list[float] = field(default_factory=list)
    welcomes: list[float] = field(default_factory=list)
    clearances: list[float] = field(default_factory=list)

    def add(self, other: Measures) -> None:
        """Take the values of ``other`` in."""
        for kind in LIMITS:
            self._values(kind).extend(other._values(kind))

    def problems(self) -> list[str]:
        """Return what breaks a promise, each as a sentence."""
        found = []
        for kind, limit in LIMITS.items():
            values = self._values(kind)
            if len(values) < _ENOUGH:
                continue
            median, nearly_all = statistics.median(values), statistics.quantiles(values, n=20)[-1]
            if median > limit.median or nearly_all > limit.nearly_all:
                found.append(
                    f"{len(values)} {kind}: half of them within {median:.3f} s, promised"
                    f" {limit.median} s; 95 of 100 within {nearly_all:.3f} s, allowed"
                    f" {limit.nearly_all} s"
                )
        return found

    def summary(self) -> str:
        """Return the values in a line."""
        return ", ".join(
            f"{len(values)} {kind} (median {_in_ms(statistics.median(values))},"
            f" slowest {_in_ms(max(values))})"
            for kind in LIMITS
            if (values := self._values(kind))
        )

    def _values(self, kind: str) -> list[float]:
        values: list[float] = getattr(self, kind)
        return values


def _in_ms(seconds: float) -> str:
    return f"{1_000 * seconds:.1f} ms"
