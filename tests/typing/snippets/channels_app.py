"""What an application with consumers of Channels writes; every line must pass mypy --strict."""

from typing import Any, assert_type

import engineio
from channels_engineio import (
    EngineIOConsumer,
    EngineIOJsonConsumer,
    EngineIORouter,
    SyncEngineIOConsumer,
)
from channels_engineio.testing import EngineIOCommunicator


class Chat(EngineIOConsumer):
    groups = ["lobby"]  # noqa: RUF012  # as applications write it
    options = {"ping_interval": 20, "cors_allowed_origins": "*"}  # noqa: RUF012  # as above

    def __init__(self, room: str = "lobby") -> None:
        self.room = room

    async def connect(self) -> None:
        assert_type(self.scope, dict[str, Any])
        await self.accept(headers=[("X-Room", self.room)])
        await self.channel_layer.group_add(self.room, self.channel_name)

    async def receive(self, data: str | bytes) -> None:
        assert_type(await self.send(data), bool)
        await self.close()

    async def disconnect(self, reason: engineio.Reason) -> None:
        assert_type(self.disconnect_info, engineio.DisconnectInfo | None)

    async def chat_line(self, event: dict[str, Any]) -> None:
        await self.send(event["text"])


class Plain(SyncEngineIOConsumer):
    def connect(self) -> bool:
        return bool(self.sid)

    def receive(self, data: str) -> None:
        assert_type(self.send({"got": data}), bool)


class Json(EngineIOJsonConsumer):
    async def receive_json(self, content: Any) -> None:
        assert_type(await self.send_json(content), bool)


class Mistaken(EngineIOConsumer):
    options = {"ping_intervall": 20}  # type: ignore[typeddict-unknown-key]  # misspelt  # noqa: RUF012  # as above

    def receive(self, data: str) -> None:  # type: ignore[override]  # it must be a coroutine
        pass

    async def disconnect(self, code: int) -> None:  # type: ignore[override]  # it is a reason
        pass


class MistakenPlain(SyncEngineIOConsumer):
    async def connect(self, sid: str) -> bool:  # type: ignore[override]  # it has no argument
        return True


assert_type(Chat.get_server(), engineio.AsyncServer)
application = EngineIORouter({"engine.io/": Chat, "plain/": Plain.as_asgi()}, middleware=None)


async def tests() -> None:
    async with EngineIOCommunicator(application, "/engine.io/", transport="upgrade") as client:
        assert_type(client, EngineIOCommunicator)
        assert_type(await client.receive_from(), str | bytes)
