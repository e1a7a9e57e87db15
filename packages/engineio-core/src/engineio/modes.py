"""The ``async_mode`` option: which server or framework carries a server, and how it is attached.

The core holds ``asgi``. Every other mode comes from a framework package through the entry-point
group ``engineio.modes``; no framework is imported to find out whether it is there.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, cast

from .errors import ConfigError
from .http.response import Response

__all__ = ["ASYNC_MODES", "AsyncMode", "resolve_async_mode"]

GROUP = "engineio.modes"

ASYNC_MODES: dict[str, str] = {
    "aiohttp": "aiohttp-engineio",
    "tornado": "tornado-engineio",
    "sanic": "sanic-engineio",
    "asgi": "engineio-core",
}
"""The modes of the asyncio server in the order of their choice, each with its distribution."""


class AsyncMode(Protocol):
    """What a mode of the asyncio server offers."""

    def attach(self, server: Any, app: Any, engineio_path: str) -> None:
        """Add the routes of ``server`` to the framework's application ``app``."""

    def refusal(self, error: Exception) -> Response | None:
        """Return the answer that an exception of the framework stands for.

        A ``connect`` handler may refuse a client with it, over polling and WebSocket alike. An
        exception that stands for no answer is a failure.
        """


class _ASGIMode:
    """The mode of `engineio.ASGIApp`, which wraps an application and is not attached to one."""

    def attach(self, server: Any, app: Any, engineio_path: str) -> None:
        raise ConfigError(
            "async_mode 'asgi' does not attach: wrap the application in engineio.ASGIApp(eio, app)"
        )

    def refusal(self, error: Exception) -> Response | None:
        return None


def resolve_async_mode(name: str | None) -> tuple[str, AsyncMode]:
    """Return the mode called ``name``, or the first that is installed.

    Raises:
        ConfigError: There is no such mode, or the package that holds it is not installed.
    """
    installed = {point.name: point for point in entry_points(group=GROUP)}
    if name is None:
        name = next(mode for mode in ASYNC_MODES if mode == "asgi" or mode in installed)
    elif name not in ASYNC_MODES:
        raise ConfigError(f"unknown async_mode {name!r}; there are {', '.join(ASYNC_MODES)}")
    if name == "asgi":
        return name, _ASGIMode()
    if name not in installed:
        raise ConfigError(f"async_mode {name!r} needs the package {ASYNC_MODES[name]}: install it")
    return name, _load(installed[name])


def _load(point: EntryPoint) -> AsyncMode:
    return cast(AsyncMode, point.load())
