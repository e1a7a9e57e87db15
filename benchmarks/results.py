"""The result file: what one run measured, round by round, and on what.

What lives here reads and writes; `summary` computes, `table` renders.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from .sides import ROOT, Side
from .versions import machine, revision, versions

FOLDER = ROOT / "benchmarks" / "results"
_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Measurement:
    """One side in one slice of one round of one scenario."""

    scenario: str
    side: str
    round: int
    slice: int
    metrics: dict[str, float]


@dataclass(slots=True)
class Result:
    """One run.

    Attributes:
        started: When, in UTC.
        revision: The commit, with ``+`` when the files differed from it.
        machine: What it ran on, and how busy that was.
        sides: By name: stack, kind, command and versions.
        scenarios: By name: the options of the load that differ from its defaults.
        measurements: Every slice of every round.
    """

    started: str
    revision: str
    machine: dict[str, Any]
    sides: dict[str, dict[str, Any]] = field(default_factory=dict)
    scenarios: dict[str, dict[str, Any]] = field(default_factory=dict)
    measurements: list[Measurement] = field(default_factory=list)
    schema: int = _SCHEMA

    @classmethod
    def begin(cls) -> Self:
        """A result without measurements, with the facts of here and now."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(started=now, revision=revision(), machine=machine())

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file that `write` wrote.

        Raises:
            ValueError: It has another schema.
        """
        fields = json.loads(path.read_text())
        if fields["schema"] != _SCHEMA:
            raise ValueError(f"the file has schema {fields['schema']}, not {_SCHEMA}")
        fields["measurements"] = [Measurement(**item) for item in fields["measurements"]]
        return cls(**fields)

    def write(self, path: Path) -> None:
        """Write the file, and its folder where needed."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    def add_side(self, side: Side) -> None:
        """Note what a side is."""
        self.sides[side.name] = {
            "stack": side.stack,
            "kind": side.kind.value,
            # Without the interpreter: its path says nothing about the server.
            "arguments": list(side.arguments),
            "versions": versions(side),
        }


def default_path(result: Result) -> Path:
    """A file name of the date and the stacks."""
    stacks = dict.fromkeys(side["stack"] for side in result.sides.values())
    when = result.started[:16].replace(":", "")
    return FOLDER / f"{when}-{'-'.join(stacks)}.json"
