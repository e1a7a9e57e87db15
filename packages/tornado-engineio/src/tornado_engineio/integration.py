"""`EngineIO`: an Engine.IO server as Tornado applications know their handlers."""

from __future__ import annotations

import re
from typing import Any, Self

from tornado.routing import URLSpec
from tornado.web import Application

from engineio.aio.integration import AsyncIntegration

from .handler import EngineIOHandler, bind

__all__ = ["EngineIO"]


class EngineIO(AsyncIntegration[EngineIOHandler]):
    """An Engine.IO server for Tornado applications.

    Args:
        server: A server made before with ``async_mode="tornado"``; one is made if None.
        **options: The fields of `engineio.config.ServerConfig`, for the server that is made.

    Raises:
        ConfigError: As for `engineio.AsyncServer`; or there are options beside a server.

    Example::

        eio = EngineIO(ping_interval=20)

        @eio.on_message
        async def received(sid: str, data: str) -> None:
            await eio.send(sid, data)

        async def main() -> None:
            app = tornado.web.Application(eio.routes())
            async with eio:
                app.listen(8888)
                await asyncio.Event().wait()
    """

    async_mode = "tornado"

    def routes(
        self,
        pattern: str = r"/engine\.io/",
        handler: type[EngineIOHandler] = EngineIOHandler,
        kwargs: dict[str, Any] | None = None,
        name: str | None = "engineio",
    ) -> list[URLSpec]:
        """Return the routes of an Engine.IO path, with and without the slash at its end.

        Args:
            pattern: Where clients connect, as a regular expression, as in any route table. Groups
                in it are the handler's ``path_args`` and ``path_kwargs``.
            handler: `EngineIOHandler`, or a class derived from it.
            kwargs: What the handler's own ``initialize`` is called with.
            name: The name for ``reverse_url``; None for none.

        Example::

            app = tornado.web.Application([(r"/", Home), *eio.routes(handler=Chat)])
        """
        bound = self.handler(handler)
        pattern = pattern.removesuffix("$").rstrip("/")
        with_slash = URLSpec(f"{pattern}/", bound, kwargs, name)
        return [with_slash, URLSpec(pattern, bound, kwargs)] if pattern else [with_slash]

    def handler(self, handler: type[EngineIOHandler] = EngineIOHandler) -> type[EngineIOHandler]:
        r"""Return a class like ``handler`` that serves this server, for a route table of your own.

        `routes` is what most applications want.

        Example::

            app = tornado.web.Application([(r"/engine\.io/?", eio.handler(Chat))])
        """
        return bind(self.server, handler)

    def attach(
        self,
        app: Application,
        path: str = "/engine.io/",
        handler: type[EngineIOHandler] = EngineIOHandler,
    ) -> None:
        """Add the routes to an application that exists, for requests to any host.

        Args:
            app: The application.
            path: Where clients connect; no pattern, but written out.
            handler: As for `routes`.
        """
        pattern = "/" + re.escape(path.strip("/"))
        app.add_handlers(".*", [*self.routes(pattern, handler, name=None)])

    async def __aenter__(self) -> Self:
        """Serve, also after an end before."""
        self.server.driver.restart()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """End all sessions, as `shutdown` does: Tornado itself tells nobody that it stops."""
        await self.shutdown()
