"""Connect: open a WebSocket session, wait for its open packet, close it; again and again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter

from .target import Target, percentiles
from .websocket import open_sessions


@dataclass(frozen=True, slots=True)
class Options:
    """The size of the scenario: sessions open at a time, sessions in the window, before it."""

    at_once: int = 20
    count: int = 2000
    warm_up: int = 300


async def run(target: Target, options: Options) -> dict[str, float]:
    """CPU per session, sessions per second, time from connecting until the server has closed.

    Raises:
        LoadError: The server refused a session.
    """
    await _cycle(target, options.at_once, options.warm_up)
    target.meter.start()
    latencies = await _cycle(target, options.at_once, options.count)
    usage = target.meter.stop()
    return usage.metrics(len(latencies)) | percentiles(latencies)


async def _cycle(target: Target, at_once: int, count: int) -> list[float]:
    latencies: list[float] = []
    remaining = iter(range(count))

    async def slot() -> None:
        for _ in remaining:
            started = perf_counter()
            (session,) = await open_sessions(target, 1)
            session.close()
            await session.closed
            latencies.append(perf_counter() - started)

    async with asyncio.TaskGroup() as slots:
        for _ in range(at_once):
            slots.create_task(slot())
    return latencies
