"""Long-polling through a view, where ``wsgi.py`` or ``asgi.py`` still has Django's own application.

It costs the whole middleware for each request, and a thread for each parked poll. No view can serve
a WebSocket, so none is offered.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from engineio.aio.exchange import Exchange
from engineio.errors import BodyTooLarge
from engineio.gateway.asgi_scope import request_of
from engineio.gateway.wsgi import WSGIGateway

from ._asgi_engine import ASGIEngine
from ._connections import release
from ._handshake import REQUEST, carrier
from ._wsgi_engine import WSGIEngine

if TYPE_CHECKING:
    from .integration import EngineIO

__all__ = ["Fallback"]

logger = logging.getLogger(__name__)


class Fallback:
    """Serves one server through its view.

    Args:
        eio: The server.
    """

    def __init__(self, eio: EngineIO) -> None:
        self._eio = eio
        self._lock = threading.Lock()
        self._was_asked = False

    def serve(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request that is no handshake on its way through Django."""
        carrier(request)[REQUEST] = request
        is_asgi = hasattr(request, "scope")
        with self._lock:
            if not self._was_asked:
                self._was_asked = True
                logger.warning(
                    "a view serves Engine.IO %r, without WebSocket: let %s take its application"
                    " from django_engineio",
                    self._eio.name,
                    "asgi.py" if is_asgi else "wsgi.py",
                )
            engine = self._asgi_engine() if is_asgi else self._wsgi_engine()
        # The middleware may have opened some, and this may be parked.
        release()
        if isinstance(engine, ASGIEngine):
            return async_to_sync(self._answer)(engine, request)
        return self._serve(engine, request)

    def _wsgi_engine(self) -> WSGIEngine:
        engine = self._eio.engine
        if not isinstance(engine, WSGIEngine):
            engine = self._eio.engine = WSGIEngine(self._eio)
        return engine

    def _asgi_engine(self) -> ASGIEngine:
        engine = self._eio.engine
        if not isinstance(engine, ASGIEngine):
            engine = self._eio.engine = ASGIEngine(self._eio)
        return engine

    def _serve(self, engine: WSGIEngine, request: HttpRequest) -> HttpResponseBase:
        heads: list[Any] = []
        gateway = WSGIGateway(engine.server, handle_signals=False, websockets=False)
        was_read = request._read_started  # noqa: SLF001  # nothing else tells
        if was_read and request.environ.get("CONTENT_LENGTH"):
            # A middleware wanted the body, and Django has kept it. Otherwise the input stays: the
            # gateway may find the connection in it, and Django reads no body without a length.
            request.environ["wsgi.input"] = request
        parts = gateway.serve(request.environ, lambda *head: heads.append(head))
        status, headers = heads[0][:2]
        # Streamed, so that the server itself asks for the end of it: then it is written.
        return StreamingHttpResponse(parts, status=int(status[:3]), headers=dict(headers))

    async def _answer(self, engine: ASGIEngine, request: HttpRequest) -> HttpResponseBase:
        head = replace(request_of(request.scope), websockets=False)
        exchange = engine.server.driver.http(head)
        response = await exchange.response(partial(_read, request), _never)
        if response is None:
            return HttpResponse(status=400)
        parts = _written(exchange, response.body)
        headers = {**dict(response.headers), "Content-Length": str(len(response.body))}
        return StreamingHttpResponse(parts, status=response.status, headers=headers)


async def _read(request: HttpRequest, limit: int) -> bytes:
    # Django has the whole of it already.
    body: bytes = request.read(limit + 1)
    if len(body) > limit:
        raise BodyTooLarge(f"a body over {limit} bytes")
    return body


async def _never() -> None:
    # Django ends the view when the client has gone.
    await asyncio.get_running_loop().create_future()


async def _written(exchange: Exchange, body: bytes) -> AsyncIterator[bytes]:
    try:
        yield body
    except BaseException:
        exchange.sent(accepted=False)
        raise
    exchange.sent(accepted=True)
