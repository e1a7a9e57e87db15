"""For ``asgi.py``: ``from django_engineio.asgi import get_asgi_application``."""

from __future__ import annotations

from typing import Any

from django.core.asgi import get_asgi_application as get_django

from engineio import ASGIApp

from ._asgi_engine import App, ASGIEngine, Receive, Scope, Send
from ._routes import routes
from .integration import EngineIO, servers

__all__ = ["ASGIApplication", "get_asgi_application"]


class ASGIApplication:
    """Django's ASGI application, with its Engine.IO servers in front.

    Handshakes go through Django; what a session sends and receives later does not, and costs no
    thread.

    Args:
        django: Django's own application.
        is_isolated: As for `ASGIEngine`.
        handle_signals: As for `engineio.ASGIApp`.
    """

    def __init__(
        self, django: App, *, is_isolated: bool = True, handle_signals: bool = True
    ) -> None:
        self._django = django
        self._handle_signals = handle_signals
        self._is_isolated = is_isolated
        self._engines = {eio: self._engine(eio) for eio in servers()}
        self._app: App | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI says."""
        if self._app is None:
            # The URLconf can be read now; when this was made, it may have been half imported.
            self._app = self._chain()
        await self._app(scope, receive, send)

    def _chain(self) -> App:
        app: App = self._elsewhere
        for eio, path in routes().items():
            engine = self._engines.get(eio) or self._engine(eio)
            app = ASGIApp(engine.server, app, path, handle_signals=self._handle_signals)
        return app

    def _engine(self, eio: EngineIO) -> ASGIEngine:
        engine = eio.engine = ASGIEngine(eio, self._django, is_isolated=self._is_isolated)
        return engine

    async def _elsewhere(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what is not Engine.IO: Django knows requests alone, and no lifespan."""
        kind = scope["type"]
        if kind == "http":
            await self._django(scope, receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        elif kind == "lifespan":
            await _lifespan(receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    event: Any = {"type": ""}
    while event["type"] != "lifespan.shutdown":
        event = await receive()
        await send({"type": f"{event['type']}.complete"})


def get_asgi_application() -> ASGIApplication:
    """Return the ASGI application of the project, Engine.IO included.

    It takes the place of `django.core.asgi.get_asgi_application`.
    """
    return ASGIApplication(get_django())
