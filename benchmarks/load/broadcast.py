"""Broadcast: one session sends, the server sends it to all; the next when the last one has it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter

from .target import LoadError, Target, percentiles
from .websocket import WebSocketSession, open_sessions
from .wire import frame


@dataclass(frozen=True, slots=True)
class Options:
    """The size of the scenario.

    Attributes:
        sessions: How many sessions receive; one of them sends.
        size: Bytes of a message.
        seconds: The length of a slice.
    """

    sessions: int = 200
    size: int = 64
    seconds: float = 0.5


class Load:
    """The load on one server."""

    def __init__(self, target: Target, options: Options) -> None:
        self._target = target
        self._options = options
        self._packet = b"4" + b"x" * options.size
        self._message = frame(self._packet)
        self._sessions: list[WebSocketSession] = []
        self._missing = 0

    async def open(self) -> None:
        """Open all sessions.

        Raises:
            LoadError: The server refused one.
        """
        self._sessions = await open_sessions(self._target, self._options.sessions, self._on_packet)

    async def measure(self) -> dict[str, float]:
        """CPU per delivery, deliveries per second, time until the last session has a message."""
        latencies = []
        self._target.meter.start()
        until = perf_counter() + self._options.seconds
        while (sent_at := perf_counter()) < until:
            self._missing = len(self._sessions)
            self._arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._sessions[0].send(self._message)
            await self._arrived
            latencies.append(perf_counter() - sent_at)
        usage = self._target.meter.stop()
        return usage.metrics(len(latencies) * len(self._sessions)) | percentiles(latencies)

    def _on_packet(self, _: WebSocketSession, received: bytes) -> None:
        if received != self._packet:
            raise LoadError(f"not what was sent: {received[:40]!r}")
        self._missing -= 1
        if not self._missing:
            self._arrived.set_result(None)
