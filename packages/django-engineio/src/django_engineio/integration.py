"""`EngineIO`: an Engine.IO server as Django projects know their sites and stores.

What lives here: the handlers of a server, and its methods in Django's naming: ``send`` for plain
code, ``asend`` for coroutines. Which server of the core is beneath is decided by the entry point,
``wsgi.py`` or ``asgi.py``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import cached_property
from typing import Any, Unpack
from urllib.parse import unquote
from weakref import WeakValueDictionary

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.urls import URLPattern, get_script_prefix, path, reverse

from engineio import ConfigError, SendData, ServerOptions, UnknownSessionError
from engineio.handlers import HOOKS, HandlerTable
from engineio.integration import TypedHandlers
from engineio.registrar import Registrar
from engineio.types import TransportName

from . import conf
from ._engine import AnyServer, Engine
from .views import endpoint

__all__ = ["EngineIO", "eio", "servers"]

DEFAULT = "default"
_APP = "engineio"


class EngineIO(TypedHandlers[HttpRequest]):
    """An Engine.IO server of a Django project.

    Most projects have one, ``django_engineio.eio``. Handlers are plain functions, in which the ORM
    may be used, or coroutine functions. A ``connect`` handler receives the
    `django.http.HttpRequest`, which has been through the project's middleware, and refuses by
    raising `django.core.exceptions.PermissionDenied` or `django.http.Http404`, or by returning a
    response with a status over 399.

    Args:
        name: The name of the server, which no other one has.
        **options: The fields of `engineio.config.ServerConfig`, in lower case; they win over the
            setting ``ENGINEIO``.

    Raises:
        ImproperlyConfigured: There is a server of this name already.

    Attributes:
        name: The name.
        handlers: The handlers and hooks.
        engine: The server at work in this process, once an entry point has made it.

    Example::

        @eio.on_message
        def received(sid: str, data: str) -> None:
            Message.objects.create(text=data)
            eio.broadcast(data)
    """

    def __init__(self, name: str = DEFAULT, **options: Unpack[ServerOptions]) -> None:
        if name in _servers:
            raise ImproperlyConfigured(f"there is an Engine.IO server named {name!r} already")
        registrar = _Handlers(self)
        super().__init__(registrar)
        self.name = name
        self.handlers = registrar.table
        self.engine: Engine | None = None
        self._options = options
        _servers[name] = self

    def __repr__(self) -> str:
        return f"<EngineIO {self.name}>"

    # -- where it is -----------------------------------------------------------------------

    @cached_property
    def urls(self) -> tuple[list[URLPattern], str, str]:
        """The URLs, for ``path("rt/", other.urls)``, as those of an admin site are included.

        For the default server ``include("django_engineio.urls")`` does the same.
        """
        return [path("", endpoint(self), name="endpoint")], _APP, self.namespace

    @property
    def namespace(self) -> str:
        """The namespace of the URLs: ``reverse("engineio:endpoint")`` for the default server."""
        return _APP if self.name == DEFAULT else f"{_APP}-{self.name}"

    @property
    def path(self) -> str:
        """Where clients connect, below where the whole of Django is mounted.

        Raises:
            NoReverseMatch: The URLs are not in the URLconf.
        """
        found = reverse(f"{self.namespace}:endpoint")
        return "/" + unquote(found).removeprefix(get_script_prefix())

    @property
    def options(self) -> dict[str, Any]:
        """The options of the server, from the setting ``ENGINEIO`` and the arguments.

        Raises:
            ImproperlyConfigured: The setting has a mistake.
        """
        return {**conf.read().of(self.name), **self._options}

    @property
    def server(self) -> AnyServer:
        """The server of the core that is at work in this process."""
        return self._at_work.server

    # -- sessions --------------------------------------------------------------------------

    def send(self, sid: str, data: SendData) -> bool:
        """Send a message to one client, as `engineio.Server.send` does.

        Raises:
            SynchronousOnlyOperation: A coroutine called this under ASGI; it must await `asend`. So
                do all other methods that have a sibling with an ``a`` in front. Under WSGI they
                work there, and hold the coroutine up.
            RuntimeError: No server is at work in this process. So do all other methods.
        """
        return self._at_work.call(lambda server: server.send(sid, data))

    async def asend(self, sid: str, data: SendData) -> bool:
        """Send a message to one client, from a coroutine."""
        return await self._at_work.acall(lambda server: server.send(sid, data))

    def broadcast(self, data: SendData, sids: Iterable[str] | None = None) -> int:
        """Send a message to many clients, as `engineio.Server.broadcast` does."""
        return self._at_work.call(lambda server: server.broadcast(data, sids))

    async def abroadcast(self, data: SendData, sids: Iterable[str] | None = None) -> int:
        """Send a message to many clients, from a coroutine."""
        return await self._at_work.acall(lambda server: server.broadcast(data, sids))

    def disconnect(self, sid: str | None = None) -> None:
        """End a session, or all of them, as `engineio.Server.disconnect` does."""
        self._at_work.call(lambda server: server.disconnect(sid))

    async def adisconnect(self, sid: str | None = None) -> None:
        """End a session, or all of them, from a coroutine."""
        await self._at_work.acall(lambda server: server.disconnect(sid))

    def get_session(self, sid: str) -> dict[str, Any]:
        """Return what was saved for a client; an empty dict at first.

        This, `save_session` and `session` never wait, so coroutines may use them too.

        Raises:
            UnknownSessionError: There is no such session.
        """
        return self._at_work.at_once(lambda server: server.get_session(sid))

    async def aget_session(self, sid: str) -> dict[str, Any]:
        """Return what was saved for a client."""
        return self.get_session(sid)

    def save_session(self, sid: str, session: dict[str, Any]) -> None:
        """Save something for a client, for as long as it is connected.

        Raises:
            UnknownSessionError: There is no such session.
        """
        self._at_work.at_once(lambda server: server.save_session(sid, session))

    async def asave_session(self, sid: str, session: dict[str, Any]) -> None:
        """Save something for a client, for as long as it is connected."""
        self.save_session(sid, session)

    @contextmanager
    def session(self, sid: str) -> Iterator[dict[str, Any]]:
        """Return what was saved for a client, and save it again at the end of the block.

        Raises:
            UnknownSessionError: There is no such session.
        """
        saved = self.get_session(sid)
        yield saved
        # The client may have gone meanwhile.
        with suppress(UnknownSessionError):
            self.save_session(sid, saved)

    @asynccontextmanager
    async def asession(self, sid: str) -> AsyncIterator[dict[str, Any]]:
        """Return what was saved for a client, and save it again at the end of the block."""
        with self.session(sid) as saved:
            yield saved

    def transport(self, sid: str) -> TransportName:
        """Return the transport that carries a session now.

        Raises:
            UnknownSessionError: There is no such open session.
        """
        return self.server.transport(sid)

    @property
    def sids(self) -> list[str]:
        """The ids of all open sessions."""
        return self.server.sids

    # -- background ------------------------------------------------------------------------

    def start_background_task(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a function beside everything else, a plain one in a thread.

        Database connections that it has opened are closed at its end. It begins without the
        context variables of the caller, whose request may be over long before.

        Returns:
            The task, as `engineio.Server.start_background_task` and that of
            `engineio.AsyncServer` return it.
        """
        return self._at_work.start(target, *args, **kwargs)

    def sleep(self, seconds: float = 0) -> None:
        """Sleep for ``seconds``."""
        self._at_work.call(lambda server: server.sleep(seconds))

    async def asleep(self, seconds: float = 0) -> None:
        """Sleep for ``seconds``, in a coroutine."""
        await self._at_work.acall(lambda server: server.sleep(seconds))

    def shutdown(self) -> None:
        """End all sessions; on the stop signal this is done without being called."""
        self._at_work.call(lambda server: server.shutdown())

    async def ashutdown(self) -> None:
        """End all sessions, from a coroutine."""
        await self._at_work.acall(lambda server: server.shutdown())

    @property
    def _at_work(self) -> Engine:
        if self.engine is None:
            raise RuntimeError(
                f"no Engine.IO server {self.name!r} is at work in this process: clients are in the"
                " process whose wsgi.py or asgi.py takes its application from django_engineio"
            )
        return self.engine


class _Handlers(Registrar):
    """The handlers of one `EngineIO`; its server asks for them with each event."""

    def __init__(self, eio: EngineIO) -> None:
        super().__init__()
        self._eio = eio

    @property
    def table(self) -> HandlerTable:
        """What was registered."""
        return self._handlers

    def _check(self, event: str, function: Callable[..., Any]) -> None:
        engine = self._eio.engine
        if engine is None:
            return
        if event in HOOKS:
            raise ConfigError(f"the hook {event!r} comes too late: the server is at work already")
        engine.check(event, function)


_servers: WeakValueDictionary[str, EngineIO] = WeakValueDictionary()


def servers() -> list[EngineIO]:
    """Return all servers of this process, the default one first."""
    return list(_servers.values())


eio = EngineIO()
"""The server that most projects have."""
