"""The command line: ``python -m benchmarks run``, ``table`` and ``list``."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from .process import RunError
from .results import Result, default_path
from .runner import plan, run
from .scenarios import SCENARIOS, Scenario
from .sides import SIDES, Side
from .table import render

_DEFAULT_STACKS = ("uvicorn", "node", "codec")


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and do it."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], None] = options.command
    command(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("run", help="measure, write a result file, print its tables")
    command.add_argument(
        "scenarios", nargs="*", metavar="SCENARIO", help="see list; without any, the default ones"
    )
    command.add_argument("--stack", action="append", help="see list; may be given several times")
    command.add_argument("--side", action="append", help="only these sides: ours@uvicorn ...")
    command.add_argument("--rounds", type=int, default=3, help="3, and more on a busy machine")
    command.add_argument("--output", type=Path, help="the result file")
    command.set_defaults(command=_run)
    command = commands.add_parser("table", help="render result files as Markdown")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE")
    command.set_defaults(command=_table)
    command = commands.add_parser("list", help="the scenarios and the sides")
    command.set_defaults(command=_list)
    return parser


def _run(options: argparse.Namespace) -> None:
    work = plan(_scenarios(options.scenarios), _sides(options), max(1, options.rounds))
    # A run that is told to stop ends its servers on the way out, as it does on Ctrl-C.
    signal.signal(signal.SIGTERM, _interrupt)
    result = Result.begin()
    failure = ""
    try:
        run(work, result)
    except RunError as error:
        failure = str(error)
    except KeyboardInterrupt:
        failure = "interrupted"
    if result.measurements:
        path = options.output or default_path(result)
        result.write(path)
        print(f"\n{render(result)}\n{path}")
    if failure:
        sys.exit(failure)


def _table(options: argparse.Namespace) -> None:
    for path in options.files:
        try:
            print(render(Result.read(path)))
        except (OSError, ValueError) as error:
            sys.exit(f"{path}: {error}")


def _list(_: argparse.Namespace) -> None:
    for scenario in SCENARIOS:
        print(f"{scenario.name:24}{scenario.title}{'' if scenario.default else ' (by name only)'}")
    print()
    for side in SIDES:
        print(f"{side.name:24}{side.missing or 'ready'}")


def _scenarios(names: list[str]) -> list[Scenario]:
    known = {scenario.name: scenario for scenario in SCENARIOS}
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"no scenario {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names] or [item for item in SCENARIOS if item.default]


def _sides(options: argparse.Namespace) -> list[Side]:
    names = {side.name for side in SIDES} | {side.stack for side in SIDES}
    wanted = [*(options.stack or []), *(options.side or [])] or list(_DEFAULT_STACKS)
    if unknown := [name for name in wanted if name not in names]:
        sys.exit(f"no side or stack {', '.join(unknown)}; there are {', '.join(sorted(names))}")
    sides = [side for side in SIDES if side.stack in wanted or side.name in wanted]
    for side in sides:
        if side.missing:
            print(f"left out {side.name}: {side.missing}", file=sys.stderr)
    return [side for side in sides if not side.missing]


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
