"""What waits for a handler, and when that is too much, in both shells."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from .errors import SessionClosedError, UnknownSessionError
from .handlers import HandlerTable
from .messages import received_data
from .protocol.sid import hashed_sid
from .protocol.states import State
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
S = TypeVar("S")


class BaseInbox(Generic[C, S]):
    """The events of one session that its handlers have not seen yet, and the user's own record.

    Attributes:
        session: The engine's session.
        user: What ``save_session`` stored.
        kept: What a framework package keeps with the session.
        senders: The ``send`` calls that wait for room in the send queue, the first one first.
    """

    __slots__ = ("_bytes", "_courier", "_queue", "kept", "senders", "session", "user")

    def __init__(self, courier: C, session: Session) -> None:
        self._courier = courier
        self.session = session
        self.user: dict[str, Any] = {}
        self.kept: object = None
        self.senders: deque[S] | None = None
        # An empty deque takes 600 bytes, and most sessions never have a message that waits.
        self._queue: deque[QueuedEvent] | None = None
        self._bytes = 0

    def leave(self, sender: S) -> None:
        """A ``send`` waits no more."""
        if self.senders is not None and sender in self.senders:
            self.senders.remove(sender)
        if not self.senders:
            # Its presence alone keeps other messages from the direct way.
            self.senders = None

    def _stand_in_line(self, sender: S) -> S:
        """Let a ``send`` wait, behind all that wait already."""
        if self.senders is None:
            self.senders = deque()
        self.senders.append(sender)
        return sender

    def _log_failure(self, logger: logging.Logger, name: str, error: BaseException) -> None:
        """Log what a handler raised."""
        session = hashed_sid(self.session.sid)
        gone = isinstance(error, (SessionClosedError, UnknownSessionError))
        if gone and self.session.state is not State.OPEN:
            # The handler has answered a client that has left. A client that sends much and leaves
            # at once would fill the log.
            logger.debug("the %s handler had nobody to answer (session %s)", name, session)
            return
        logger.error("the %s handler failed (session %s)", name, session, exc_info=error)
