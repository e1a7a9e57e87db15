"""`EngineIOJsonConsumer`: JSON in, JSON out."""

from __future__ import annotations

import json
from typing import Any

from .consumer import EngineIOConsumer

__all__ = ["EngineIOJsonConsumer"]


class EngineIOJsonConsumer(EngineIOConsumer):
    """A consumer whose messages are JSON text.

    Example::

        class Counter(EngineIOJsonConsumer):
            async def receive_json(self, content: Any) -> None:
                await self.send_json({"next": content["number"] + 1})
    """

    async def receive(self, data: Any) -> None:
        """Decode a message; a client that sends anything but JSON text is disconnected."""
        try:
            content = await self.decode_json(data)
        except ValueError:
            # Whatever it is, it is no client of this application.
            await self.close()
        else:
            await self.receive_json(content)

    async def receive_json(self, content: Any) -> None:
        """Take a message; to be overridden."""

    async def send_json(self, content: Any) -> bool:
        """Send a value as JSON text.

        Raises:
            TypeError: It has no JSON form.
            EngineIOError: As for `EngineIOConsumer.send`.
        """
        return await self.send(await self.encode_json(content))

    @classmethod
    async def decode_json(cls, text_data: Any) -> Any:
        """Return the value of a message.

        Raises:
            ValueError: It is no JSON text.
        """
        if not isinstance(text_data, str):
            raise ValueError("a binary message is no JSON text")
        return json.loads(text_data)

    @classmethod
    async def encode_json(cls, content: Any) -> str:
        """Return the text of a value; to be overridden where values need a special encoder."""
        return json.dumps(content)
