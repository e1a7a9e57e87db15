"""Result files as Markdown: what the documents quote."""

from __future__ import annotations

from .budgets import BUDGETS, Budget
from .results import Result
from .scenarios import SCENARIOS, Measure, Metric, Scenario
from .sides import ELSEWHERE, Kind
from .summary import Spread, difference, ratio, spread

_NOTHING = "-"
# Whom a table of a scenario compares every side with, inside its stack.
_BASES = (Kind.BARE, Kind.PEER)


def render(result: Result) -> str:
    """The facts of a run, one table for each scenario and one for the budget."""
    scenarios = [scenario for scenario in SCENARIOS if scenario.name in result.scenarios]
    parts = [_facts(result), *(_scenario(result, scenario) for scenario in scenarios)]
    rows = [row for line in BUDGETS for row in _budget(result, line)]
    if rows:
        head = ["Budget", "Side", "Figure", "Against", "Measured", "At most", ""]
        parts.append("### Budget\n\n" + _table(head, rows, left=4))
    return "\n\n".join(parts) + "\n"


def _facts(result: Result) -> str:
    machine = result.machine
    versions = [
        f"- `{name}`: " + ", ".join(f"{key} {value}" for key, value in side["versions"].items())
        for name, side in result.sides.items()
    ]
    rounds = max((item.round for item in result.measurements), default=0)
    run = (
        f"Measured {result.started} at commit {result.revision}; rounds: {rounds}. Medians, and the"
        " quartiles around them. A comparison is the median of the comparisons in each slice."
    )
    place = (
        f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['memory_gib']} GiB,"
        f" {machine['system']}; load average at the start {machine['load_average']:.2f}."
    )
    return "\n\n".join([run, place, "\n".join(versions)])


def _scenario(result: Result, scenario: Scenario) -> str:
    measured = {item.side for item in result.measurements if item.scenario == scenario.name}
    names = [name for name in result.sides if name in measured]
    headline, *others = scenario.metrics
    bases = () if scenario.measure is Measure.VALUE else _BASES
    head = [
        "Side",
        headline.title,
        *(f"{scenario.measure} {base}" for base in bases),
        *(metric.title for metric in others),
    ]
    rows = [
        [
            f"`{name}`",
            _text(spread(result, scenario.name, name, headline.key), headline.digits),
            *(_comparison(result, scenario, name, base) for base in bases),
            *(_median(result, scenario, name, metric) for metric in others),
        ]
        for name in names
    ]
    return f"### {scenario.title}\n\n" + _table(head, rows)


def _comparison(result: Result, scenario: Scenario, name: str, base: Kind) -> str:
    other = _find(result, result.sides[name]["stack"], base)
    if other in ("", name):
        return _NOTHING
    headline = scenario.metrics[0]
    return _text(_measure(result, scenario.measure, scenario.name, headline.key, name, other), 2)


def _budget(result: Result, line: Budget) -> list[list[str]]:
    """The rows of one line of the budget: one for each stack of ours that was measured."""
    rows = []
    for name, side in result.sides.items():
        if side["kind"] != Kind.OURS or (line.stacks and side["stack"] not in line.stacks):
            continue
        stack = "node" if line.against is Kind.REFERENCE else side["stack"]
        other = "" if line.measure is Measure.VALUE else _find(result, stack, line.against)
        measured = _measure(result, line.measure, line.scenario, line.metric, name, other)
        if measured is None:
            continue
        rows.append(
            [
                line.name,
                f"`{name}`",
                f"{line.scenario}: {line.metric}",
                f"{line.measure} `{other}`" if other else line.measure,
                _text(measured, 2),
                f"{line.limit:g}",
                "kept" if measured.median <= line.limit else "**exceeded**",
            ]
        )
    return rows


def _measure(
    result: Result, measure: Measure, scenario: str, metric: str, side: str, base: str
) -> Spread | None:
    match measure:
        case Measure.RATIO:
            return ratio(result, scenario, side, base, metric)
        case Measure.DIFFERENCE:
            return difference(result, scenario, side, base, metric)
        case Measure.VALUE:
            return spread(result, scenario, side, metric)


def _find(result: Result, stack: str, kind: Kind) -> str:
    """The side of that kind in a stack, or in its place; empty where the run has none."""
    stack = ELSEWHERE.get((stack, kind), stack)
    for name, side in result.sides.items():
        if (side["stack"], side["kind"]) == (stack, kind):
            return name
    return ""


def _median(result: Result, scenario: Scenario, name: str, metric: Metric) -> str:
    value = spread(result, scenario.name, name, metric.key)
    return _NOTHING if value is None else f"{value.median:,.{metric.digits}f}"


def _text(value: Spread | None, digits: int) -> str:
    if value is None:
        return _NOTHING
    low, middle, high = (f"{n:,.{digits}f}" for n in (value.low, value.median, value.high))
    return middle if low == high else f"{middle} ({low} to {high})"


def _table(head: list[str], rows: list[list[str]], left: int = 1) -> str:
    align = ["---" if index < left else "---:" for index in range(len(head))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, align, *rows))
