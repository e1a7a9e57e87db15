"""Echo over WebSocket: every session sends a message as soon as the one before has come back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter

from .target import LoadError, Target, percentiles
from .websocket import WebSocketSession, check_alive, open_sessions
from .wire import frame


@dataclass(frozen=True, slots=True)
class Options:
    """The size of the scenario.

    Attributes:
        sessions: How many sessions echo.
        idle: How many more are open and silent.
        size: Bytes of a message.
        warm_up: Seconds before the window.
        seconds: The window.
    """

    sessions: int = 100
    idle: int = 0
    size: int = 64
    warm_up: float = 1.0
    seconds: float = 3.0


async def run(target: Target, options: Options) -> dict[str, float]:
    """CPU per message, messages per second, time from send to echo.

    Raises:
        LoadError: An echo differs from what was sent, or a session ended.
    """
    packet = b"4" + b"x" * options.size
    message = frame(packet)
    latencies: list[float] = []

    def on_packet(session: WebSocketSession, received: bytes) -> None:
        now = perf_counter()
        if received != packet:
            raise LoadError(f"not what was sent: {received[:40]!r}")
        latencies.append(now - session.sent_at)
        session.sent_at = now
        session.send(message)

    idle = await open_sessions(target, options.idle)
    sessions = await open_sessions(target, options.sessions, on_packet)
    for session in sessions:
        session.sent_at = perf_counter()
        session.send(message)
    await asyncio.sleep(options.warm_up)
    latencies.clear()
    target.meter.start()
    await asyncio.sleep(options.seconds)
    usage = target.meter.stop()
    check_alive(idle + sessions)
    return usage.metrics(len(latencies)) | percentiles(latencies)
