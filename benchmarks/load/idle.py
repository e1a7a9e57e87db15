"""Idle: what a WebSocket session that says nothing costs in memory, tasks and timers."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

from .http import HttpConnection
from .target import Target
from .websocket import open_sessions


@dataclass(frozen=True, slots=True)
class Options:
    """The size of the scenario.

    Attributes:
        base: Sessions before the first reading: what the server takes once is not in the slope.
        step: Sessions between two readings.
        steps: How many more readings there are.
        settle: Seconds before each reading.
    """

    base: int = 100
    step: int = 1000
    steps: int = 2
    settle: float = 1.0


class Load:
    """The load on one server."""

    def __init__(self, target: Target, options: Options) -> None:
        self._target = target
        self._options = options

    async def open(self) -> None:
        """Open the first sessions.

        Raises:
            LoadError: The server refused one.
        """
        await open_sessions(self._target, self._options.base)

    async def measure(self) -> dict[str, float]:
        """Memory per session (KiB) as the slope from the first reading to the last, and per step.

        Raises:
            LoadError: The server refused a session.
        """
        options, meter = self._options, self._target.meter
        counts = [await self._counts()]
        await asyncio.sleep(options.settle)
        memories = [meter.memory()]
        for _ in range(options.steps):
            await open_sessions(self._target, options.step)
            await asyncio.sleep(options.settle)
            memories.append(meter.memory())
        counts.append(await self._counts())
        added = options.step * options.steps
        metrics = {
            "count": float(added),
            "rss_kib": (memories[-1].rss - memories[0].rss) / added,
            "pss_kib": (memories[-1].pss - memories[0].pss) / added,
        }
        for number in range(options.steps):
            growth = memories[number + 1].rss - memories[number].rss
            metrics[f"rss_kib_step_{number + 1}"] = growth / options.step
        return metrics | {name: (counts[1][name] - counts[0][name]) / added for name in counts[0]}

    async def _counts(self) -> dict[str, int]:
        """Tasks and timers in the server, where it tells (see servers/counts.py)."""
        connection = await HttpConnection.open(self._target.port)
        host = f"Host: 127.0.0.1:{self._target.port}"
        status, body = await connection.request(f"GET /counts HTTP/1.1\r\n{host}\r\n\r\n".encode())
        connection.close()
        return json.loads(body) if status == 200 else {}
