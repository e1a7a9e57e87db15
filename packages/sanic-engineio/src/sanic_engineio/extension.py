"""`EngineIOExtension`: the same for sanic-ext, among the extensions of an application."""

from __future__ import annotations

from typing import Any

from sanic_ext.extensions.base import Extension

from ._settings import App
from .integration import EngineIO

__all__ = ["EngineIOExtension"]


class EngineIOExtension(Extension):  # type: ignore[no-untyped-call]  # sanic-ext has no types
    """Adds an `EngineIO` to an application that is extended.

    Args:
        eio: The server; one is made if None, and found as ``app.ctx.engineio``.

    Example::

        eio = EngineIO()
        app.extend(extensions=[EngineIOExtension(eio)])
    """

    name = "engineio"

    def __init__(self, eio: EngineIO | None = None) -> None:
        self.eio = EngineIO() if eio is None else eio

    def startup(self, bootstrap: Any) -> None:
        """Add the server to the application (for sanic-ext)."""
        app: App = self.app
        self.eio.init_app(app)

    def label(self) -> str:
        """Return what sanic-ext shows when it starts."""
        return " and ".join(self.eio.server.config.transports)
