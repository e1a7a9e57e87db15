"""A server in memory with a clock of its own, and what its handlers heard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import engineio
from engineio.protocol.session import Session
from engineio.testing import Client, FakeClock

__all__ = ["Served", "eventually"]


class Served:
    """An `AsyncServer`, its ASGI application and a `FakeClock`.

    Args:
        traced: Whether every message goes the long way, as a hook for packets makes it go.
        **options: The options of the server.

    Attributes:
        on: Registers a handler, as the server's own `on`.
        heard: What handlers wrote down; `note` is a handler of any event that does.
    """

    def __init__(self, traced: bool, **options: Any) -> None:
        self.clock = FakeClock(1_000.0)
        self.eio = engineio.AsyncServer(async_mode="asgi", clock=self.clock, **options)
        self.on = self.eio.on
        self.app = engineio.ASGIApp(self.eio, handle_signals=False)
        self.heard: list[Any] = []
        if traced:
            self.eio.on("packet", lambda sid, packet, direction: None)

    def keep_reasons(self) -> None:
        """Write down why each session ends."""

        @self.eio.on("disconnect")
        async def gone(sid: str, reason: engineio.Reason) -> None:
            self.heard.append(reason.value)

    def echo(self) -> None:
        """Send every message back."""

        @self.eio.on("message")
        async def message(sid: str, data: Any) -> None:
            await self.eio.send(sid, data)

    def client(self, transport: Any = "polling", **options: Any) -> Client:
        """Return a client that shares the clock."""
        return Client(self.app, transport=transport, clock=self.clock, **options)

    def session(self, sid: str) -> Session:
        """Return the engine's own session."""
        return self.eio.driver.engine.sessions[sid]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left of any session."""
        engine = self.eio.driver.engine
        tables = (engine.sessions, engine._tickets, engine._ports, engine._closing)
        return not any((*tables, self.eio._inboxes, engine.outputs))


async def eventually(happened: Callable[[], Any], seconds: float = 5.0) -> None:
    """Wait, in turns of the loop, until something has happened: other threads take part."""
    async with asyncio.timeout(seconds):
        while not happened():  # noqa: ASYNC110  # it may happen in a thread
            await asyncio.sleep(0.001)


async def soon(awaitable: Awaitable[Any], seconds: float = 5.0) -> Any:
    """Await something that must not take long."""
    async with asyncio.timeout(seconds):
        return await awaitable
