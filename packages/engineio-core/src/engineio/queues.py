"""What waits for a handler, and when that is too much, in both shells."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from .handlers import HandlerTable
from .messages import received_data
from .types import Data

if TYPE_CHECKING:
    from .config import ServerConfig
    from .protocol.session import Session

__all__ = ["BaseCourier", "BaseInbox", "QueuedEvent"]


class QueuedEvent(NamedTuple):
    """An event that waits for its handler.

    Attributes:
        name: Its name.
        args: What the handler is called with, if it takes that many.
        size: How many bytes of messages it holds.
    """

    name: str
    args: tuple[Any, ...]
    size: int


class BaseCourier:
    """What the inboxes of one server share.

    Args:
        config: The options.
        handlers: The handlers.
        over: Told when the disconnect handler of a session is over.

    Attributes:
        limit: How many message handlers of one session may be at work.
    """

    def __init__(
        self, config: ServerConfig, handlers: HandlerTable, over: Callable[[Session], None]
    ) -> None:
        self.config = config
        self.handlers = handlers
        self.over = over
        self.limit = config.max_concurrent_handlers if config.async_handlers else 1

    def is_full(self, size: int, count: int) -> bool:
        """Whether no more may be read from a client of which ``count`` messages wait."""
        config = self.config
        return size >= config.receive_queue_bytes or count >= config.receive_queue_packets

    def has_room(self, size: int, count: int) -> bool:
        """Whether reading may go on: not at every single message, so at half of the limits."""
        config = self.config
        return size * 2 <= config.receive_queue_bytes and count * 2 <= config.receive_queue_packets

    def decoded(self, data: Data) -> Any:
        """Return what the message handler gets for ``data``."""
        return received_data(data, self.config.decode_json, self.config.json)


C = TypeVar("C", bound=BaseCourier)


class BaseInbox(Generic[C]):
    """The events of one session that its handlers have not seen yet, and the user's own record.

    Attributes:
        session: The engine's session.
        user: What ``save_session`` stored.
    """

    __slots__ = ("_bytes", "_courier", "_queue", "session", "user")

    def __init__(self, courier: C, session: Session) -> None:
        self._courier = courier
        self.session = session
        self.user: dict[str, Any] = {}
        # An empty deque takes 600 bytes, and most sessions never have a message that waits.
        self._queue: deque[QueuedEvent] | None = None
        self._bytes = 0
