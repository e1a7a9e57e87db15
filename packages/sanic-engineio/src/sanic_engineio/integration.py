"""`EngineIO`: an Engine.IO server as Sanic applications know their extensions."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from sanic import Blueprint, Request

from engineio import AsyncServer, ConfigError, DisconnectInfo
from engineio.aio.integration import AsyncIntegration

from ._gateway import Gateway
from ._sanic_ext import inject
from ._settings import App, settings_of
from .signals import CLIENT_CONNECTED, CLIENT_DISCONNECTED, Dispatcher

__all__ = ["EngineIO", "get_engineio"]

_PATH = "/engine.io/"


class EngineIO(AsyncIntegration[Request]):
    """An Engine.IO server for Sanic applications.

    Args:
        app: The application, if there is one already; otherwise call `init_app`, or register
            `blueprint`.
        server: A server made before with ``async_mode="sanic"``; one is made if None.
        path: Where clients connect; ``ENGINEIO_PATH`` of the application, or ``/engine.io/``, if
            None.
        name: Where the application keeps this, ``app.ctx.engineio``; the name of the blueprint; and
            with an underscore and in capitals the prefix of its configuration. A second server of
            an application needs another one.
        **options: The fields of `engineio.config.ServerConfig`. They come before what the
            configuration of the application says.

    Raises:
        ConfigError: As for `engineio.AsyncServer`; or there are options beside a server.

    Example::

        app = Sanic("Chat")
        app.config.ENGINEIO_PING_INTERVAL = 20
        eio = EngineIO(app)

        @eio.on_message
        async def received(sid: str, data: str) -> None:
            await eio.send(sid, data)

        if __name__ == "__main__":
            app.run(single_process=True)
    """

    async_mode = "sanic"

    def __init__(
        self,
        app: App | None = None,
        server: AsyncServer | None = None,
        *,
        path: str | None = None,
        name: str = "engineio",
        **options: Any,
    ) -> None:
        super().__init__(server, **options)
        self.name = name
        self._path = path
        self._options = None if server is not None else options
        self._adopted = False
        self._app: App | None = None
        self._dispatcher = Dispatcher()
        self.server.on("open", self._opened)
        self.server.on("close", self._closed)
        if app is not None:
            self.init_app(app)

    def init_app(self, app: App) -> None:
        """Add the server to an application, as ``app.blueprint(eio.blueprint)`` does, at once.

        Raises:
            ConfigError: The configuration of the application holds an option that is unknown or
                impossible.
            RuntimeError: The application has a server of this name already.
        """
        if self._path is None:
            self._path = settings_of(app, self._prefix).get("path")
        self._adopt(app)
        app.blueprint(self.blueprint)

    @cached_property
    def blueprint(self) -> Blueprint:
        """The blueprint, for an application or a group of blueprints.

        What they say about ``url_prefix``, ``version`` and ``version_prefix`` holds; the
        configuration of the application is read when it starts.

        Example::

            app.blueprint(eio.blueprint, url_prefix="/realtime")
        """
        path = self._path = self._path or _PATH
        blueprint = Gateway(self.server, path, self.name, self._start).blueprint

        async def finish(app: App) -> None:
            await self._dispatcher.finish(self.server.config.shutdown_timeout)

        # After the end of the last session.
        blueprint.listener(finish, "before_server_stop", priority=2)
        return blueprint

    @property
    def _prefix(self) -> str:
        return f"{self.name.upper()}_"

    def _adopt(self, app: App) -> None:
        """Belong to an application: be found there, and take its configuration."""
        if getattr(app.ctx, self.name, self) is not self:
            raise RuntimeError(f"the application has app.ctx.{self.name} already; choose a name")
        setattr(app.ctx, self.name, self)
        if not self._adopted and self._options is not None:
            settings = settings_of(app, self._prefix)
            path = settings.pop("path", None)
            if path is not None and self._path != path and self._path == _PATH:
                raise ConfigError(f"{self._prefix}PATH is for init_app: give EngineIO the path")
            self.server.configure(**(settings | self._options))
        self._adopted = True

    def _start(self, app: App) -> None:
        self._adopt(app)
        inject(app, self)
        self._app = app

    def _opened(self, sid: str) -> None:
        self._dispatch(CLIENT_CONNECTED, sid=sid)

    def _closed(self, sid: str, info: DisconnectInfo) -> None:
        self._dispatch(CLIENT_DISCONNECTED, sid=sid, info=info)

    def _dispatch(self, event: str, **context: Any) -> None:
        if self._app is not None:
            self._dispatcher.dispatch(self._app, self.server, event, engineio=self, **context)


def get_engineio(request: Request, name: str = "engineio") -> EngineIO:
    """Return the `EngineIO` of the application that serves a request.

    Raises:
        AttributeError: There is none of that name.
    """
    found: EngineIO = getattr(request.app.ctx, name)
    return found
