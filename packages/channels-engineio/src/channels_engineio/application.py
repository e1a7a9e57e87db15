"""`ConsumerApplication`: what `as_asgi` returns, an ASGI application for both transports."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engineio.gateway.asgi_scope import Receive, Scope, Send
from engineio.http.response import Accepted, Response

from ._engine import DOOR, Door, engine_of
from ._sessions import save_session

if TYPE_CHECKING:
    from .consumer import BaseConsumer

__all__ = ["ConsumerApplication"]


class ConsumerApplication:
    """Serves one consumer class, under ``http`` and ``websocket``.

    Args:
        consumer_class: The class.
        consumer_initkwargs: What it is called with, once for each session.

    Attributes:
        consumer_class: As above.
        consumer_initkwargs: As above.
    """

    def __init__(
        self, consumer_class: type[BaseConsumer], consumer_initkwargs: Mapping[str, Any]
    ) -> None:
        self.consumer_class = consumer_class
        self.consumer_initkwargs = dict(consumer_initkwargs)
        self._engine = engine_of(consumer_class)
        self.gateway = self._engine.gateway
        functools.update_wrapper(self, consumer_class, updated=())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI says; middleware has seen it already."""
        await self.serve(scope, receive, send, self._enter)

    async def serve(self, scope: Scope, receive: Receive, send: Send, door: Door) -> None:
        """Serve one connection; if it is a new client's, ``door`` decides about it."""
        await self.gateway.serve({**scope, DOOR: door}, receive, send)

    async def enter(self, sid: str, scope: Scope) -> Accepted | Response:
        """Give a new client its consumer, and return what that decides."""
        consumer = self.consumer_class(**self.consumer_initkwargs)
        consumer.scope = {name: value for name, value in scope.items() if name != DOOR}
        return await self._engine.enter(sid, consumer)

    async def _enter(self, sid: str, scope: Scope) -> Accepted | Response:
        decision = await self.enter(sid, scope)
        if scope["type"] == "websocket":
            # The middleware of Channels saves a session with an HTTP answer, and only then.
            await save_session(scope)
        return decision
