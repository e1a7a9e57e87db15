"""What went wrong with numbered messages, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Tally"]


@dataclass(slots=True)
class Tally:
    """Streams of messages numbered from 0 on, all of them together.

    Attributes:
        upgrades: How many upgrades there were meanwhile.
        messages: How many messages were sent.
        lost: How many of them never arrived.
        doubled: How many arrived again.
        reordered: How many arrived after one with a higher number.
    """

    upgrades: int = 0
    messages: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0

    def add_stream(self, arrived: Sequence[int], sent: int) -> None:
        """Compare what arrived of one stream with the ``sent`` numbers that were sent."""
        first = list(dict.fromkeys(arrived))
        self.messages += sent
        self.lost += sent - len(first)
        self.doubled += len(arrived) - len(first)
        highest = -1
        for number in first:
            self.reordered += number < highest
            highest = max(highest, number)

    def add(self, other: Tally) -> None:
        """Add what another tally has counted."""
        self.upgrades += other.upgrades
        self.messages += other.messages
        self.lost += other.lost
        self.doubled += other.doubled
        self.reordered += other.reordered

    def __str__(self) -> str:
        return (
            f"{self.upgrades} upgrades, {self.messages} numbered messages: "
            f"{self.lost} lost, {self.doubled} doubled, {self.reordered} reordered"
        )
