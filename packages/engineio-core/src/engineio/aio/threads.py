"""Calling plain functions in threads, with the context of whoever calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

__all__ = ["call_in_thread"]


def call_in_thread(
    loop: asyncio.AbstractEventLoop, function: Callable[..., Any], *args: Any
) -> asyncio.Future[Any]:
    """Call ``function`` in a thread of the loop's pool, in a copy of the current context.

    Returns:
        What it returns or raises.
    """
    return loop.run_in_executor(None, copy_context().run, _call, function, args)


def _call(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    try:
        return function(*args)
    except StopIteration as error:
        # No future may hold it, and on Python 3.11 the one of the loop would never be done.
        raise RuntimeError("a function in a thread raised StopIteration") from error
