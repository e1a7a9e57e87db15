"""Statistics of a result: medians over the rounds, ratios of sides inside a round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from .results import Result


@dataclass(frozen=True, slots=True)
class Spread:
    """A median, with the smallest and the largest value behind it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread | None:
        """The spread of some values; None of none."""
        return cls(median(values), min(values), max(values)) if values else None


def spread(result: Result, scenario: str, side: str, metric: str) -> Spread | None:
    """A metric over the rounds; None where it was not measured."""
    return Spread.of(list(_by_round(result, scenario, side, metric).values()))


def ratio(result: Result, scenario: str, side: str, base: str, metric: str) -> Spread | None:
    """A metric of a side over the same metric of another, round by round.

    Both halves of each ratio were measured within seconds of one another, so a machine that grows
    slower or faster during the run does not move it. The median of them may differ a little from
    the ratio of the medians.
    """
    return _compare(result, scenario, (side, base), metric, lambda mine, theirs: mine / theirs)


def difference(result: Result, scenario: str, side: str, base: str, metric: str) -> Spread | None:
    """A metric of a side minus the same metric of another, round by round."""
    return _compare(result, scenario, (side, base), metric, lambda mine, theirs: mine - theirs)


def _compare(
    result: Result,
    scenario: str,
    sides: tuple[str, str],
    metric: str,
    operation: Callable[[float, float], float],
) -> Spread | None:
    mine, theirs = (_by_round(result, scenario, side, metric) for side in sides)
    both = mine.keys() & theirs.keys()
    return Spread.of([operation(mine[number], theirs[number]) for number in sorted(both)])


def _by_round(result: Result, scenario: str, side: str, metric: str) -> dict[int, float]:
    return {
        item.round: item.metrics[metric]
        for item in result.measurements
        if (item.scenario, item.side) == (scenario, side) and metric in item.metrics
    }
