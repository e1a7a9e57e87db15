"""`EngineIO`: an Engine.IO server as aiohttp applications know their extensions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Unpack

from aiohttp import web

from engineio import AsyncServer
from engineio.aio.integration import AsyncIntegration
from engineio.options import ServerOptions

from ._gateway import Gateway

__all__ = ["APP_KEY", "EngineIO", "get_engineio", "setup"]


class EngineIO(AsyncIntegration[web.Request]):
    """An Engine.IO server for aiohttp applications.

    Args:
        server: A server made before with ``async_mode="aiohttp"``; one is made if None.
        **options: The fields of `engineio.config.ServerConfig`, for the server that is made.

    Raises:
        ConfigError: As for `engineio.AsyncServer`; or there are options beside a server.

    Example::

        eio = EngineIO(ping_interval=20)

        @eio.on_message
        async def received(sid: str, data: str) -> None:
            await eio.send(sid, data)

        app = web.Application()
        eio.attach(app)
        web.run_app(app)
    """

    async_mode = "aiohttp"

    def __init__(self, server: AsyncServer | None = None, **options: Unpack[ServerOptions]) -> None:
        super().__init__(server, **options)
        self._gateway = Gateway(self.server)

    def attach(
        self,
        app: web.Application,
        path: str = "/engine.io/",
        *,
        key: web.AppKey[EngineIO] | None = None,
    ) -> None:
        """Add the server to an application or sub-application, and take part in its life.

        Args:
            app: The application. It must not be running yet.
            path: Where clients connect, below where ``app`` itself is mounted.
            key: Where `get_engineio` finds this; `APP_KEY` if None. An application with several
                servers needs a key for each.

        Raises:
            RuntimeError: The application has a server under this key already.
        """
        key = APP_KEY if key is None else key
        if key in app:
            raise RuntimeError(f"the application has an Engine.IO server under {key!r} already")
        app[key] = self
        self._gateway.attach(app, path)

    def routes(self, path: str = "/engine.io/") -> list[web.RouteDef]:
        """Return the routes alone, for ``app.add_routes``.

        The application then needs the rest as well: ``app.on_shutdown.append(eio.on_shutdown)`` and
        ``app.cleanup_ctx.append(eio.cleanup_ctx)``. `attach` does all of it.
        """
        return self._gateway.routes(path)

    async def on_shutdown(self, app: web.Application) -> None:
        """End all sessions: an ``on_shutdown`` signal handler, for whoever uses `routes`."""
        await self._gateway.on_shutdown(app)

    def cleanup_ctx(self, app: web.Application) -> AsyncIterator[None]:
        """Serve while the application runs: a cleanup context, for whoever uses `routes`."""
        return self._gateway.cleanup_ctx(app)


APP_KEY: web.AppKey[EngineIO] = web.AppKey("engineio", EngineIO)
"""Where an application keeps its `EngineIO`."""


def setup(
    app: web.Application,
    path: str = "/engine.io/",
    *,
    key: web.AppKey[EngineIO] | None = None,
    **options: Unpack[ServerOptions],
) -> EngineIO:
    """Make an `EngineIO` and attach it to an application.

    Args:
        app: The application.
        path: As for `EngineIO.attach`.
        key: As for `EngineIO.attach`.
        **options: The fields of `engineio.config.ServerConfig`.

    Raises:
        ConfigError: An option is unknown or impossible.
        RuntimeError: The application has a server under this key already.

    Example::

        eio = aiohttp_engineio.setup(app, cors_allowed_origins=["https://example.test"])
    """
    eio = EngineIO(**options)
    eio.attach(app, path, key=key)
    return eio


def get_engineio(request: web.Request, key: web.AppKey[EngineIO] | None = None) -> EngineIO:
    """Return the `EngineIO` of the application that serves a request, or of one it is part of.

    Raises:
        KeyError: There is none under ``key``.
    """
    return request.config_dict[APP_KEY if key is None else key]
