"""Consumers: classes of which every Engine.IO session has one instance, whatever carries it.

What lives here: the names that applications use and override. How a session goes on is `Visit`'s,
and the protocol is the core's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from asgiref.sync import ThreadSensitiveContext, async_to_sync
from channels import DEFAULT_CHANNEL_LAYER
from channels.db import database_sync_to_async

from engineio import AsyncServer, DisconnectInfo, Reason
from engineio.aio.threads import has_loop
from engineio.options import ServerOptions
from engineio.types import SendData, TransportName

from ._connections import close_old_connections
from ._engine import engine_of
from .application import ConsumerApplication

if TYPE_CHECKING:
    from engineio.http.response import Header

    from ._visit import Visit

__all__ = ["BaseConsumer", "EngineIOConsumer", "SyncEngineIOConsumer"]

T = TypeVar("T")


class BaseConsumer:
    """What both kinds of consumer have in common.

    Attributes:
        groups: The groups of the channel layer that every session joins.
        channel_layer_alias: Which of ``CHANNEL_LAYERS`` it uses; None for none at all.
        options: The fields of `engineio.config.ServerConfig` for the server of this class. A
            subclass has a server of its own.
        scope: The scope of the request that opened the session: ``scope["user"]``,
            ``scope["session"]`` and ``scope["url_route"]`` are there as middleware and routes have
            left them, for as long as the session lasts.
        sid: The session id.
        channel_layer: The channel layer, or None.
        channel_name: The name under which the channel layer reaches this very session; empty
            without a channel layer.
        disconnect_info: Why the session has ended, in detail, once it has.
    """

    groups: Sequence[str] = ()
    channel_layer_alias: str | None = DEFAULT_CHANNEL_LAYER
    options: ClassVar[ServerOptions] = {}

    scope: dict[str, Any]
    sid: str
    channel_layer: Any = None
    channel_name: str = ""
    disconnect_info: DisconnectInfo | None = None
    _visit: Visit

    @classmethod
    def as_asgi(cls, **initkwargs: Any) -> ConsumerApplication:
        """Return the ASGI application that serves this class, for ``http`` and ``websocket`` alike.

        All applications of one class share its server, so the two halves of a session find each
        other wherever they are mounted.

        Args:
            **initkwargs: What the class is called with, once for each session.

        Raises:
            ConfigError: One of `options` is unknown or impossible.

        Example::

            routes = [path("engine.io/", ChatConsumer.as_asgi())]
            application = ProtocolTypeRouter(
                {
                    "http": URLRouter([*routes, re_path("", get_asgi_application())]),
                    "websocket": URLRouter(routes),
                }
            )
        """
        return ConsumerApplication(cls, initkwargs)

    @classmethod
    def get_server(cls) -> AsyncServer:
        """Return the Engine.IO server of this class, for its hooks and for `AsyncServer.broadcast`.

        Its ``connect``, ``message`` and ``disconnect`` handlers are taken.
        """
        return engine_of(cls).server

    def attach(self, visit: Visit) -> None:
        """Belong to a session from now on: called once, before ``connect``."""
        self._visit = visit
        self.sid = visit.sid

    @property
    def transport(self) -> TransportName:
        """The transport that carries the session now.

        Raises:
            UnknownSessionError: The session is not open.
        """
        return self._visit.server.transport(self.sid)

    async def dispatch(self, handler: Callable[..., Any], *args: Any) -> Any:
        """Call one of this consumer's own methods: all calls come through here."""
        raise NotImplementedError


class EngineIOConsumer(BaseConsumer):
    """A consumer of coroutines: one instance for each session, whatever transport carries it.

    Its methods are never called at the same time, unless the option ``async_handlers`` asks for it.
    A message of the channel layer goes to the method that its type names, ``chat.line`` to
    ``chat_line(event)``.

    Example::

        class ChatConsumer(EngineIOConsumer):
            groups = ["lobby"]

            async def connect(self) -> None:
                if self.scope["user"].is_anonymous:
                    raise DenyConnection("log in first")

            async def receive(self, data: str | bytes) -> None:
                await self.channel_layer.group_send("lobby", {"type": "chat.line", "text": data})

            async def chat_line(self, event: dict[str, Any]) -> None:
                await self.send(event["text"])
    """

    async def connect(self) -> object:
        """Decide about the client; to be overridden.

        It is accepted unless this raises ``DenyConnection``, calls `close`, or returns False or a
        value; a value, and the text of ``DenyConnection``, is the body that the client reads.
        """

    async def receive(self, data: Any) -> None:
        """Take a message: the same text or bytes that the client has sent; to be overridden."""

    async def disconnect(self, reason: Reason) -> None:
        """Hear of the end of a session that was accepted, once; to be overridden."""

    async def accept(self, headers: Iterable[Header] = ()) -> None:
        """Accept the client from within ``connect``, which is needed only for header fields.

        Args:
            headers: Fields for the answer that opens the session.
        """
        self._visit.accept(headers)

    def send(self, data: SendData) -> Coroutine[Any, Any, bool]:
        """Send a message to the client of this session.

        While the client's send queue is full this waits, with the policy ``wait``.

        Args:
            data: Text, bytes, or a dict or list, which is sent as JSON text.

        Returns:
            True, or False if a ``drop_`` policy dropped it.

        Raises:
            EngineIOError: As for `engineio.AsyncServer.send`.
        """
        return self._visit.server.send(self.sid, data)

    async def close(self) -> None:
        """End the session; what was sent before still goes out.

        In ``connect``, before `accept`, this refuses the client.
        """
        await self._visit.close()

    async def dispatch(self, handler: Callable[..., Any], *args: Any) -> Any:
        """Call one of this consumer's own methods: all calls come through here."""
        await close_old_connections()
        return await handler(*args)


class SyncEngineIOConsumer(BaseConsumer):
    """The same for plain methods, which run in a thread in which Django's ORM may be used.

    `send` and `close` may be called from any other thread too.

    Example::

        class HistoryConsumer(SyncEngineIOConsumer):
            def receive(self, data: str | bytes) -> None:
                Message.objects.create(author=self.scope["user"], text=data)
                self.send({"count": Message.objects.count()})
    """

    def connect(self) -> object:
        """Decide about the client, as `EngineIOConsumer.connect` does; to be overridden."""

    def receive(self, data: Any) -> None:
        """Take a message: the same text or bytes that the client has sent; to be overridden."""

    def disconnect(self, reason: Reason) -> None:
        """Hear of the end of a session that was accepted, once; to be overridden."""

    def accept(self, headers: Iterable[Header] = ()) -> None:
        """Accept the client from within ``connect``, as `EngineIOConsumer.accept` does."""
        self._visit.accept(headers)

    def send(self, data: SendData) -> bool:
        """Send a message to the client of this session, as `EngineIOConsumer.send` does."""
        return self._wait(self._visit.server.send, self.sid, data)

    def close(self) -> None:
        """End the session, or refuse the client, as `EngineIOConsumer.close` does."""
        self._wait(self._visit.close)

    async def dispatch(self, handler: Callable[..., Any], *args: Any) -> Any:
        """Call one of this consumer's own methods, in a thread."""
        # Of its own, as Django's requests have one: the thread that all others share would wait
        # with a ``send`` that waits for a slow client.
        async with ThreadSensitiveContext():
            return await database_sync_to_async(handler)(*args)

    def _wait(self, function: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
        """Call a coroutine function in the loop of the server, and wait for it."""
        loop = self._visit.server.driver.loop
        if loop is None or loop.is_closed() or has_loop():
            # It says what is wrong where a coroutine would wait for its own loop.
            return async_to_sync(function)(*args)
        # asgiref knows the loop only in threads that it has started itself.
        return asyncio.run_coroutine_threadsafe(function(*args), loop).result()
