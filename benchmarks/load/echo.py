"""Echo over WebSocket: every session sends a message as soon as the one before has come back."""

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
        sessions: How many sessions echo.
        idle: How many more are open and silent.
        size: Bytes of a message.
        seconds: The length of a slice.
    """

    sessions: int = 100
    idle: int = 0
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
        self._latencies: list[float] = []
        self._until = 0.0
        self._waiting = 0

    async def open(self) -> None:
        """Open all sessions.

        Raises:
            LoadError: The server refused one.
        """
        await open_sessions(self._target, self._options.idle)
        self._sessions = await open_sessions(self._target, self._options.sessions, self._on_packet)

    async def measure(self) -> dict[str, float]:
        """CPU per message, messages per second, time from send to echo, in one slice.

        The slice ends with the last echo, so that all work in it belongs to messages in it.
        """
        self._latencies = []
        self._waiting = len(self._sessions)
        self._finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._target.meter.start()
        self._until = perf_counter() + self._options.seconds
        for session in self._sessions:
            session.sent_at = perf_counter()
            session.send(self._message)
        await self._finished
        usage = self._target.meter.stop()
        return usage.metrics(len(self._latencies)) | percentiles(self._latencies)

    def _on_packet(self, session: WebSocketSession, received: bytes) -> None:
        now = perf_counter()
        if received != self._packet:
            raise LoadError(f"not what was sent: {received[:40]!r}")
        self._latencies.append(now - session.sent_at)
        if now < self._until:
            session.sent_at = now
            session.send(self._message)
            return
        self._waiting -= 1
        if not self._waiting:
            self._finished.set_result(None)
