"""Connect: open a WebSocket session, wait for its open packet, close it; again and again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter

from .target import Target, percentiles
from .websocket import open_sessions


@dataclass(frozen=True, slots=True)
class Options:
    """The size of the scenario.

    Attributes:
        at_once: How many sessions are open at a time.
        seconds: The length of a slice.
    """

    at_once: int = 20
    seconds: float = 0.5


class Load:
    """The load on one server."""

    def __init__(self, target: Target, options: Options) -> None:
        self._target = target
        self._options = options

    async def open(self) -> None:
        """Nothing stays open."""

    async def measure(self) -> dict[str, float]:
        """CPU per session, sessions per second, time from connecting until the server has closed.

        Raises:
            LoadError: The server refused a session.
        """
        latencies: list[float] = []
        self._target.meter.start()
        until = perf_counter() + self._options.seconds
        async with asyncio.TaskGroup() as slots:
            for _ in range(self._options.at_once):
                slots.create_task(self._come_and_go(until, latencies))
        usage = self._target.meter.stop()
        return usage.metrics(len(latencies)) | percentiles(latencies)

    async def _come_and_go(self, until: float, latencies: list[float]) -> None:
        while (started := perf_counter()) < until:
            (session,) = await open_sessions(self._target, 1)
            await session.close()
            latencies.append(perf_counter() - started)
