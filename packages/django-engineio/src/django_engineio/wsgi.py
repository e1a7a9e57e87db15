"""For ``wsgi.py``: ``from django_engineio.wsgi import get_wsgi_application``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application as get_django

from engineio.gateway.wsgi import WSGIGateway

from ._connections import release
from ._routes import spellings
from ._wsgi_engine import Run, WSGIEngine
from .integration import EngineIO, servers

__all__ = ["WSGIApplication", "get_wsgi_application"]


class WSGIApplication:
    """Django's WSGI application, with its Engine.IO servers in front.

    Handshakes go through Django; what a session sends and receives later does not.

    Args:
        django: Django's own application.
        run: As for `WSGIEngine`.
        handle_signals: As for `engineio.Middleware`.
    """

    def __init__(
        self, django: Callable[..., Any], run: Run | None = None, *, handle_signals: bool = True
    ) -> None:
        self._django = django
        self._run = run
        self._handle_signals = handle_signals
        # Now and not with the first request: stop signals can be handled by the main thread alone.
        self._gateways = {eio: self._gateway(eio) for eio in servers()}
        self._routes: dict[str, WSGIGateway] | None = None
        self._lock = threading.Lock()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Serve one request, as WSGI says (PEP 3333)."""
        routes = self._find_routes() if self._routes is None else self._routes
        gateway = routes.get(environ.get("PATH_INFO", ""))
        if gateway is None:
            answer: Iterable[bytes] = self._django(environ, start_response)
            return answer
        # What this thread has left from requests before is not kept while a poll is parked, nor
        # what a handshake has opened while a WebSocket is open.
        release()
        answer = gateway.serve(environ, start_response)
        release()
        return answer

    def _find_routes(self) -> dict[str, WSGIGateway]:
        # The first requests may come together, and a server is one engine's.
        with self._lock:
            if self._routes is None:
                # The URLconf can be read now; when this was made, it may have been half imported.
                found = spellings()
                for eio in found.values():
                    if eio not in self._gateways:
                        self._gateways[eio] = self._gateway(eio)
                self._routes = {path: self._gateways[eio] for path, eio in found.items()}
            return self._routes

    def _gateway(self, eio: EngineIO) -> WSGIGateway:
        engine = eio.engine = WSGIEngine(eio, self._django, self._run)
        return WSGIGateway(engine.server, handle_signals=self._handle_signals)


def get_wsgi_application() -> WSGIApplication:
    """Return the WSGI application of the project, Engine.IO included, WebSocket too.

    It takes the place of `django.core.wsgi.get_wsgi_application`.
    """
    return WSGIApplication(get_django())
