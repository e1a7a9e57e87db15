"""Handing events to handlers: in order, one at a time for each session, and bounded.

A session's events wait in its `Inbox` while a handler is at work. Heartbeats and control packets
never come here, so a slow handler delays only its own session's messages. When more waits than the
limits allow, the engine is told to stop reading from that client.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any, NamedTuple

from ..handlers import Handler, HandlerTable
from ..protocol.outbox import SendOutcome
from ..queues import BaseCourier, BaseInbox, QueuedEvent
from ..types import Data, DisconnectInfo
from .threads import call_in_thread

if TYPE_CHECKING:
    from ..config import ServerConfig
    from ..protocol.packet import Packet
    from ..protocol.session import Session
    from .runner import EagerRunner

__all__ = ["Courier", "Inbox", "Sender"]

logger = logging.getLogger(__name__)

# After this many handlers in a row the loop gets its turn, so that one payload of 100 000 messages
# does not keep everybody else waiting (faults.md F-19, F-68).
_STREAK = 64

# A plain function that runs on the loop for longer than this is named in the log, in seconds.
_SLOW = 1.0


class Courier(BaseCourier):
    """What the inboxes of one server share.

    Args:
        config: The options.
        handlers: The handlers.
        pause: Tells the engine that a session's handlers are behind, or have caught up.
        over: Told when the disconnect handler of a session is over.

    Attributes:
        direct: The message handler where it can be called with the data as it is: the hot path.
    """

    def __init__(
        self,
        config: ServerConfig,
        handlers: HandlerTable,
        pause: Callable[[Session, bool], None],
        over: Callable[[Session], None],
    ) -> None:
        super().__init__(config, handlers, over)
        self.pause = pause
        self.direct: Callable[..., Coroutine[Any, Any, object]] | None = None
        self.refresh()

    def bind(self, loop: asyncio.AbstractEventLoop, runner: EagerRunner) -> None:
        """Run handlers on ``loop`` from now on."""
        self.loop = loop
        self.runner = runner

    def refresh(self) -> None:
        """Work out `direct` after a handler was registered."""
        handler = self.handlers.get("message")
        direct = handler is not None and handler.is_async and not self.config.decode_json
        self.direct = handler.function if handler is not None and direct else None


def _warn_if_slow(handler: Handler, seconds: float) -> None:
    """Name a handler that kept the whole server from doing anything else (faults.md F-74)."""
    if seconds > _SLOW:
        logger.warning("the handler %r blocked the event loop for %.1f s", handler.name, seconds)


class Sender(NamedTuple):
    """A ``send`` that waits.

    Attributes:
        packet: The message.
        outcome: What becomes of it.
    """

    packet: Packet
    outcome: asyncio.Future[SendOutcome]


class Inbox(BaseInbox[Courier, Sender]):
    """The events of one session that its handlers have not seen yet, and the user's own record."""

    __slots__ = (
        "_room",
        "_running",
        "_scheduled",
        "_streak",
    )

    def __init__(self, courier: Courier, session: Session) -> None:
        super().__init__(courier, session)
        self._running = 0
        self._streak = 0
        # Whether `_drain` is running, or will.
        self._scheduled = False
        self._room: asyncio.Future[None] | None = None

    def message_now(self, data: Data) -> Awaitable[None] | None:
        """Hand over a message that is no part of a batch.

        Returns:
            What the reader must await before it goes on, or None.
        """
        if self._queue is not None or self._running >= self._courier.limit:
            self.message(data)
            return self._room
        self._handle(data)
        self._streak += 1
        if self._streak < _STREAK:
            return None
        self._streak = 0
        return asyncio.sleep(0)

    def message(self, data: Data) -> None:
        """Hand over a message that may be one of many."""
        self._streak += 1
        if self._queue is None and self._running < self._courier.limit and self._streak < _STREAK:
            self._handle(data)
            return
        self._put(
            QueuedEvent("message", (self.session.sid, self._courier.decoded(data)), len(data))
        )
        full = self._courier.is_full(self._bytes, len(self._queue or ()))
        if full and self._room is None:
            self._room = self._courier.loop.create_future()
            self._courier.pause(self.session, True)

    def disconnect(self, info: DisconnectInfo) -> None:
        """Hand over the last event, after all others; nobody reads for this session any more."""
        self._release()
        for sender in self.senders or ():
            if not sender.outcome.done():
                sender.outcome.set_result(SendOutcome.CLOSED)
        self.senders = None
        event = QueuedEvent("disconnect", (self.session.sid, info.reason, info), 0)
        if self._queue is None and not self._running:
            self._run_last(event)
        else:
            self._put(event)

    def wait(self, packet: Packet) -> Sender:
        """Let a ``send`` wait, behind all that wait already."""
        return self._stand_in_line(Sender(packet, self._courier.loop.create_future()))

    def backlog(self) -> Awaitable[None] | None:
        """Return what a reader must await before it reads more, or None."""
        return self._room

    def _put(self, event: QueuedEvent) -> None:
        if self._queue is None:
            self._queue = deque()
        self._queue.append(event)
        self._bytes += event.size
        if self._may_run(event):
            self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._courier.loop.call_soon(self._drain)

    def _drain(self) -> None:
        """Run what waits, until a handler has to wait itself or it is the loop's turn."""
        self._streak = 0
        queue = self._queue
        while queue and self._may_run(queue[0]):
            if self._streak == _STREAK:
                self._courier.loop.call_soon(self._drain)
                return
            self._streak += 1
            event = queue.popleft()
            self._bytes -= event.size
            if event.name == "disconnect":
                self._run_last(event)
            else:
                self._run(event.name, event.args)
            self._catch_up()
        if not queue:
            self._queue = None
        self._scheduled = False

    def _may_run(self, event: QueuedEvent) -> bool:
        if event.name == "disconnect":
            return not self._running
        return self._running < self._courier.limit

    def _catch_up(self) -> None:
        has_room = self._courier.has_room(self._bytes, len(self._queue or ()))
        if self._room is not None and has_room:
            self._release()
            self._courier.pause(self.session, False)

    def _release(self) -> None:
        if self._room is not None:
            room, self._room = self._room, None
            # A reader that was cancelled while it waited has cancelled what it waited for.
            if not room.done():
                room.set_result(None)

    # -- running ---------------------------------------------------------------------------

    def _handle(self, data: Data) -> None:
        """Call the message handler now: the hot path."""
        function = self._courier.direct
        if function is None:
            self._run("message", (self.session.sid, self._courier.decoded(data)))
            return
        self._running += 1
        try:
            over = self._courier.runner.start(function(self.session.sid, data), self._finished)
        except BaseException as error:  # noqa: BLE001  # whatever it is, the session goes on
            self._report("message", error)
            over = True
        if over:
            self._done()

    def _run(self, name: str, args: tuple[Any, ...]) -> None:
        handler = self._courier.handlers.get(name)
        if handler is None:
            return
        self._running += 1
        if self._start(name, handler, args[: handler.arity], self._finished):
            self._done()

    def _done(self) -> None:
        self._running -= 1
        if self._queue is not None:
            # What came meanwhile, or what the handler itself led to.
            self._schedule()

    def _run_last(self, event: QueuedEvent) -> None:
        handler = self._courier.handlers.get(event.name)
        args = event.args
        if handler is None or self._start(event.name, handler, args[: handler.arity], self._ended):
            self._courier.over(self.session)

    def _start(
        self,
        name: str,
        handler: Handler,
        args: tuple[Any, ...],
        finished: Callable[[BaseException | None], None],
    ) -> bool:
        """Call a handler; True if it is over already."""
        courier = self._courier
        if not handler.is_async and courier.config.sync_handlers == "thread":
            future = call_in_thread(courier.loop, handler.function, *args)
            future.add_done_callback(partial(self._returned, finished))
            return False
        began = courier.loop.time()
        try:
            result = handler.function(*args)
            _warn_if_slow(handler, courier.loop.time() - began)
            # A plain function may return the coroutine of another one (a decorator does).
            return not iscoroutine(result) or courier.runner.start(result, finished)
        except BaseException as error:  # noqa: BLE001  # whatever it is, the session goes on
            self._report(name, error)
            return True

    def _returned(
        self,
        finished: Callable[[BaseException | None], None],
        future: asyncio.Future[object],
    ) -> None:
        error = asyncio.CancelledError() if future.cancelled() else future.exception()
        result = None if error is not None else future.result()
        if iscoroutine(result):
            try:
                if not self._courier.runner.start(result, finished):
                    return
            except BaseException as raised:  # noqa: BLE001  # it is reported below
                error = raised
        finished(error)

    def _finished(self, error: BaseException | None) -> None:
        if error is not None:
            self._report("message", error)
        self._done()

    def _ended(self, error: BaseException | None) -> None:
        if error is not None:
            self._report("disconnect", error)
        self._courier.over(self.session)

    def _report(self, name: str, error: BaseException) -> None:
        """Log what a handler raised; the session goes on (faults.md F-73)."""
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise error
        self._log_failure(logger, name, error)
