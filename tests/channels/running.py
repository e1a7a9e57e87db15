"""Consumers that write down what happens to them, and what is at rest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from channels_engineio import EngineIOConsumer
from engineio import Reason

__all__ = ["Recorder", "eventually"]


class Recorder(EngineIOConsumer):
    """Writes everything down; a test makes a subclass, so that it has a server of its own."""

    instances: list[Any]

    def __init_subclass__(cls) -> None:
        cls.instances = []

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.ended: list[Reason] = []
        self.instances.append(self)

    async def receive(self, data: Any) -> None:
        self.heard.append(data)

    async def disconnect(self, reason: Reason) -> None:
        self.ended.append(reason)


async def eventually(happened: Callable[[], Any], seconds: float = 5.0) -> None:
    """Wait until something has happened that nothing tells of."""
    async with asyncio.timeout(seconds):
        while not happened():  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.005)
