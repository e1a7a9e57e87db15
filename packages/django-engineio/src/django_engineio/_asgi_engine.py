"""`ASGIEngine`: an `EngineIO` at work under ASGI, on the asyncio server.

No thread belongs to a session. Plain handlers run in the threads of the loop's pool, and Django has
a thread for each handshake while that lasts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import Context, copy_context
from functools import partial, wraps
from inspect import isawaitable, iscoroutine
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
from django.core.exceptions import SynchronousOnlyOperation
from django.core.handlers.exception import convert_exception_to_response

from engineio import AsyncServer, DisconnectInfo, Reason
from engineio.aio.threads import has_loop
from engineio.functions import is_async
from engineio.handlers import Handler
from engineio.http.response import Accepted, Header, Response

from . import signals
from ._connections import ReleasingAsync, release
from ._engine import AnyServer, Engine, announcement
from ._handshake import HANDSHAKE, REQUEST, Handshake, canonical, decide, outcome
from ._http import core_response, response_of

if TYPE_CHECKING:
    from .integration import EngineIO

__all__ = ["ASGIEngine"]

T = TypeVar("T")
Scope: TypeAlias = MutableMapping[str, Any]
Event: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Event]]
Send: TypeAlias = Callable[[Event], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_SCHEMES = {"ws": "http", "wss": "https"}


class ASGIEngine(Engine):
    """An `EngineIO` under ASGI.

    Args:
        eio: Whose handlers are called.
        django: Django's own ASGI application; None where all requests come from a view.
        is_isolated: Whether each event has a thread of its own for the ORM. Tests have one thread
            for everything, and in it the transaction that they see.
    """

    def __init__(
        self, eio: EngineIO, django: App | None = None, *, is_isolated: bool = True
    ) -> None:
        self._server = AsyncServer(async_mode="asgi", **eio.options)
        super().__init__(eio, self._server)
        self._django = django
        self._is_isolated = is_isolated
        # What events and tasks begin with. The context of whoever causes one may be a request's,
        # with a thread in it that asgiref has for that request alone. Tests have theirs.
        self._home = Context() if is_isolated else copy_context()
        self._server.on("connect", self._connect)
        self._server.on("message", self._message)
        self._server.on("disconnect", self._disconnect)

    @property
    def server(self) -> AsyncServer:
        return self._server

    def check(self, event: str, function: Callable[..., Any]) -> None:
        """Let every handler pass."""

    def call(self, use: Callable[[AnyServer], T | Coroutine[Any, Any, T]]) -> T:
        if has_loop():
            raise SynchronousOnlyOperation(
                "a coroutine must not wait here: await the method whose name begins with an 'a'"
            )
        loop = self._server.driver.loop
        if loop is None or loop.is_closed():
            # No client was here yet. If this thread belongs to a request, asgiref knows its loop.
            return async_to_sync(self.acall)(use)
        return asyncio.run_coroutine_threadsafe(self._use(use), loop).result()

    async def acall(self, use: Callable[[AnyServer], T | Coroutine[Any, Any, T]]) -> T:
        loop = self._server.driver.loop
        if loop is None or loop.is_closed() or loop is asyncio.get_running_loop():
            return await self._use(use)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._use(use), loop))

    async def _use(self, use: Callable[[AnyServer], T | Coroutine[Any, Any, T]]) -> T:
        result = use(self._server)
        return cast(T, await result if iscoroutine(result) else result)

    def at_once(self, use: Callable[[AnyServer], T | Coroutine[Any, Any, T]]) -> T:
        result = self._use(use)
        try:
            result.send(None)
        except StopIteration as stop:
            value: T = stop.value
            return value
        raise RuntimeError("what never waits has waited")

    def start(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        start = self._server.start_background_task
        return self._home.copy().run(start, self._releasing(target), *args, **kwargs)

    def _releasing(self, target: Callable[..., Any]) -> Callable[..., Any]:
        if is_async(target):

            @wraps(target)
            async def arun(*args: Any, **kwargs: Any) -> Any:
                async with self._context(), ReleasingAsync():
                    return await target(*args, **kwargs)

            return arun

        return wraps(target)(partial(_release_after, target))

    # -- what the server tells -------------------------------------------------------------

    async def _connect(self, sid: str, environ: dict[str, Any]) -> Accepted | Response:
        handshake = self.handshake(sid)
        decision = outcome(handshake, await self._answer(handshake, environ["asgi.scope"]))
        if isinstance(decision, Accepted) and signals.client_connected.receivers:
            await self._at_home(self._announce_connected(sid, handshake))
        self.handled("connect", sid)
        info = self.lost(handshake, decision)
        if info is not None:
            await self._disconnect(sid, info.reason, info)
        return decision

    async def _answer(self, handshake: Handshake, scope: Scope) -> Response:
        request = scope.get(REQUEST)
        if request is not None:
            # It is in the view already, and has been through the middleware.
            view = convert_exception_to_response(partial(decide, handshake))
            return core_response(await sync_to_async(view)(request))
        assert self._django is not None, "all others come from a view"
        answer = _Answer()
        path = canonical(scope["path"], self.eio.path)
        await self._django(_as_get(scope, path, handshake), _no_body(), answer.send)
        return answer.response()

    async def _announce_connected(self, sid: str, handshake: Handshake) -> None:
        async with self._context(), ReleasingAsync():
            await signals.client_connected.asend_robust(
                self.eio, sid=sid, request=handshake.request
            )

    async def _message(self, sid: str, data: Any) -> None:
        await self._at_home(self._handle("message", sid, data))

    async def _disconnect(self, sid: str, reason: Reason, info: DisconnectInfo) -> None:
        await self._at_home(self._handle("disconnect", sid, reason, info))

    async def _at_home(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in a context that knows no request, and wait for its end."""
        await self._server.driver.runner.run_in(self._home.copy(), coroutine)

    async def _handle(self, event: str, *args: Any) -> None:
        handler = self.eio.handlers.get(event)
        try:
            async with self._context(), ReleasingAsync():
                try:
                    if handler is not None:
                        await self._call(handler, args[: handler.arity])
                finally:
                    signal, values = announcement(event, args)
                    # Asking costs less than a coroutine that finds nobody.
                    if signal.receivers:
                        await signal.asend_robust(self.eio, **values)
        finally:
            self.handled(event, args[0])

    def _context(self) -> AbstractAsyncContextManager[object]:
        """Return what gives the ORM a thread, as each request of Django has one."""
        return ThreadSensitiveContext() if self._is_isolated else nullcontext()

    async def _call(self, handler: Handler, args: tuple[Any, ...]) -> None:
        if handler.is_async:
            await handler.function(*args)
            return
        if self._is_isolated:
            # In the loop's own pool, which is bounded: a thread for each event would not be.
            result = await sync_to_async(_release_after, thread_sensitive=False)(
                handler.function, *args
            )
        else:
            result = await sync_to_async(handler.function)(*args)
        # A decorator may have hidden that it is a coroutine function.
        if isawaitable(result):
            await result


def _release_after(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return function(*args, **kwargs)
    finally:
        release()


def _as_get(scope: Scope, path: str, handshake: Handshake) -> Scope:
    scheme = scope.get("scheme", "http")
    return {
        **scope,
        "type": "http",
        "method": "GET",
        "scheme": _SCHEMES.get(scheme, scheme),
        "path": path,
        HANDSHAKE: handshake,
    }


def _no_body() -> Receive:
    """Return the incoming half of a connection on which nothing more comes."""
    events: list[Event] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Event:
        if not events:
            await asyncio.get_running_loop().create_future()
        return events.pop()

    return receive


class _Answer:
    """What Django sends."""

    def __init__(self) -> None:
        self._events: list[Event] = []

    async def send(self, event: Event) -> None:
        """Take a part of it."""
        self._events.append(event)

    def response(self) -> Response:
        """Return the whole of it."""
        start, *parts = self._events
        headers: list[Header] = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]
        ]
        return response_of(start["status"], headers, (part.get("body", b"") for part in parts))
