"""Statistics of a result: medians over all slices, and comparisons of sides inside a slice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median, quantiles

from .results import Result


@dataclass(frozen=True, slots=True)
class Spread:
    """A median, and the quartiles around it: half of the values lie between them."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread | None:
        """The spread of some values; None of none."""
        if not values:
            return None
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, _, high = quantiles(values, n=4, method="inclusive")
        return cls(low, median(values), high)


def spread(result: Result, scenario: str, side: str, metric: str) -> Spread | None:
    """A metric over all slices; None where it was not measured."""
    return Spread.of(list(_by_slice(result, scenario, side, metric).values()))


def ratio(result: Result, scenario: str, side: str, base: str, metric: str) -> Spread | None:
    """A metric of a side over the same metric of another, slice by slice.

    Both halves of each ratio were measured within a second or two of one another, so a machine that
    grows slower or faster during the run does not move it. The median of them may differ a little
    from the ratio of the medians.
    """
    return _compare(result, scenario, (side, base), metric, lambda mine, theirs: mine / theirs)


def difference(result: Result, scenario: str, side: str, base: str, metric: str) -> Spread | None:
    """A metric of a side minus the same metric of another, slice by slice."""
    return _compare(result, scenario, (side, base), metric, lambda mine, theirs: mine - theirs)


def _compare(
    result: Result,
    scenario: str,
    sides: tuple[str, str],
    metric: str,
    operation: Callable[[float, float], float],
) -> Spread | None:
    mine, theirs = (_by_slice(result, scenario, side, metric) for side in sides)
    both = mine.keys() & theirs.keys()
    return Spread.of([operation(mine[place], theirs[place]) for place in sorted(both)])


def _by_slice(
    result: Result, scenario: str, side: str, metric: str
) -> dict[tuple[int, int], float]:
    return {
        (item.round, item.slice): item.metrics[metric]
        for item in result.measurements
        if (item.scenario, item.side) == (scenario, side) and metric in item.metrics
    }
