"""Idle: what a WebSocket session that says nothing costs in memory, tasks and timers."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

from .http import HttpConnection
from .target import Target
from .websocket import check_alive, open_sessions


@dataclass(frozen=True, slots=True)
class Options:
    """The size of the scenario: sessions before the first reading, then steps of more sessions.

    ``settle`` is the time in seconds before each reading.
    """

    base: int = 100
    step: int = 1000
    steps: int = 2
    settle: float = 1.0


async def run(target: Target, options: Options) -> dict[str, float]:
    """Memory per session (KiB) as the slope from the first reading to the last, and per step.

    Raises:
        LoadError: The server refused a session or ended one.
    """
    sessions = await open_sessions(target, options.base)
    counts = [await _count(target)]
    await asyncio.sleep(options.settle)
    memories = [target.meter.memory()]
    for _ in range(options.steps):
        sessions += await open_sessions(target, options.step)
        await asyncio.sleep(options.settle)
        memories.append(target.meter.memory())
    counts.append(await _count(target))
    check_alive(sessions)
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


async def _count(target: Target) -> dict[str, int]:
    """Tasks and timers in the server, where it tells (see servers/counts.py)."""
    connection = await HttpConnection.open(target.port)
    status, body = await connection.request(
        f"GET /counts HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\n\r\n".encode()
    )
    connection.close()
    return json.loads(body) if status == 200 else {}
