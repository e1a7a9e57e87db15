"""The routes of a server: one for each spelling of its path, and one for both transports.

A request goes to the core's gateway, which decides everything about the protocol. Only when the
core asks about a new client does the same route call the ``connect`` handler, as FastAPI calls any
endpoint: so prefixes, dependencies of routers and overrides hold, whatever the route was included
in.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any, ClassVar, cast, get_args
from weakref import WeakValueDictionary

from fastapi import Depends, Response
from fastapi.requests import Request
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from engineio import ASGIApp, ConfigError

from ._handshake import HANDSHAKE, Handshake, Sid, ask, handshake_of

__all__ = ["ROUTE", "Endpoint", "Route"]

ROUTE = "engineio.route"
"""Where a scope carries the `Route` that serves it."""

_OURS = "engineio_handshake"
_HANDSHAKE = inspect.Parameter(
    _OURS,
    inspect.Parameter.KEYWORD_ONLY,
    annotation=Annotated[Handshake, Depends(handshake_of)],
)
_VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_UNKNOWN = (inspect.Parameter.empty, Any)


class Endpoint:
    """What FastAPI calls once it has solved the parameters of the ``connect`` handler.

    Args:
        gateway: Serves requests.

    Attributes:
        gateway: The same.
        function: What the routes have as their endpoint. FastAPI before 0.122 takes an object with
            an async ``__call__`` for a plain function, so it is none.
        route_class: The class of the routes.
        routes: The routes that there are, also those that were copied into applications.
    """

    def __init__(self, gateway: ASGIApp) -> None:
        async def engineio(**values: Any) -> Response | None:
            return await self._decide(values.pop(_OURS), values)

        self.gateway = gateway
        self.function = cast(Any, engineio)
        self.function.__signature__ = inspect.Signature([_HANDSHAKE])
        self.route_class: type[Route] = type("Route", (Route,), {"owner": self})
        self.routes: WeakValueDictionary[int, Route] = WeakValueDictionary()
        self._call: Callable[..., Awaitable[object]] = _accept

    def use(self, handler: Callable[..., Any], call: Callable[..., Awaitable[object]]) -> None:
        """Take a handler.

        Args:
            handler: The function whose parameters are solved.
            call: Calls it.

        Raises:
            ConfigError: It does not take the session id.
        """
        self.function.__signature__ = _signature(handler)
        self._call = call

    async def connect(self, sid: str, environ: dict[str, Any]) -> object:
        """Decide about a client: the ``connect`` handler of the core."""
        scope = environ["asgi.scope"]
        return await ask(scope[ROUTE].handle, scope, sid)

    async def _decide(self, handshake: Handshake, values: dict[str, Any]) -> Response | None:
        verdict = await self._call(**values)
        if isinstance(verdict, Response):
            return verdict
        handshake.is_decided, handshake.verdict = True, verdict
        # Not a response of its own: FastAPI then adds the header fields that dependencies have set.
        return None


class Route(APIRoute):
    """A route for every method and for WebSockets.

    Attributes:
        owner: What it leads to.
    """

    owner: ClassVar[Endpoint]

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self._options = options
        super().__init__(path, endpoint, **options)
        self.owner.routes[id(self)] = self
        self._check()

    def rebuild(self) -> None:
        """Take note of another handler: FastAPI reads its parameters when a route is made."""
        super().__init__(self.path, self.endpoint, **self._options)
        self._check()

    def _check(self) -> None:
        if self.body_field is not None:
            raise ConfigError(
                "a handshake has no body: the connect handler takes dependencies and values of"
                f" path, query, header fields and cookies, not {self.body_field.name!r}"
            )

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match by the path alone: which method or transport is refused is decided in the core."""
        if scope["type"] != "http" or scope["method"] != "GET":
            scope = {**scope, "type": "http", "method": "GET"}
        return super().matches(scope)

    # Not a coroutine function: a frame more in every connection would cost memory.
    def handle(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        """Pass a request on to the core, or with a `Handshake` let FastAPI call the handler."""
        if HANDSHAKE in scope:
            return super().handle(scope, receive, send)
        scope[ROUTE] = self
        return self.owner.gateway.serve(scope, receive, send)


async def _accept() -> None:
    """Let everybody in: there is no handler."""


def _signature(handler: Callable[..., Any]) -> inspect.Signature:
    """Return the parameters of a handler as FastAPI shall solve them.

    The first is the session id, unless one is annotated with `Sid`; a second without an annotation
    is the request, as in handlers of the core.
    """
    signature = inspect.signature(handler, eval_str=True)
    found = [p for p in signature.parameters.values() if p.kind not in _VARIABLE]
    if not any(_is_sid(parameter.annotation) for parameter in found):
        if not found or found[0].annotation not in (str, *_UNKNOWN):
            raise ConfigError("the connect handler takes the session id first, or as a Sid")
        found[0] = found[0].replace(annotation=Sid)
        if len(found) > 1 and found[1].annotation in _UNKNOWN:
            found[1] = found[1].replace(annotation=Request)
    keywords = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in found]
    return inspect.Signature([*keywords, _HANDSHAKE])


def _is_sid(annotation: Any) -> bool:
    return get_args(Sid)[1] in getattr(annotation, "__metadata__", ())
