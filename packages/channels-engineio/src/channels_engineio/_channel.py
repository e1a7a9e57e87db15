"""`Channel`: what one session has of the channel layer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any

from channels.exceptions import InvalidChannelLayerError
from channels.layers import get_channel_layer

from engineio import ConnectionRefused
from engineio.logs import Throttle

__all__ = ["Channel", "warn"]

logger = logging.getLogger(__name__)

# Seconds before each attempt to reach a layer again.
_PAUSES = (0.1, 0.3, 1.0, 3.0)
# A layer that fails so soon is not there at all, in seconds.
_QUICK = 1.0

_log = Throttle(10.0)


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
        self._groups: Sequence[str] = ()

    @classmethod
    async def open(cls, alias: str | None) -> Channel | None:
        """Return a new channel of a layer, or None if there is no such layer."""
        layer = None if alias is None else get_channel_layer(alias)
        return None if layer is None else cls(layer, await layer.new_channel())

    async def join(self, groups: Sequence[str]) -> None:
        """Join groups.

        Raises:
            InvalidChannelLayerError: The layer has none.
            ConnectionRefused: It cannot be reached.
        """
        if groups and not hasattr(self.layer, "group_add"):
            raise InvalidChannelLayerError("this channel layer has no groups")
        self._groups = groups
        try:
            await self._join()
        except Exception as error:
            warn("the channel layer failed", error)
            raise ConnectionRefused("Service Unavailable", status=503) from error

    async def receive(self) -> dict[str, Any]:
        """Return the next message, when there is one.

        A layer that fails is tried again for some seconds, as when its server restarts, and then
        its groups are joined again. So are those that only seem to fail: with its defaults of
        today, redis-py takes five seconds without a message for a failure.

        Raises:
            Exception: What the layer still raises then.
        """
        attempt = 0
        while True:
            waiting_since = None
            try:
                if attempt:
                    await self._join()
                waiting_since = time.monotonic()
                message: dict[str, Any] = await self.layer.receive(self.name)
            except Exception as error:
                if waiting_since and time.monotonic() - waiting_since > _QUICK:
                    # It worked until now.
                    attempt = 0
                if attempt == len(_PAUSES):
                    raise
                warn("the channel layer failed", error)
                await asyncio.sleep(_PAUSES[attempt])
                attempt += 1
            else:
                return message

    async def _join(self) -> None:
        for group in self._groups:
            await self.layer.group_add(group, self.name)

    async def leave(self) -> None:
        """Leave the groups, as far as they can be reached: a layer forgets members by itself."""
        try:
            for group in self._groups:
                await self.layer.group_discard(group, self.name)
        except Exception as error:  # noqa: BLE001  # whatever it is, the session is over
            warn("a channel could not leave its groups", error)


def warn(what: str, error: Exception) -> None:
    """Log a failure of the layer, which many sessions have at the same time.

    Args:
        what: One of a few texts, each of which is logged now and then.
        error: The failure.
    """
    suppressed = _log.admit(what, time.monotonic())
    if suppressed is not None:
        logger.warning("%s: %r (%d more kept back)", what, error, suppressed)
