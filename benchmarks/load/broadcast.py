"""Broadcast: one session sends, the server sends it to all; the next when the last one has it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter

from .target import LoadError, Target, percentiles
from .websocket import WebSocketSession, check_alive, open_sessions
from .wire import frame


@dataclass(frozen=True, slots=True)
class Options:
    """The size of the scenario: sessions that receive, bytes of a message, seconds."""

    sessions: int = 200
    size: int = 64
    warm_up: float = 1.0
    seconds: float = 3.0


async def run(target: Target, options: Options) -> dict[str, float]:
    """CPU per delivery, deliveries per second, time until the last session has the message.

    Raises:
        LoadError: What arrives differs from what was sent, or a session ended.
    """
    packet = b"4" + b"x" * options.size
    message = frame(packet)
    latencies: list[float] = []
    missing = 0
    sent_at = 0.0

    def send() -> None:
        nonlocal missing, sent_at
        missing, sent_at = options.sessions, perf_counter()
        sessions[0].send(message)

    def on_packet(_: WebSocketSession, received: bytes) -> None:
        nonlocal missing
        if received != packet:
            raise LoadError(f"not what was sent: {received[:40]!r}")
        missing -= 1
        if not missing:
            latencies.append(perf_counter() - sent_at)
            send()

    sessions = await open_sessions(target, options.sessions, on_packet)
    send()
    await asyncio.sleep(options.warm_up)
    latencies.clear()
    target.meter.start()
    await asyncio.sleep(options.seconds)
    usage = target.meter.stop()
    check_alive(sessions)
    return usage.metrics(len(latencies) * options.sessions) | percentiles(latencies)
