"""``python -m benchmarks.load ORDER`` puts servers under load in turn and prints JSON.

The order is JSON: the scenario's module, its options, how many slices are measured, how many are
thrown away before, and the port and process id of each server.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any, Protocol

import uvloop

from . import broadcast, connect, echo, heartbeat, idle, polling
from .meter import Meter
from .target import LoadError, Target

_SCENARIOS: dict[str, Any] = {
    "broadcast": broadcast,
    "connect": connect,
    "echo": echo,
    "heartbeat": heartbeat,
    "idle": idle,
    "polling": polling,
}


class Load(Protocol):
    """What the module of a scenario offers."""

    async def open(self) -> None:
        """Make ready what all slices use."""

    async def measure(self) -> dict[str, float]:
        """Measure one slice."""


def main() -> None:
    """Print the metrics of every slice of every server; exit with a sentence when one fails."""
    order = json.loads(sys.argv[1])
    try:
        print(json.dumps(uvloop.run(_supervised(order))))
    except* LoadError as errors:  # one, or one of each task of a scenario
        sys.exit(f"{order['scenario']}: {errors.exceptions[0]}")


async def _supervised(order: dict[str, Any]) -> list[list[dict[str, float]]]:
    """Measure; an exception in a protocol's callback, which asyncio would only log, ends it."""
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not failed.done():
            failed.set_exception(context.get("exception") or LoadError(context["message"]))

    asyncio.get_running_loop().set_exception_handler(on_error)
    measuring = asyncio.ensure_future(_measure(order))
    either: set[asyncio.Future[Any]] = {measuring, failed}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if failed.done():
        measuring.cancel()
        failed.result()
    return await measuring


async def _measure(order: dict[str, Any]) -> list[list[dict[str, float]]]:
    """A slice of each server, again and again: whatever slows the machine down meets them all."""
    scenario = _SCENARIOS[order["scenario"]]
    options = scenario.Options(**order["options"])
    targets = [Target(port, Meter(pid)) for port, pid in order["servers"]]
    loads: list[Load] = [scenario.Load(target, options) for target in targets]
    for load in loads:
        await load.open()
    slices = []
    for number in range(order["thrown_away"] + order["slices"]):
        metrics = [await load.measure() for load in loads]
        if number >= order["thrown_away"]:
            slices.append(metrics)
    for target, last in zip(targets, slices[-1], strict=True):
        last["peak_rss_mib"] = target.meter.peak_rss()
    return slices


main()
