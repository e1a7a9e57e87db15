"""One timetable for everything that has a deadline: all sessions share the shell's one timer.

A heap with lazy corrections. A deadline that moves later, as most do (a pong postpones the
timeout), costs nothing until the old entry comes up; only one that moves earlier adds an entry.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count
from math import inf

__all__ = ["Schedule", "Timed"]

_MIN_DEAD = 64


class Timed:
    """Base of what can be in a timetable.

    Attributes:
        scheduled: The earliest entry there is for this item; ``inf`` for none.
    """

    __slots__ = ("scheduled",)

    def __init__(self) -> None:
        self.scheduled = inf

    def due(self) -> float:
        """Return when this item next wants `tick`; ``inf`` for never."""
        return inf

    def tick(self, now: float) -> None:
        """Do what is due at ``now``."""


class Schedule:
    """The timetable."""

    __slots__ = ("_dead", "_heap", "_order")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timed]] = []
        self._order = count()
        self._dead = 0

    def update(self, item: Timed) -> None:
        """Take note that the deadline of ``item`` may have changed."""
        due = item.due()
        if due < item.scheduled:
            item.scheduled = due
            heappush(self._heap, (due, next(self._order), item))

    def discard(self, item: Timed) -> None:
        """Forget ``item`` for good: a closed session must not wait here for its deadline."""
        item.scheduled = inf
        self._dead += 1
        # Rebuilt when half of it is dead: a constant cost for each item that ever came in.
        if self._dead > _MIN_DEAD and self._dead * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[0] == entry[2].scheduled]
            heapify(self._heap)
            self._dead = 0

    def deadline(self) -> float | None:
        """Return when `expired` should be asked next, or None for never."""
        return self._heap[0][0] if self._heap else None

    def expired(self, now: float) -> list[Timed]:
        """Remove and return the items that are due; call `update` with each after its tick."""
        items: list[Timed] = []
        while self._heap and self._heap[0][0] <= now:
            at, _, item = heappop(self._heap)
            if at != item.scheduled:
                continue
            item.scheduled = inf
            if item.due() <= now:
                items.append(item)
            else:
                self.update(item)
        return items
