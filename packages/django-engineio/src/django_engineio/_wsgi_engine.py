"""`WSGIEngine`: an `EngineIO` at work under WSGI, on the server for threads and greenlets."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial, wraps
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from asgiref.sync import async_to_sync, sync_to_async
from django.core.handlers.exception import convert_exception_to_response

from engineio import ConfigError, DisconnectInfo, Reason, Server
from engineio.functions import is_async
from engineio.handlers import EVENTS
from engineio.http.response import Accepted, Response
from engineio.modes import fitting_sync_mode

from . import conf, signals
from ._connections import release
from ._engine import AnyServer, Engine, announcement
from ._handshake import HANDSHAKE, REQUEST, Handshake, call, canonical, decide, outcome
from ._http import core_response, response_of

if TYPE_CHECKING:
    from .integration import EngineIO

__all__ = ["WSGIEngine"]

T = TypeVar("T")
Environ: TypeAlias = dict[str, Any]
App: TypeAlias = Callable[[Environ, Callable[..., Any]], Any]
Run: TypeAlias = Callable[[Callable[[], Any]], Any]


class WSGIEngine(Engine):
    """An `EngineIO` under WSGI.

    Args:
        eio: Whose handlers are called.
        django: Django's own WSGI application; None where all requests come from a view.
        run: Runs a handler, or Django for a handshake; tests choose the thread in which that is.
    """

    def __init__(self, eio: EngineIO, django: App | None = None, run: Run | None = None) -> None:
        # The server that tests run on has threads, whatever the project is deployed on.
        mode = "threading" if run else conf.read().async_mode or fitting_sync_mode()
        self._server = Server(async_mode=mode, **eio.options)
        super().__init__(eio, self._server)
        self._django = django
        self._run: Run = run or _here
        for event in EVENTS:
            handler = eio.handlers.get(event)
            if handler is not None:
                self.check(event, handler.function)
        self._server.on("connect", self._connect)
        self._server.on("message", self._message)
        self._server.on("disconnect", self._disconnect)

    def check(self, event: str, function: Callable[..., Any]) -> None:
        # asyncio takes all greenlets of a thread for one, which would see each other's loops.
        if self._server.async_mode != "threading" and is_async(function):
            raise ConfigError(
                f"the handler for {event!r} is a coroutine function, which cannot run under"
                f" {self._server.async_mode}: make it a plain one, or serve ASGI"
            )

    @property
    def server(self) -> Server:
        return self._server

    def call(self, use: Callable[[AnyServer], T | Coroutine[Any, Any, T]]) -> T:
        return cast(T, use(self._server))

    async def acall(self, use: Callable[[AnyServer], T | Coroutine[Any, Any, T]]) -> T:
        return await sync_to_async(self.call, thread_sensitive=False)(use)

    def at_once(self, use: Callable[[AnyServer], T | Coroutine[Any, Any, T]]) -> T:
        return self.call(use)

    def start(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self._server.start_background_task(_releasing(target), *args, **kwargs)

    # -- what the server tells -------------------------------------------------------------

    def _connect(self, sid: str, environ: Environ) -> Accepted | Response:
        handshake = self.handshake(sid)
        decision: Accepted | Response = self._run(partial(self._decision, handshake, environ))
        self.handled("connect", sid)
        info = self.lost(handshake, decision)
        if info is not None:
            self._disconnect(sid, info.reason, info)
        return decision

    def _decision(self, handshake: Handshake, environ: Environ) -> Accepted | Response:
        decision = outcome(handshake, self._answer(handshake, environ))
        if isinstance(decision, Accepted):
            signals.client_connected.send_robust(
                self.eio, sid=handshake.sid, request=handshake.request
            )
        return decision

    def _answer(self, handshake: Handshake, environ: Environ) -> Response:
        request = environ.get(REQUEST)
        if request is not None:
            # It is in the view already, and has been through the middleware.
            view = convert_exception_to_response(partial(decide, handshake))
            return core_response(view(request))
        assert self._django is not None, "all others come from a view"
        path = canonical(environ["PATH_INFO"], self.eio.path)
        heads: list[tuple[str, list[tuple[str, str]]]] = []
        response = self._django(
            _as_get(environ, path, handshake), lambda *head: heads.append((head[0], head[1]))
        )
        try:
            parts = [*response]
        finally:
            # Django ends the request then, and gives its database connections back.
            response.close()
        status, fields = heads[0]
        return response_of(int(status.split(" ")[0]), fields, parts)

    def _message(self, sid: str, data: Any) -> None:
        try:
            self._run(partial(self._handle, "message", sid, data))
        finally:
            self.handled("message", sid)

    def _disconnect(self, sid: str, reason: Reason, info: DisconnectInfo) -> None:
        try:
            self._run(partial(self._handle, "disconnect", sid, reason, info))
        finally:
            self.handled("disconnect", sid)

    def _handle(self, event: str, *args: Any) -> None:
        handler = self.eio.handlers.get(event)
        try:
            if handler is not None:
                call(handler, *args[: handler.arity])
        finally:
            signal, values = announcement(event, args)
            signal.send_robust(self.eio, **values)
            release()


def _as_get(environ: Environ, path: str, handshake: Handshake) -> Environ:
    return {
        **environ,
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "CONTENT_LENGTH": "",
        "wsgi.input": BytesIO(),
        HANDSHAKE: handshake,
    }


def _releasing(target: Callable[..., Any]) -> Callable[..., Any]:
    function = async_to_sync(target) if is_async(target) else target

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        finally:
            release()

    return run


def _here(job: Callable[[], Any]) -> Any:
    return job()
