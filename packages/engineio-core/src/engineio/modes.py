"""The ``async_mode`` option: which server or framework carries a server, and how it is attached.

The core holds ``asgi``. Every other mode comes from a framework package through the entry-point
group ``engineio.modes``; no framework is imported to find out whether it is there.
"""

from __future__ import annotations

import importlib.util
import sys
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, cast

from .errors import ConfigError
from .http.request import Request
from .http.response import Response

__all__ = [
    "ASYNC_MODES",
    "SYNC_MODES",
    "AsyncMode",
    "fitting_sync_mode",
    "resolve_async_mode",
    "resolve_sync_mode",
]

GROUP = "engineio.modes"

ASYNC_MODES: dict[str, str] = {
    "aiohttp": "aiohttp-engineio",
    "tornado": "tornado-engineio",
    "sanic": "sanic-engineio",
    "asgi": "engineio-core",
}
"""The modes of the asyncio server in the order of their choice, each with its distribution."""

SYNC_MODES: dict[str, tuple[str, ...]] = {
    "eventlet": ("eventlet",),
    "gevent_uwsgi": ("gevent", "uwsgi"),
    "gevent": ("gevent",),
    "threading": (),
}
"""The modes of the other server in the order of their choice, each with the modules it needs."""


class AsyncMode(Protocol):
    """What a mode of the asyncio server offers."""

    def attach(self, server: Any, app: Any, engineio_path: str) -> None:
        """Add the routes of ``server`` to the framework's application ``app``."""

    def refusal(self, error: Exception, request: Request) -> Response | None:
        """Return the answer that an exception of the framework stands for.

        A ``connect`` handler may refuse a client with it, over polling and WebSocket alike. An
        exception that stands for no answer is a failure.

        Args:
            error: What the handler raised.
            request: The request of the client, for frameworks that let applications decide how an
                error looks.
        """


class _ASGIMode:
    """The mode of `engineio.ASGIApp`, which wraps an application and is not attached to one."""

    def attach(self, server: Any, app: Any, engineio_path: str) -> None:
        raise ConfigError(
            "async_mode 'asgi' does not attach: wrap the application in engineio.ASGIApp(eio, app)"
        )

    def refusal(self, error: Exception, request: Request) -> Response | None:
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


def resolve_sync_mode(name: str | None) -> str:
    """Return ``name``, or the name of the first mode that is usable here.

    Raises:
        ConfigError: There is no such mode, or a module that it needs is not there.
    """
    if name is None:
        return next(mode for mode, modules in SYNC_MODES.items() if not _missing(modules))
    if name not in SYNC_MODES:
        raise ConfigError(f"unknown async_mode {name!r}; there are {', '.join(SYNC_MODES)}")
    missing = _missing(SYNC_MODES[name])
    if "uwsgi" in missing:
        raise ConfigError(f"async_mode {name!r} works inside the uWSGI server alone")
    if missing:
        raise ConfigError(f"async_mode {name!r} needs {missing[0]}: install it")
    return name


def fitting_sync_mode() -> str:
    """Return the mode that fits this process as it is, whatever else is installed.

    For framework packages, whose applications do not know the server they will run on: a server of
    greenlets has patched the standard library by the time it imports an application.
    """
    uwsgi = sys.modules.get("uwsgi")
    if uwsgi is not None and "gevent" in getattr(uwsgi, "opt", ()):
        return "gevent_uwsgi"
    gevent = sys.modules.get("gevent.monkey")
    if gevent is not None and gevent.is_module_patched("socket"):
        return "gevent"
    eventlet = sys.modules.get("eventlet.patcher")
    if eventlet is not None and eventlet.is_monkey_patched("socket"):
        return "eventlet"
    return "threading"


def _missing(modules: tuple[str, ...]) -> list[str]:
    # The module uwsgi is there inside the server alone, and has no file that could be found.
    return [name for name in modules if name not in sys.modules and not _is_installed(name)]


def _is_installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _load(point: EntryPoint) -> AsyncMode:
    return cast(AsyncMode, point.load())
