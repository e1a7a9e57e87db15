"""channels-engineio under an ASGI server, with all its defaults and no channel layer."""

from __future__ import annotations

from channels_engineio import EngineIOConsumer, EngineIORouter

from .counts import Application, with_counts
from .django_project import set_up

set_up()


class Echo(EngineIOConsumer):
    """Sends everything back."""

    async def receive(self, data: str | bytes) -> None:
        await self.send(data)


class Broadcast(EngineIOConsumer):
    """Sends everything to everybody of this process."""

    async def receive(self, data: str | bytes) -> None:
        await self.get_server().broadcast(data)


def _served(consumer: type[EngineIOConsumer]) -> Application:
    return with_counts(EngineIORouter({"engine.io/": consumer}, middleware=None))


echo = _served(Echo)
broadcast = _served(Broadcast)
