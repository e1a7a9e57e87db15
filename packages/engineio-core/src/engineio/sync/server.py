"""`Server`: the server for threads and greenlets as applications know it.

What lives here: the public methods, and what the driver tells the application. Requests come in
through ``driver``, messages go to handlers through ``delivery``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Unpack, cast

from ..errors import (
    ConfigError,
    MessageTooLargeError,
    QueueFullError,
    SessionClosedError,
)
from ..functions import is_async
from ..handlers import EVENTS
from ..hooks import Hooks
from ..http.request import Request
from ..http.response import Accepted, Response
from ..messages import message_data
from ..modes import resolve_sync_mode
from ..options import ServerOptions
from ..protocol.events import Observed
from ..protocol.outbox import SendOutcome
from ..protocol.packet import Packet, PacketType, SharedPacket
from ..protocol.session import Session
from ..protocol.states import State
from ..servers import BaseServer, is_accepted
from ..types import Data, Reason, SendData, TransportName
from . import timer
from .concurrency import Task, load
from .connecting import ask
from .delivery import Courier, Inbox, Sender
from .driver import Driver
from .port import WebSocketPort
from .timer import SystemClock

__all__ = ["Server"]

logger = logging.getLogger(__name__)


class Server(BaseServer[Inbox]):
    """An Engine.IO server for threads, gevent, eventlet and uWSGI.

    All methods may be called from any thread; in the modes of greenlets, from any greenlet.

    Args:
        async_mode: ``eventlet``, ``gevent_uwsgi``, ``gevent`` or ``threading``; None for the first
            of these that is installed and usable here.
        clock: The source of time, for tests; the system's if None.
        **options: The fields of `engineio.config.ServerConfig`.

    Raises:
        ConfigError: An option is unknown or impossible, or the mode is not usable here.

    Example::

        eio = engineio.Server(async_mode="threading")

        @eio.on("message")
        def on_message(sid, data):
            eio.send(sid, data)

        app = engineio.Middleware(eio)
    """

    def __init__(
        self,
        async_mode: str | None = None,
        *,
        clock: timer.Clock | None = None,
        **options: Unpack[ServerOptions],
    ) -> None:
        super().__init__(options)
        self.async_mode = resolve_sync_mode(async_mode)
        self._concurrency = load(self.async_mode)
        self._clock = clock
        self._last_gone = self._concurrency.event()
        self._inboxes_lock = self._concurrency.mutex()
        self.driver = Driver(self.config, self, self._concurrency, clock)
        self._hooks = Hooks(self._handlers, self.driver.engine, self.driver.now)
        self._courier = Courier(
            self._concurrency, self.config, self._handlers, self._caught_up, self.ended
        )
        self._courier.sweep = self.driver.sweep
        if async_mode is None:
            logger.info(
                "async_mode is %r; choose another with Server(async_mode=...)", self.async_mode
            )

    def attach(self, app: Any, engineio_path: str = "engine.io") -> None:
        """Refuse: a WSGI application is wrapped, and not attached to.

        Raises:
            ConfigError: Always; it says what to write.
        """
        raise ConfigError(
            f"async_mode {self.async_mode!r} does not attach: "
            "wrap the application in engineio.Middleware(eio, app)"
        )

    # -- sessions --------------------------------------------------------------------------

    def send(self, sid: str, data: SendData) -> bool:
        """Send a message to one client.

        With the queue policy ``wait`` this waits while the client's send queue is full.

        Args:
            sid: The session id.
            data: Text, bytes, or a dict or list, which is sent as JSON text.

        Returns:
            True, or False if a ``drop_`` policy dropped it.

        Raises:
            UnknownSessionError: There is no such open session.
            SessionClosedError: The session ended while this waited, or because it was full.
            MessageTooLargeError: The message is over ``max_payload``.
            QueueFullError: The queue is full before the connect handler has returned.
            TypeError: ``data`` has another type.
        """
        message = data if type(data) is str else message_data(data, self.config.json)
        session = self.driver.engine.session(sid)
        return self._send_at_once(session, message) or self._send(
            session, Packet(PacketType.MESSAGE, message)
        )

    def broadcast(self, data: SendData, sids: Iterable[str] | None = None) -> int:
        """Send a message to many clients; it is encoded once, not once for each of them.

        Clients that can take it get it at once. With the policy ``wait`` this then waits for all
        those whose queue is full, until each has taken something or is given up: a WebSocket that
        takes nothing after ``write_timeout``, a polling client that does not come back only after
        ``ping_interval`` and ``ping_timeout``.

        Args:
            data: As for `send`.
            sids: The sessions; all if None. Those that have ended are left out.

        Returns:
            How many sessions took it.

        Raises:
            MessageTooLargeError: The message is over ``max_payload`` in the form that one of the
                clients needs; those that can take it have got it.
            TypeError: ``data`` has another type.
        """
        message = message_data(data, self.config.json)
        packet = SharedPacket(PacketType.MESSAGE, message)
        taken = 0
        full: list[tuple[Session, Sender]] = []
        too_large: MessageTooLargeError | None = None
        for session in self._chosen(sids):
            if session.state is not State.OPEN:
                continue
            try:
                if self._send_at_once(session, message):
                    taken += 1
                    continue
                outcome = self.driver.input(self._try, session, packet)
            except MessageTooLargeError as error:
                too_large = error
                continue
            except QueueFullError:
                continue
            if isinstance(outcome, Sender):
                full.append((session, outcome))
            taken += outcome is SendOutcome.ACCEPTED
        more, too_large_there = self._await_all(full)
        taken += more
        too_large = too_large or too_large_there
        if too_large is not None:
            raise too_large
        return taken

    def disconnect(self, sid: str | None = None) -> None:
        """End a session, or all of them; one that has ended already is no error.

        What was sent before still goes out. The ``disconnect`` handler is called after the events
        that came before, so possibly after this returns.

        Args:
            sid: The session id; None for all.
        """
        for session in self._chosen(None if sid is None else [sid]):
            self.driver.input(self.driver.engine.close, session, Reason.SERVER_DISCONNECT)

    def get_session(self, sid: str) -> dict[str, Any]:
        """Return what was saved for a client; an empty dict at first.

        Raises:
            UnknownSessionError: There is no such session. Until its ``disconnect`` handler has
                returned, there is.
        """
        return self._inbox(sid).user

    def save_session(self, sid: str, session: dict[str, Any]) -> None:
        """Save something for a client, for as long as it is connected.

        Raises:
            UnknownSessionError: As for `get_session`.
        """
        self._inbox(sid).user = session

    def session(self, sid: str) -> AbstractContextManager[dict[str, Any]]:
        """Return what was saved for a client, and save it again at the end of the block.

        Raises:
            UnknownSessionError: As for `get_session`.
        """
        return self._saving(sid)

    def transport(self, sid: str) -> TransportName:
        """Return the transport that carries a session now.

        Raises:
            UnknownSessionError: There is no such open session.
        """
        return self.driver.engine.session(sid).transport.value

    @property
    def sids(self) -> list[str]:
        """The ids of all open sessions."""
        sessions = list(self.driver.engine.sessions.values())
        return [session.sid for session in sessions if session.state is State.OPEN]

    # -- background ------------------------------------------------------------------------

    def start_background_task(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Task:
        """Run a function in a thread or greenlet of its own.

        Returns:
            The task, which has a method ``join``. What the function raises is logged.
        """
        call = partial(target, **kwargs) if kwargs else target
        return self._concurrency.background(call, *args)

    def sleep(self, seconds: float = 0) -> None:
        """Sleep for ``seconds``, on the server's own clock if it has one."""
        if self._clock is None or seconds <= 0:
            self._concurrency.sleep(seconds)
            return
        over = self._concurrency.event()
        self._clock.call_at(self._clock.time() + seconds, over.set)
        over.wait()

    def shutdown(self) -> None:
        """End all sessions: refuse new ones, answer polls, close WebSockets with 1001.

        Returns when every client was told and every ``disconnect`` handler is over, after
        ``shutdown_timeout`` at the latest.
        """
        # On the system's clock, whatever the server's own: there are threads to wait for.
        now = SystemClock.time
        until = now() + self.config.shutdown_timeout
        self.driver.shutdown(self.config.shutdown_timeout)
        while self._inboxes and now() < until:
            self._last_gone.clear()
            # The last one may have gone in this very moment.
            if self._inboxes:
                self._last_gone.wait(until - now())

    # -- what the driver tells -------------------------------------------------------------

    def start(self) -> None:
        """Say what is served (for the driver)."""
        logger.info(
            "serving %s with %s; upgrades %s; ping every %g s, timeout %g s",
            " and ".join(self.config.transports),
            self.async_mode,
            "on" if self.config.allow_upgrades else "off",
            self.config.ping_interval,
            self.config.ping_timeout,
        )

    def forked(self) -> None:
        """Forget the sessions of the process that this one was copied from (for the driver)."""
        self._inboxes_lock = self._concurrency.mutex()
        self._last_gone = self._concurrency.event()
        self._inboxes.clear()
        self._courier.sweep = self.driver.sweep
        self._hooks = Hooks(self._handlers, self.driver.engine, self.driver.now)
        self._hooks.changed()

    def opened(self, session: Session) -> None:
        """Give a new session its inbox (for the driver)."""
        inbox = session.owner = Inbox(self._courier, session)
        with self._inboxes_lock:
            self._inboxes[session.sid] = inbox

    def ask(self, session: Session, request: Request) -> Accepted | Response:
        """Ask the connect handler (for the driver)."""
        handler = self._handlers.get("connect")
        if handler is None:
            return Accepted()
        return ask(handler, session.sid, request, self._concurrency.exits)

    def drained(self, session: Session) -> None:
        """Let those go on who wait for room in a send queue, in their order (for the driver)."""
        inbox = cast(Inbox, session.owner)
        while inbox.senders:
            sender = inbox.senders[0]
            try:
                outcome = self.driver.engine.send(self.driver.now(), session, sender.packet)
                if outcome is SendOutcome.FULL:
                    break
                sender.outcome = outcome
            except (MessageTooLargeError, UnicodeEncodeError) as error:
                # It had to stand in line before anybody looked at it.
                sender.outcome = error
            inbox.leave(sender)
            sender.over.set()

    def observed(self, event: Observed, now: float) -> None:
        """Tell the hooks (for the driver)."""
        self._hooks.observed(event, now)

    def finish_response(self, request: Request, response: Response, initial: bool) -> Response:
        """Let the hooks change the headers (for the driver)."""
        return self._hooks.finish_response(request, response, initial)

    def ended(self, session: Session) -> None:
        """Forget a session: its disconnect handler is over, or there is none to call."""
        with self._inboxes_lock:
            # With sids of the application's own, the client may be back under the same one.
            if self._inboxes.get(session.sid) is session.owner:
                del self._inboxes[session.sid]
        if not self._inboxes:
            self._last_gone.set()

    # -- inside ----------------------------------------------------------------------------

    def _check(self, event: str, function: Callable[..., Any]) -> None:
        if event in EVENTS and is_async(function):
            raise ConfigError(
                f"the handler for {event!r} is a coroutine function: use engineio.AsyncServer"
            )

    def _registered(self, event: str, function: Callable[..., Any]) -> None:
        self._hooks.changed()

    def _chosen(self, sids: Iterable[str] | None) -> list[Session]:
        sessions = self.driver.engine.sessions
        if sids is None:
            return list(sessions.values())
        return [session for session in map(sessions.get, sids) if session is not None]

    def _send_at_once(self, session: Session, message: Data) -> bool:
        """Write a message to an open WebSocket now, if the engine would decide nothing."""
        frame = self.driver.claim(session, message)
        if frame is None or session.websocket is None:
            return False
        port: WebSocketPort = session.websocket.port  # type: ignore[assignment]  # a cast is a call
        self.driver.claimed(session, port, message, port.write_one(frame))
        return True

    def _send(self, session: Session, packet: Packet) -> bool:
        return self._await(session, self.driver.input(self._try, session, packet))

    def _await(self, session: Session, result: SendOutcome | Sender) -> bool:
        """Return what ``send`` returns for what `_try` returned."""
        if not isinstance(result, Sender):
            return is_accepted(result)
        try:
            result.over.wait()
        except BaseException:
            # A greenlet may be told to stop waiting, and what nobody waits for must not pile up.
            self.driver.input(self._leave, session, result)
            raise
        assert result.outcome is not None, "it is set first"
        if not isinstance(result.outcome, SendOutcome):
            raise result.outcome
        return is_accepted(result.outcome)

    def _try(self, now: float, session: Session, packet: Packet) -> SendOutcome | Sender:
        """Queue a message, or stand in line for room; under the driver's lock."""
        inbox = cast(Inbox, session.owner)
        if session.state is State.OPEN and inbox.senders:
            # Whatever room there is belongs to those who came first.
            return inbox.wait(packet)
        outcome = self.driver.engine.send(now, session, packet)
        if outcome is not SendOutcome.FULL:
            return outcome
        if session.state is State.CONNECTING:
            raise QueueFullError("the queue is full and the client is not connected yet")
        return inbox.wait(packet)

    def _await_all(
        self, waiting: list[tuple[Session, Sender]]
    ) -> tuple[int, MessageTooLargeError | None]:
        """Wait for all of them; return how many were taken, and the error if one cannot be."""
        taken, too_large = 0, None
        try:
            while waiting:
                try:
                    taken += self._await(*waiting.pop())
                except SessionClosedError:
                    continue
                except MessageTooLargeError as error:
                    too_large = error
            return taken, too_large
        finally:
            for session, sender in waiting:
                self.driver.input(self._leave, session, sender)

    def _leave(self, _now: float, session: Session, sender: Sender) -> None:
        cast(Inbox, session.owner).leave(sender)

    def _caught_up(self, session: Session) -> None:
        self.driver.input(self.driver.engine.pause, session, False)
