"""Threads beside the loop: calling plain functions in them, and telling them from its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

__all__ = ["call_in_thread", "has_loop"]


def call_in_thread(
    loop: asyncio.AbstractEventLoop, function: Callable[..., Any], *args: Any
) -> asyncio.Future[Any]:
    """Call ``function`` in a thread of the loop's pool, in a copy of the current context.

    Returns:
        What it returns or raises.
    """
    return loop.run_in_executor(None, copy_context().run, _call, function, args)


def has_loop() -> bool:
    """Whether an event loop runs in this thread, which therefore must not wait."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _call(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    try:
        return function(*args)
    except StopIteration as error:
        # No future may hold it, and on Python 3.11 the one of the loop would never be done.
        raise RuntimeError("a function in a thread raised StopIteration") from error
