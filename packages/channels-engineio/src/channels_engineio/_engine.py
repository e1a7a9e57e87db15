"""`Engine`: the Engine.IO server of one consumer class, and the sessions that it has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from engineio import ASGIApp, AsyncServer, DisconnectInfo, Reason, UnknownSessionError
from engineio.gateway.asgi_scope import Scope
from engineio.http.response import Accepted, Response
from engineio.options import ServerOptions

from ._visit import Visit

if TYPE_CHECKING:
    from .consumer import BaseConsumer

__all__ = ["DOOR", "Door", "Engine", "engine_of"]

DOOR = "engineio.door"
"""Where a scope carries what decides about a new client."""

Door: TypeAlias = Callable[[str, Scope], Awaitable[Accepted | Response]]
"""Called with the session id and the scope of the request that would open the session."""

# A class has its own, so that a subclass with other options does not share it.
_OWN = "_engineio_engine"


def engine_of(consumer_class: type[BaseConsumer]) -> Engine:
    """Return the engine of a class, which is made when it is first asked for.

    Raises:
        ConfigError: One of the options of the class is unknown or impossible.
    """
    engine = vars(consumer_class).get(_OWN)
    if not isinstance(engine, Engine):
        engine = Engine(consumer_class.options)
        setattr(consumer_class, _OWN, engine)
    return engine


class Engine:
    """The server of one consumer class.

    Args:
        options: The fields of `engineio.config.ServerConfig`.

    Attributes:
        server: The server.
        gateway: Turns ASGI into calls of the server.

    Raises:
        ConfigError: An option is unknown or impossible.
    """

    def __init__(self, options: ServerOptions) -> None:
        self.server = AsyncServer("asgi", **options)
        self.gateway = ASGIApp(self.server)
        self._visits: dict[str, Visit] = {}
        self.server.on("connect", self._connecting)
        self.server.on("message", self._received)
        self.server.on("disconnect", self._disconnected)

    async def enter(self, sid: str, consumer: BaseConsumer) -> Accepted | Response:
        """Let a consumer decide about its client, and keep it if it accepts."""
        visit = Visit(self.server, consumer, sid)
        # It is found before it is accepted, because the first message may come with the accept.
        self._visits[sid] = visit
        accepted = False
        try:
            decision = await visit.connect()
            accepted = isinstance(decision, Accepted)
        finally:
            if not accepted:
                del self._visits[sid]
                await visit.leave()
        return decision

    async def _connecting(self, sid: str, environ: dict[str, Any]) -> Accepted | Response:
        scope = environ["asgi.scope"]
        door: Door = scope[DOOR]
        try:
            return await door(sid, scope)
        finally:
            visit = self._visits.get(sid)
            if visit is not None:
                # By then the server has heard the decision.
                asyncio.get_running_loop().call_soon(self._decided, visit)

    def _decided(self, visit: Visit) -> None:
        try:
            self.server.transport(visit.sid)
        except UnknownSessionError:
            self.server.start_background_task(self._give_up, visit)
        else:
            visit.begin()

    async def _give_up(self, visit: Visit) -> None:
        """Let a consumer go whose client has not come in although it was accepted.

        ``connect`` took too long for it, or something that came after ``connect`` has failed. The
        server knows nothing of such a client, so the consumer hears of the end from here.
        """
        try:
            await self.server.get_session(visit.sid)
        except UnknownSessionError:
            reason = Reason.TRANSPORT_CLOSE
            info = DisconnectInfo(reason, "the client was gone before it was accepted")
            if self._visits.get(visit.sid) is visit:
                await self._disconnected(visit.sid, reason, info)

    async def _received(self, sid: str, data: Any) -> None:
        await self._visits[sid].receive(data)

    async def _disconnected(self, sid: str, reason: Reason, info: DisconnectInfo) -> None:
        visit = self._visits.pop(sid)
        # In the context that the session began in, not in that of whoever has ended it: this may be
        # a thread's, which runs no other code of Django's than that of its own call.
        await self.server.driver.runner.run_in(visit.context, visit.end(info))
