"""``python -m benchmarks.load SCENARIO PORT PID OPTIONS`` loads a server and prints JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

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


def main() -> None:
    """Run one scenario against one server; exits with a sentence when the server fails it."""
    name, port, pid, options = sys.argv[1:]
    scenario = _SCENARIOS[name]
    target = Target(int(port), Meter(int(pid)))
    try:
        metrics = uvloop.run(_run(scenario, target, scenario.Options(**json.loads(options))))
    except LoadError as error:
        sys.exit(f"{name}: {error}")
    print(json.dumps(metrics | {"peak_rss_mib": target.meter.peak_rss()}))


async def _run(scenario: Any, target: Target, options: Any) -> dict[str, float]:
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def on_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # An exception in a protocol's callback would only be logged; here it ends the run.
        if not failed.done():
            failed.set_exception(context.get("exception") or LoadError(context["message"]))

    asyncio.get_running_loop().set_exception_handler(on_error)
    running = asyncio.ensure_future(scenario.run(target, options))
    await asyncio.wait({running, failed}, return_when=asyncio.FIRST_COMPLETED)
    if failed.done():
        failed.result()
    return await running


main()
