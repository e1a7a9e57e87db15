"""A run: every side of every scenario, in turns, so that all sides meet the same machine."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from .process import Placement, RunError, load, measure_itself, serving
from .results import Measurement, Result
from .scenarios import Scenario
from .sides import Side

# Beyond these a figure says more about the load or the neighbours than about the server.
_LOAD_LIMIT = 0.9
_OTHER_LIMIT = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: the scenarios, each with its sides, and how often."""

    scenarios: list[tuple[Scenario, list[Side]]]
    rounds: int


def plan(scenarios: Iterable[Scenario], sides: Iterable[Side], rounds: int) -> Plan:
    """Give each scenario its sides: servers under load, or sides that measure themselves."""
    chosen = list(sides)
    pairs = [
        (scenario, [side for side in chosen if (side.stack == "codec") != bool(scenario.load)])
        for scenario in scenarios
    ]
    return Plan([pair for pair in pairs if pair[1]], rounds)


def run(work: Plan, result: Result) -> None:
    """Carry out a plan; the measurements and the facts of the sides go into ``result``.

    Raises:
        RunError: A server or a load failed. What was measured until then is in ``result``.
    """
    _allow_many_connections()
    placement = Placement.choose()
    result.machine["placement"] = {"server": placement.server, "load": placement.load}
    for scenario, sides in work.scenarios:
        print(scenario.title, flush=True)
        result.scenarios[scenario.name] = scenario.options
        for side in sides:
            if side.name not in result.sides:
                result.add_side(side)
        groups = [sides] if scenario.together else [[side] for side in sides]
        for number in range(1, work.rounds + 1):
            for group in groups:
                _round(scenario, group, number, placement, result)


def _round(
    scenario: Scenario, sides: list[Side], number: int, placement: Placement, result: Result
) -> None:
    try:
        slices = _measure(scenario, sides, placement)
    except RunError as error:
        names = ", ".join(side.name for side in sides)
        raise RunError(f"{names}: {error}") from error
    for index, metrics_of_sides in enumerate(slices):
        for side, metrics in zip(sides, metrics_of_sides, strict=True):
            result.measurements.append(
                Measurement(scenario.name, side.name, number, index + 1, metrics)
            )
    for index, side in enumerate(sides):
        metrics_of_slices = [metrics_of_sides[index] for metrics_of_sides in slices]
        print(f"  {number}  {side.name:24}{_line(scenario, metrics_of_slices)}", flush=True)


def _measure(
    scenario: Scenario, sides: list[Side], placement: Placement
) -> list[list[dict[str, float]]]:
    """The metrics of each slice, for each side."""
    if not scenario.load:
        return [[measure_itself(side, placement.server, scenario.timeout) for side in sides]]
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(serving(side, scenario.application, placement.server))
            for side in sides
        ]
        return load(scenario, servers, placement.load)


def _line(scenario: Scenario, slices: list[dict[str, float]]) -> str:
    """The medians of a side's slices, for whoever watches the run."""
    middle = {
        key: median([metrics[key] for metrics in slices if key in metrics]) for key in slices[-1]
    }
    figures = [
        f"{middle[metric.key]:,.{metric.digits}f} {metric.title}"
        for metric in scenario.metrics
        if metric.key in middle
    ]
    if middle.get("load_busy", 0) > _LOAD_LIMIT:
        figures.append("(the load generator is the limit: the rate is not the server's)")
    if middle.get("other_busy", 0) > _OTHER_LIMIT:
        figures.append(f"(other processes took {middle['other_busy']:.0%} of the server's CPU)")
    return "  ".join(figures)


def _allow_many_connections() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
