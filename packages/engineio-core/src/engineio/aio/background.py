"""Background tasks: started from anywhere, held until they end, and never failing silently."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
from collections.abc import Callable
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from typing import Any, TypeAlias

from .threads import call_in_thread

__all__ = ["Background", "BackgroundTask"]

logger = logging.getLogger(__name__)

BackgroundTask: TypeAlias = asyncio.Task[Any] | concurrent.futures.Future[Any]
"""A task, or where it was started from another thread, a future that can be waited for there."""


class Background:
    """The background tasks of one server."""

    def __init__(self) -> None:
        # asyncio holds tasks weakly, so a task that nobody else knows could vanish half-way.
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(
        self, loop: asyncio.AbstractEventLoop | None, target: Callable[..., Any], *args: Any
    ) -> BackgroundTask:
        """Run a coroutine function as a task, or a plain function in a thread.

        Args:
            loop: The server's loop, for callers that are in a thread of their own.
            target: The function.
            *args: Its arguments.

        Raises:
            RuntimeError: No loop runs here, and the server has none yet.
        """
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            if loop is None:
                raise
            # asyncio itself logs the failure of a task, but not of such a future.
            return asyncio.run_coroutine_threadsafe(_logged(target, args), loop)
        return self.keep(here.create_task(_run(target, args)))

    def keep(self, task: asyncio.Task[Any]) -> asyncio.Task[Any]:
        """Hold a task until it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _run(target: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    # A partial or a bound method of a coroutine function counts as one.
    if iscoroutinefunction(target):
        return await target(*args)
    result = await call_in_thread(asyncio.get_running_loop(), target, *args)
    # A plain function may return the coroutine of another one.
    return await result if isawaitable(result) else result


async def _logged(target: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    try:
        return await _run(target, args)
    except Exception:
        logger.exception("the background task %r failed", _name(target))
        raise


def _name(target: Callable[..., Any]) -> str:
    while isinstance(target, partial):
        target = target.func
    return getattr(target, "__qualname__", type(target).__name__)
