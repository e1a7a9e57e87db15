"""`EngineIORouter`: consumers under their paths, and the rest of the project beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from typing import Any, TypeAlias

from django.core.exceptions import ImproperlyConfigured
from django.urls import Resolver404, URLPattern, path

from engineio.gateway.asgi_scope import App, Receive, Scope, Send
from engineio.gateway.asgi_websocket import deny
from engineio.http.response import Response

from ._handshake import Guard, Middleware
from .application import ConsumerApplication
from .consumer import BaseConsumer

__all__ = ["EngineIORouter", "Routes", "auth_middleware"]

Routes: TypeAlias = Mapping[str, type[BaseConsumer] | ConsumerApplication] | Iterable[URLPattern]
"""Paths as Django writes them, with consumers; or what ``path()`` and ``re_path()`` return."""


def auth_middleware(inner: App) -> App:
    """Put ``user``, ``session`` and ``cookies`` into the scope: ``AuthMiddlewareStack``."""
    # It imports models, which needs a project that is set up.
    from channels.auth import AuthMiddlewareStack  # noqa: PLC0415  # see above

    app: App = AuthMiddlewareStack(inner)
    return app


class EngineIORouter:
    """An ASGI application that serves consumers over HTTP and WebSocket, and the rest elsewhere.

    Middleware sees one request for each session, the first, as a GET over HTTP on both transports.
    Its host must be one of ``ALLOWED_HOSTS``; which origins may connect is said by the option
    ``cors_allowed_origins`` of each consumer class.

    Args:
        routes: Which consumers are where; a mapping's paths are served with and without their last
            slash.
        http: Gets every other HTTP request; without it they are answered 404.
        websocket: Gets every other WebSocket; without it they are refused.
        middleware: What is around all consumers; None for nothing.

    Raises:
        ConfigError: A consumer class has an unknown or impossible option.
        ImproperlyConfigured: A route leads to something else than a consumer, or the middleware
            checks origins, which is done here.

    Example::

        application = EngineIORouter({"engine.io/": ChatConsumer}, get_asgi_application())
    """

    def __init__(
        self,
        routes: Routes,
        http: App | None = None,
        websocket: App | None = None,
        *,
        middleware: Middleware | None = auth_middleware,
    ) -> None:
        self._routes = _patterns(routes)
        self._others = {"http": http or _not_found, "websocket": websocket or _refuse}
        self._guards: dict[ConsumerApplication, Guard] = {}
        for route in self._routes:
            application = route.callback
            if not isinstance(application, ConsumerApplication):
                raise ImproperlyConfigured(
                    f"the route {route} of an EngineIORouter must lead to a consumer's as_asgi(); "
                    "middleware is given to the router"
                )
            self._guards[application] = Guard(application, middleware)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI says."""
        kind = scope["type"]
        if kind == "lifespan":
            await self._live(receive, send)
            return
        if kind not in self._others:
            raise ValueError(f"an EngineIORouter cannot serve the scope type {kind!r}")
        match = self._match(scope)
        if match is None:
            await self._others[kind](scope, receive, send)
            return
        application: ConsumerApplication = match.func
        scope = {**scope, "url_route": {"args": match.args, "kwargs": match.kwargs}}
        await application.serve(scope, receive, send, self._guards[application].enter)

    def _match(self, scope: Scope) -> Any:
        """Return the ``ResolverMatch`` of the route that a request is for, or None."""
        whole, root = scope["path"], scope.get("root_path", "").rstrip("/")
        # Whether the path contains what is mounted differs between servers.
        for candidate in dict.fromkeys((whole.removeprefix(root), whole)):
            for route in self._routes:
                try:
                    match = route.resolve(candidate.removeprefix("/"))
                except Resolver404:
                    continue
                if match is not None:
                    return match
        return None

    async def _live(self, receive: Receive, send: Send) -> None:
        """Take part in the lifespan: sessions end with it."""
        gateways = dict.fromkeys(application.gateway for application in self._guards)
        async with AsyncExitStack() as stack:
            await receive()
            for gateway in gateways:
                await stack.enter_async_context(gateway.running())
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def _patterns(routes: Routes) -> list[URLPattern]:
    if not isinstance(routes, Mapping):
        return list(routes)
    found = []
    for text, consumer in routes.items():
        app = consumer if isinstance(consumer, ConsumerApplication) else consumer.as_asgi()
        bare = text.strip("/")
        found += [path(f"{bare}/" if bare else "", app)]
        found += [path(bare, app)] if bare else []
    return found


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"9")]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": b"Not Found"})


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await deny(scope, send, Response(404))
