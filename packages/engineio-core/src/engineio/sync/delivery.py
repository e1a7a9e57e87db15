"""Handing events to handlers: in order, one at a time for each session, and bounded.

A session's events wait in its `Inbox` while a handler is at work. Who runs the handlers is decided
here too: a message of a WebSocket is handled by the thread that read it, which costs nothing more;
everything else by a worker. Heartbeats and control packets never come here, so a slow handler
delays only its own session's messages.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..handlers import HandlerTable
from ..queues import BaseCourier, BaseInbox, QueuedEvent
from ..types import Data, DisconnectInfo
from .concurrency import Concurrency, Event, Lock

if TYPE_CHECKING:
    from ..config import ServerConfig
    from ..protocol.outbox import SendOutcome
    from ..protocol.packet import Packet
    from ..protocol.session import Session
    from .port import WebSocketPort
    from .sweep import Sweep

__all__ = ["Courier", "Inbox", "Sender"]

logger = logging.getLogger(__name__)


class Courier(BaseCourier):
    """What the inboxes of one server share.

    Args:
        concurrency: How to wait, and to start a worker.
        config: The options.
        handlers: The handlers.
        caught_up: Told when a session whose handlers were behind has room again.
        over: Told when the disconnect handler of a session is over.

    Attributes:
        sweep: Looks after WebSockets whose own thread is in a handler.
    """

    def __init__(
        self,
        concurrency: Concurrency,
        config: ServerConfig,
        handlers: HandlerTable,
        caught_up: Callable[[Session], None],
        over: Callable[[Session], None],
    ) -> None:
        super().__init__(config, handlers, over)
        self.concurrency = concurrency
        self.caught_up = caught_up
        self.sweep: Sweep


class Sender:
    """A ``send`` that waits.

    Args:
        packet: The message.
        over: What its thread waits for.

    Attributes:
        packet: The message.
        over: Set when ``outcome`` is there.
        outcome: What became of it: also an error, if it can never be sent.
    """

    __slots__ = ("outcome", "over", "packet")

    def __init__(self, packet: Packet, over: Event) -> None:
        self.packet = packet
        self.over = over
        self.outcome: SendOutcome | ValueError | None = None


class Inbox(BaseInbox[Courier, Sender]):
    """The events of one session that its handlers have not seen yet, and the user's own record.

    Attributes:
        senders: As in every shell; they change under the driver's lock.
        is_full: Whether nothing more is to be read from the client.
    """

    __slots__ = (
        "_lock",
        "_over",
        "_room",
        "_running",
        "is_full",
    )

    def __init__(self, courier: Courier, session: Session) -> None:
        super().__init__(courier, session)
        self._lock: Lock = courier.concurrency.mutex()
        self.is_full = False
        # How many threads are handing over events, and whether the last event has come.
        self._running = 0
        self._over = False
        self._room: Event | None = None

    # -- sending ---------------------------------------------------------------------------

    def wait(self, packet: Packet) -> Sender:
        """Let a ``send`` wait, behind all that wait already."""
        return self._stand_in_line(Sender(packet, self._courier.concurrency.event()))

    # -- putting in ------------------------------------------------------------------------

    def message_now(self, data: Data, port: WebSocketPort) -> bool:
        """Hand over a message of a WebSocket in the thread that serves it: the hot path.

        Returns:
            False if it is not its turn yet, so that it has to be put into the queue.
        """
        with self._lock:
            if self._running or self._queue or self._over:
                return False
            self._running = 1
        self._handle("message", (self.session.sid, data), port)
        if self._queue is None:
            with self._lock:
                if self._queue is None:
                    self._running = 0
                    return True
        self.run(port)
        return True

    def message(self, data: Data) -> bool:
        """Put in a message; True if the caller must see to it that `run` is called."""
        courier = self._courier
        with self._lock:
            runs = self._put(QueuedEvent("message", (self.session.sid, data), len(data)))
            if courier.is_full(self._bytes, len(self._queue or ())):
                self.is_full = True
            return runs

    def disconnect(self, info: DisconnectInfo) -> bool:
        """Put in the last event; True if the caller must see to it that `run` is called."""
        with self._lock:
            self._release()
            runs = self._put(QueuedEvent("disconnect", (self.session.sid, info.reason, info), 0))
            self._over = True
            return runs

    def _put(self, event: QueuedEvent) -> bool:
        if self._over:
            return False
        if self._queue is None:
            self._queue = deque()
        self._queue.append(event)
        self._bytes += event.size
        if self._running < self._courier.limit:
            self._running += 1
            return True
        return False

    def wait_for_room(self) -> None:
        """Wait until handlers have caught up, if they are behind."""
        with self._lock:
            if not self.is_full:
                return
            if self._room is None:
                self._room = self._courier.concurrency.event()
            room = self._room
        room.wait()

    # -- taking out ------------------------------------------------------------------------

    def run(self, port: WebSocketPort | None = None) -> None:
        """Hand over what waits, and what comes meanwhile (by who was told to, and nobody else).

        Args:
            port: The WebSocket whose serving thread this is; None for a worker.
        """
        while (event := self._next()) is not None:
            try:
                self._handle(event.name, event.args, port)
            finally:
                if event.name == "disconnect":
                    self._courier.over(self.session)
            if self.is_full:
                self._catch_up()

    def _next(self) -> QueuedEvent | None:
        with self._lock:
            queue = self._queue
            # The last event waits for all handlers that are still at work.
            if queue and (queue[0].name != "disconnect" or self._running == 1):
                event = queue.popleft()
                self._bytes -= event.size
                if not queue:
                    self._queue = None
                return event
            self._running -= 1
            return None

    def _catch_up(self) -> None:
        with self._lock:
            has_room = self._courier.has_room(self._bytes, len(self._queue or ()))
            if not (self.is_full and has_room):
                return
            self._release()
        self._courier.caught_up(self.session)

    def _release(self) -> None:
        self.is_full = False
        if self._room is not None:
            self._room.set()
            self._room = None

    def _handle(self, name: str, args: tuple[Any, ...], port: WebSocketPort | None) -> None:
        handler = self._courier.handlers.get(name)
        if handler is None:
            return
        if port is None:
            self._call(name, handler.function, args[: handler.arity])
            return
        # While this thread is in the handler, somebody else may read for it.
        sweep = self._courier.sweep
        sweep.enter(port)
        port.turn.release()
        try:
            self._call(name, handler.function, args[: handler.arity])
        finally:
            port.turn.acquire()
            sweep.leave(port)

    def _call(self, name: str, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        try:
            if name == "message":
                sid, data = args
                # The application may have its own JSON, which is not for the one who reads.
                function(sid, self._courier.decoded(data))
            else:
                function(*args)
        except self._courier.concurrency.exits:
            self._give_up()
            raise
        except BaseException as error:  # noqa: BLE001  # whatever it is, the session goes on (F-73)
            self._log_failure(logger, name, error)

    def _give_up(self) -> None:
        """This thread is being ended: let a worker hand over the rest."""
        self._courier.concurrency.start_job(self.run)
