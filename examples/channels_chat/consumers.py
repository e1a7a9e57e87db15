"""Who talks to whom: a consumer for each connection, a group for each room."""

from typing import Any

from channels.exceptions import DenyConnection

from channels_engineio import EngineIOJsonConsumer
from engineio import Reason

LONGEST_TEXT = 2_000


class ChatConsumer(EngineIOJsonConsumer):
    """Somebody in a room; ``rooms/<slug:room>/engine.io/`` says in which."""

    async def connect(self) -> None:
        """Let in who has logged in, and tell the others."""
        user = self.scope["user"]
        if user.is_anonymous:
            raise DenyConnection("log in first")
        self.name = user.get_username()
        self.room = f"room.{self.scope['url_route']['kwargs']['room']}"
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.tell(None, f"{self.name} is here")

    async def receive_json(self, content: Any) -> None:
        """Pass on what somebody says."""
        match content:
            case {"text": str(text)} if text.strip():
                await self.tell(self.name, text[:LONGEST_TEXT])

    async def disconnect(self, reason: Reason) -> None:
        """Tell the others."""
        await self.channel_layer.group_discard(self.room, self.channel_name)
        await self.tell(None, f"{self.name} has left: {reason}")

    async def tell(self, name: str | None, text: str) -> None:
        """Say something to everybody in the room, in whichever process they are."""
        line = {"type": "chat.line", "from": name, "text": text}
        await self.channel_layer.group_send(self.room, line)

    async def chat_line(self, event: dict[str, Any]) -> None:
        """Hear what is said in the room."""
        await self.send_json({"from": event["from"], "text": event["text"]})
