"""Signals, as Sanic applications hear of what happens elsewhere.

Each is dispatched with ``engineio`` (the `EngineIO`) and ``sid``, in a task of its own.

Example::

    @app.signal(signals.CLIENT_DISCONNECTED)
    async def count(engineio: EngineIO, sid: str, info: DisconnectInfo) -> None:
        statistics[info.reason] += 1
"""

from __future__ import annotations

import asyncio
from typing import Any

from sanic_routing.exceptions import NotFound

from engineio import AsyncServer

from ._settings import App

__all__ = ["CLIENT_CONNECTED", "CLIENT_DISCONNECTED"]

CLIENT_CONNECTED = "engineio.client.connected"
"""A client was let in. For each of these there is one `CLIENT_DISCONNECTED`, later."""

CLIENT_DISCONNECTED = "engineio.client.disconnected"
"""A session ended; also with ``info``, an `engineio.DisconnectInfo`."""


class Dispatcher:
    """Dispatches the signals of one server."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def dispatch(self, app: App, server: AsyncServer, event: str, **context: Any) -> None:
        """Dispatch a signal if the application has a handler for it; what it raises is logged."""
        router = app.signal_router
        try:
            router.get(event)
        except NotFound:
            return
        task = server.start_background_task(router.dispatch, event, context=context, inline=True)
        assert isinstance(task, asyncio.Task), "hooks are called on the loop"
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self, seconds: float) -> None:
        """Wait for the handlers that are still at work, for ``seconds`` at the most."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
