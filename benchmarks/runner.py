"""A run: every side of every scenario, A B A B, so that all sides meet the same machine."""

from __future__ import annotations

import resource
from collections.abc import Iterable
from dataclasses import dataclass

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
        for number in range(1, work.rounds + 1):
            for side in sides:
                try:
                    metrics = _measure(scenario, side, placement)
                except RunError as error:
                    raise RunError(f"{side.name}, {scenario.name}: {error}") from error
                result.measurements.append(Measurement(scenario.name, side.name, number, metrics))
                print(f"  {number}  {side.name:24}{_line(scenario, metrics)}", flush=True)


def _measure(scenario: Scenario, side: Side, placement: Placement) -> dict[str, float]:
    if not scenario.load:
        return measure_itself(side, placement.server, scenario.timeout)
    with serving(side, scenario.application, placement.server) as server:
        return load(scenario, server, placement.load)


def _line(scenario: Scenario, metrics: dict[str, float]) -> str:
    figures = [
        f"{metrics[metric.key]:,.{metric.digits}f} {metric.title}"
        for metric in scenario.metrics
        if metric.key in metrics
    ]
    if metrics.get("load_busy", 0) > _LOAD_LIMIT:
        figures.append("(the load generator is the limit: the rate is not the server's)")
    if metrics.get("other_busy", 0) > _OTHER_LIMIT:
        figures.append(f"(other processes took {metrics['other_busy']:.0%} of the server's CPU)")
    return "  ".join(figures)


def _allow_many_connections() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
