"""`Channel`: what one session has of the channel layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from channels.exceptions import InvalidChannelLayerError
from channels.layers import get_channel_layer

__all__ = ["Channel"]


class Channel:
    """A name in the channel layer, and the groups that it is in.

    Args:
        layer: The channel layer.
        name: The name.

    Attributes:
        layer: As above.
        name: As above.
    """

    __slots__ = ("_groups", "layer", "name")

    def __init__(self, layer: Any, name: str) -> None:
        self.layer = layer
        self.name = name
        self._groups: list[str] = []

    @classmethod
    async def open(cls, alias: str | None) -> Channel | None:
        """Return a new channel of a layer, or None if there is no such layer."""
        layer = None if alias is None else get_channel_layer(alias)
        return None if layer is None else cls(layer, await layer.new_channel())

    async def join(self, groups: Sequence[str]) -> None:
        """Join groups.

        Raises:
            InvalidChannelLayerError: The layer has none.
        """
        if groups and not hasattr(self.layer, "group_add"):
            raise InvalidChannelLayerError("this channel layer has no groups")
        for group in groups:
            self._groups.append(group)
            await self.layer.group_add(group, self.name)

    async def receive(self) -> dict[str, Any]:
        """Return the next message, when there is one."""
        message: dict[str, Any] = await self.layer.receive(self.name)
        return message

    async def leave(self) -> None:
        """Leave the groups."""
        for group in self._groups:
            await self.layer.group_discard(group, self.name)
