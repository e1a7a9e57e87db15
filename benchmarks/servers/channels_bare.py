"""The floor on Channels: a consumer of its own that puts the same bytes on the wire.

Channels' consumers have no polling, so that is what is bare on ASGI.
"""

from __future__ import annotations

from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter

from . import asgi_bare
from .counts import with_counts
from .django_project import set_up

set_up()


class Echo(AsyncWebsocketConsumer):
    """Sends everything back."""

    async def connect(self) -> None:
        await self.accept()
        await self.send(asgi_bare.OPEN_WEBSOCKET)

    async def receive(self, text_data: Any = None, bytes_data: Any = None) -> None:
        await self.send(text_data, bytes_data)


echo = with_counts(ProtocolTypeRouter({"websocket": Echo.as_asgi(), "http": asgi_bare.echo}))
