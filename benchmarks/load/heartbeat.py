"""Heartbeat: what silent sessions cost in CPU, for their pings and pongs alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from .target import Target
from .websocket import check_alive, open_sessions


@dataclass(frozen=True, slots=True)
class Options:
    """The size of the scenario: sessions, and the window in seconds: one default ping interval."""

    sessions: int = 15_000
    seconds: float = 25.0


async def run(target: Target, options: Options) -> dict[str, float]:
    """CPU per session in one ping interval, and the share of a CPU that all sessions take.

    Raises:
        LoadError: The server refused a session or ended one.
    """
    sessions = await open_sessions(target, options.sessions)
    target.meter.start()
    await asyncio.sleep(options.seconds)
    usage = target.meter.stop()
    check_alive(sessions)
    return usage.metrics(options.sessions) | {"server_percent": usage.cpu / usage.elapsed * 100}
