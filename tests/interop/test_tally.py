"""The judge of the numbered messages sees what it is there for."""

from __future__ import annotations

import pytest

from tests.interop.tally import Tally


@pytest.mark.parametrize(
    ("arrived", "expected"),
    [
        ([0, 1, 2, 3], Tally(messages=4)),
        ([0, 1, 3], Tally(messages=4, lost=1)),
        ([], Tally(messages=4, lost=4)),
        ([0, 1, 1, 2, 3], Tally(messages=4, doubled=1)),
        ([0, 2, 1, 3], Tally(messages=4, reordered=1)),
        ([3, 0, 1, 2], Tally(messages=4, reordered=3)),
        ([0, 1, 2, 3, 1], Tally(messages=4, doubled=1)),
    ],
)
def test_a_stream_is_compared_with_what_was_sent(arrived: list[int], expected: Tally) -> None:
    tally = Tally()
    tally.add_stream(arrived, sent=4)
    assert tally == expected


def test_tallies_add_up() -> None:
    total = Tally(upgrades=1, messages=2, lost=3)
    total.add(Tally(upgrades=10, messages=20, doubled=4, reordered=5))
    assert str(total) == "11 upgrades, 22 numbered messages: 3 lost, 4 doubled, 5 reordered"
