"""Background tasks of the application: they never fail silently."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

__all__ = ["logged"]

logger = logging.getLogger(__name__)


def logged(function: Callable[..., Any], *args: Any) -> Any:
    """Call ``function`` and return what it returns; log what it raises and raise it no further."""
    try:
        return function(*args)
    except Exception:
        name = getattr(function, "__qualname__", type(function).__name__)
        logger.exception("the background task %r failed", name)
        return None
