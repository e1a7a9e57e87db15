"""A chat over Redis: ``uvicorn tests.channels.redis_app:app``; its processes hear of each other.

``REDIS_URL`` says where that is.
"""

from __future__ import annotations

import os
from typing import Any

import django
from django.conf import settings

from channels_engineio import EngineIOConsumer, EngineIORouter

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [os.environ["REDIS_URL"]]},
        }
    },
)
django.setup(set_prefix=False)


class Chat(EngineIOConsumer):
    """Tells everybody."""

    groups = ("lobby",)

    async def receive(self, data: str | bytes) -> None:
        line = {"type": "chat.line", "data": data, "process": os.getpid()}
        await self.channel_layer.group_send("lobby", line)

    async def chat_line(self, event: dict[str, Any]) -> None:
        await self.send({"text": event["data"], "from": event["process"], "to": os.getpid()})


app = EngineIORouter({"engine.io/": Chat}, middleware=None)
