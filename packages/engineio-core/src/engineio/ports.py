"""What the WebSocket of a gateway has to offer, in both shells."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .types import Data

if TYPE_CHECKING:
    from .protocol.session import Session

__all__ = ["WebSocketPort"]


class WebSocketPort(ABC):
    """The base of a gateway's WebSocket; each shell adds how it tells the engine's decision.

    Attributes:
        session: The session this carries or wants to take over (for the driver).
    """

    __slots__ = ("session",)

    def __init__(self) -> None:
        self.session: Session | None = None

    @abstractmethod
    def write(self, frames: Sequence[Data]) -> bool:
        """Write messages in order.

        Returns:
            True if all of them were taken at once. If False, the gateway calls `Driver.drained`
            when they have been, and there is no other write before that.
        """

    def write_one(self, frame: Data) -> bool:
        """Write one message, as `write` does: the hot path, worth an override."""
        return self.write((frame,))

    @abstractmethod
    def hang_up(self, code: int, reason: str) -> None:
        """Start the closing handshake as soon as what was written has gone out."""

    @abstractmethod
    def abort(self) -> None:
        """Drop the connection: the peer takes no part in the close."""
