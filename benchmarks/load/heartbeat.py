"""Heartbeat: what silent sessions cost in CPU, for their pings and pongs alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from .target import Target
from .websocket import open_sessions


@dataclass(frozen=True, slots=True)
class Options:
    """The size of the scenario: sessions, and the slice in seconds: one default ping interval."""

    sessions: int = 15_000
    seconds: float = 25.0


class Load:
    """The load on one server."""

    def __init__(self, target: Target, options: Options) -> None:
        self._target = target
        self._options = options

    async def open(self) -> None:
        """Open all sessions.

        Raises:
            LoadError: The server refused one.
        """
        await open_sessions(self._target, self._options.sessions)

    async def measure(self) -> dict[str, float]:
        """CPU per session in one ping interval, and the share of a CPU that all sessions take."""
        self._target.meter.start()
        await asyncio.sleep(self._options.seconds)
        usage = self._target.meter.stop()
        percent = usage.cpu / usage.elapsed * 100
        return usage.metrics(self._options.sessions) | {"server_percent": percent}
