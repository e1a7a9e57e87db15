"""`get_tornado_handler`, which the package for Tornado carries out.

Nothing here imports Tornado: the mode that the package offers knows how it is done.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

from ..errors import ConfigError
from ..modes import AsyncMode, resolve_async_mode
from .integration import AsyncIntegration
from .server import AsyncServer

__all__ = ["get_tornado_handler"]

_MODE = "tornado"


class _TornadoMode(AsyncMode, Protocol):
    def handler(self, server: AsyncServer) -> Any:
        """Return the class that serves ``server``."""


def get_tornado_handler(eio: AsyncServer | AsyncIntegration[Any]) -> Any:
    """Return a request handler class of Tornado that serves a server.

    Args:
        eio: The server, made with ``async_mode="tornado"``; or a ``tornado_engineio.EngineIO``.

    Raises:
        ConfigError: The package tornado-engineio is not installed, or the server has another mode.

    Example::

        eio = engineio.AsyncServer(async_mode="tornado")
        app = tornado.web.Application([(r"/engine.io/", engineio.get_tornado_handler(eio))])
    """
    server = eio.server if isinstance(eio, AsyncIntegration) else eio
    _, mode = resolve_async_mode(_MODE)
    if server.async_mode != _MODE:
        raise ConfigError(f"the server has the mode {server.async_mode!r}, not {_MODE!r}")
    return cast(_TornadoMode, mode).handler(server)
