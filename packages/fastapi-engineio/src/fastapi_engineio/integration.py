"""`EngineIO`: an Engine.IO server as FastAPI applications know their routers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Self, TypeVar, cast

from fastapi import APIRouter, params
from fastapi.concurrency import run_in_threadpool
from fastapi.requests import Request
from pydantic import BaseModel, ValidationError

from engineio import ASGIApp, AsyncServer, SendData
from engineio.aio.integration import AsyncIntegration
from engineio.functions import is_async
from engineio.logs import Throttle

from ._messages import dumped, log_invalid, parser_of, validating
from ._route import Endpoint, Route

__all__ = ["EngineIO"]

Handler = TypeVar("Handler", bound=Callable[..., object])
ErrorHandler = TypeVar("ErrorHandler", bound=Callable[[str, ValidationError], object])
ErrorHook = TypeVar("ErrorHook", bound=Callable[[str, ValidationError], None])


class EngineIO(AsyncIntegration[Request], APIRouter):
    """An Engine.IO server for FastAPI applications: a router that is included into them.

    Args:
        server: A server made before with ``async_mode="asgi"``; one is made if None. A ``connect``
            handler that it has already is taken over.
        path: Where clients connect, below the prefix; with and without the last slash.
        prefix: As for `fastapi.APIRouter`.
        dependencies: As for `fastapi.APIRouter`; they are solved once for each session, when it
            begins.
        handle_signals: As for `engineio.ASGIApp`.
        **options: The fields of `engineio.config.ServerConfig`, for the server that is made.

    Raises:
        ConfigError: As for `engineio.AsyncServer`; or there are options beside a server.

    Example::

        eio = EngineIO(ping_interval=20)

        @eio.on_connect
        async def connected(sid: Sid, user: CurrentUser, room: str = "lobby") -> None:
            await eio.save_session(sid, {"user": user.name, "room": room})

        app = FastAPI()
        app.include_router(eio, prefix="/realtime")
    """

    async_mode = "asgi"

    def __init__(
        self,
        server: AsyncServer | None = None,
        *,
        path: str = "/engine.io/",
        prefix: str = "",
        dependencies: Sequence[params.Depends] | None = None,
        handle_signals: bool = True,
        **options: Any,
    ) -> None:
        AsyncIntegration.__init__(self, server, **options)
        gateway = ASGIApp(self.server, handle_signals=handle_signals)

        @asynccontextmanager
        async def lifespan(app: object) -> AsyncIterator[None]:
            async with gateway.running():
                yield

        APIRouter.__init__(self, prefix=prefix, dependencies=dependencies, lifespan=lifespan)
        self.on = cast(Any, self._on)
        self._path = f"/{path.strip('/')}"
        self._endpoint = Endpoint(gateway)
        self._invalid: Callable[..., Awaitable[object]] | None = None
        self._hooks: list[Callable[[str, ValidationError], None]] = []
        self._log = Throttle()
        before = self.server.handler("connect")
        self.server.on("connect", self._endpoint.connect)
        if before is None:
            self._add_routes()
        else:
            self.on_connect(before)

    async def get(self) -> Self:  # type: ignore[override]  # a router's `get` has no use here, and Depends(eio.get) is how FastAPI applications ask for things
        """Return this: a dependency, which ``dependency_overrides`` can replace.

        Example::

            @app.post("/push/{sid}")
            async def push(sid: str, eio: Annotated[EngineIO, Depends(eio.get)]) -> None:
                await eio.send(sid, "hello")
        """
        return self

    # -- handlers --------------------------------------------------------------------------

    def on_connect(self, handler: Handler) -> Handler:
        """Register the function that decides about a client.

        It may have whatever a path operation without a body has: dependencies, values of path,
        query, header fields and cookies, the ``Request``, a ``Response`` whose header fields go out
        with the handshake. Its first parameter is the session id, unless one is annotated with
        `Sid`. All of it holds on both transports alike, and happens once for each session.

        Returning False or a value refuses the client with 401 and that value as JSON; an
        ``HTTPException``, or another exception that the application has a handler for, and a
        ``Response`` with a status over 399 refuse it with that answer.

        Raises:
            ConfigError: There is no parameter for the session id, or one that is a body.
            FastAPIError: A parameter is none that FastAPI knows.
        """
        self._endpoint.use(handler, self._called(handler))
        self._add_routes()
        return handler

    def on_message(self, handler: Handler) -> Handler:
        """Register ``handler(sid, data)``.

        Where ``data`` is annotated with a pydantic model, or any other type that pydantic can
        validate, text must be JSON that fits. Without an annotation, or with one of text and bytes,
        ``data`` is what the client has sent.

        Raises:
            ConfigError: It takes another number of arguments.
            PydanticSchemaGenerationError: The type is none that pydantic knows.
        """
        self.server.on("message", handler)
        parse = parser_of(handler, self.server.config.decode_json)
        if parse is not None:
            self.server.on("message", validating(self._called(handler), parse, self._told))
        return handler

    def on_validation_error(self, handler: ErrorHandler) -> ErrorHandler:
        """Register ``handler(sid, error)`` for messages that do not fit their type.

        ``error`` is the `pydantic.ValidationError`. Without such a handler it is logged, without
        what the client wrote. The session goes on in either case.
        """
        self._invalid = self._called(handler)
        return handler

    def on_invalid_message(self, hook: ErrorHook) -> ErrorHook:
        """Add a hook ``hook(sid, error)`` for the same, as metrics need it: it is always told.

        A hook is a plain function that is called at once; there may be several.
        """
        self._hooks.append(hook)
        return hook

    def _on(
        self, event: str, handler: Callable[..., object] | None = None
    ) -> Callable[..., object]:
        """Register by name, with what this class adds to ``connect`` and ``message``."""
        own = {"connect": self.on_connect, "message": self.on_message}

        def register(function: Callable[..., object]) -> Callable[..., object]:
            if event in own:
                return own[event](function)
            return cast(Callable[..., object], cast(Any, self.server).on(event, function))

        return register if handler is None else register(handler)

    # -- messages --------------------------------------------------------------------------

    def send(self, sid: str, data: SendData | BaseModel) -> Coroutine[Any, Any, bool]:
        """Send a message to one client, as `AsyncServer.send` does; a model goes as JSON text."""
        return self.server.send(sid, dumped(data))

    def broadcast(
        self, data: SendData | BaseModel, sids: Iterable[str] | None = None
    ) -> Coroutine[Any, Any, int]:
        """Send a message to many clients, as `AsyncServer.broadcast` does; a model as JSON text."""
        return self.server.broadcast(dumped(data), sids)

    async def _told(self, sid: str, error: ValidationError) -> None:
        for hook in self._hooks:
            hook(sid, error)
        if self._invalid is not None:
            await self._invalid(sid, error)
            return
        suppressed = self._log.admit("invalid", asyncio.get_running_loop().time())
        if suppressed is not None:
            log_invalid(error, suppressed)

    # -- how it is done --------------------------------------------------------------------

    def _called(self, handler: Callable[..., Any]) -> Callable[..., Awaitable[object]]:
        """Return the handler as a coroutine function: a plain one runs in FastAPI's threads."""
        if is_async(handler):
            return handler
        if self.server.config.sync_handlers == "thread":
            return partial(run_in_threadpool, handler)

        async def called(*args: Any, **values: Any) -> object:
            return handler(*args, **values)

        return called

    def _add_routes(self) -> None:
        """Let every route of this server know the handler, also those that were copied from it."""
        for route in list(self._endpoint.routes.values()):
            route.rebuild()
        self.routes[:] = [route for route in self.routes if not isinstance(route, Route)]
        # FastAPI redirects from one spelling to the other, but no WebSocket follows.
        for path in dict.fromkeys((f"{self._path.rstrip('/')}/", self._path)):
            self.add_api_route(
                path,
                self._endpoint.function,
                include_in_schema=False,
                route_class_override=self._endpoint.route_class,
            )
