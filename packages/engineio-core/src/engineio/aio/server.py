"""`AsyncServer`: the asyncio server as applications know it.

What lives here: the public methods, the handler calls of connect and disconnect, and the hooks.
Requests come in through ``driver``, messages go to handlers through ``delivery``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Unpack, cast

from ..errors import (
    MessageTooLargeError,
    QueueFullError,
    SessionClosedError,
)
from ..handlers import Handler
from ..hooks import Hooks
from ..http.request import Request
from ..http.response import Accepted, Response
from ..messages import message_data
from ..modes import resolve_async_mode
from ..options import ServerOptions
from ..protocol.events import Disconnected, Observed
from ..protocol.outbox import SendOutcome
from ..protocol.packet import Packet, PacketType, SharedPacket
from ..protocol.session import Session
from ..protocol.states import State
from ..servers import BaseServer, is_accepted
from ..types import Data, Reason, SendData, TransportName
from . import timer
from .background import Background, BackgroundTask
from .connecting import ask
from .delivery import Courier, Inbox
from .driver import Driver
from .port import WebSocketPort
from .timer import Clock

__all__ = ["AsyncServer"]

logger = logging.getLogger(__name__)


class AsyncServer(BaseServer[Inbox]):
    """An Engine.IO server for asyncio.

    Args:
        async_mode: ``aiohttp``, ``tornado``, ``sanic`` or ``asgi``; None for the first of these
            that is installed.
        clock: The source of time, for tests; the event loop's if None.
        **options: The fields of `engineio.config.ServerConfig`.

    Raises:
        ConfigError: An option is unknown or impossible, or the mode is not installed.

    Example::

        eio = engineio.AsyncServer(async_mode="asgi")

        @eio.on("message")
        async def on_message(sid, data):
            await eio.send(sid, data)

        app = engineio.ASGIApp(eio)
    """

    def __init__(
        self,
        async_mode: str | None = None,
        *,
        clock: Clock | None = None,
        **options: Unpack[ServerOptions],
    ) -> None:
        super().__init__(options)
        self.async_mode, self._mode = resolve_async_mode(async_mode)
        self._last_gone: asyncio.Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._background = Background()
        self._clock = clock
        self._build()
        if async_mode is None:
            logger.info(
                "async_mode is %r; choose another with AsyncServer(async_mode=...)", self.async_mode
            )

    def _build(self) -> None:
        self._courier = Courier(self.config, self._handlers, self._pause, self._forget)
        self.driver = Driver(self.config, self, self._clock)
        self._engine = self.driver.engine
        self._hooks = Hooks(self._handlers, self._engine, self.driver.now)
        self._hooks.changed()
        self._courier.refresh()

    def configure(self, **options: Unpack[ServerOptions]) -> None:
        """Set options over those given before, as long as the server has not been used.

        For frameworks that know their configuration only when an application is there.

        Args:
            **options: The fields of `engineio.config.ServerConfig`.

        Raises:
            ConfigError: An option is unknown or impossible.
            RuntimeError: The server has been used.
        """
        if self._loop is not None:
            raise RuntimeError("the server is in use, and its options are settled")
        self.config = self.config.with_options(options)
        self._build()

    def attach(self, app: Any, engineio_path: str = "engine.io") -> None:
        """Add the server's routes to a framework's application.

        Args:
            app: The application of the framework that ``async_mode`` names.
            engineio_path: Where clients connect, without slashes around it.

        Raises:
            ConfigError: The mode does not attach.
        """
        self._mode.attach(self, app, engineio_path)

    # -- sessions --------------------------------------------------------------------------

    async def send(self, sid: str, data: SendData) -> bool:
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
            RuntimeError: This is another event loop than the server's.
        """
        if asyncio.get_running_loop() is not self._loop:
            # It says so if that is another one than the server's.
            self.driver.bind()
        session = self._engine.sessions.get(sid)
        message = data if type(data) is str else message_data(data, self.config.json)
        if session is not None and self._send_at_once(session, message):
            return True
        packet = Packet(PacketType.MESSAGE, message)
        return await self._send(self._engine.session(sid), packet)

    async def broadcast(self, data: SendData, sids: Iterable[str] | None = None) -> int:
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
        sessions = self._engine.sessions
        chosen = list(sessions.values()) if sids is None else map(sessions.get, list(sids))
        self.driver.bind()
        now = self.driver.now()
        taken = 0
        full: list[Session] = []
        too_large: MessageTooLargeError | None = None
        for session in chosen:
            if session is None or session.state is not State.OPEN:
                continue
            if self._send_at_once(session, message):
                taken += 1
                continue
            if cast(Inbox, session.owner).senders:
                full.append(session)
                continue
            try:
                outcome = self._engine.send(now, session, packet)
            except MessageTooLargeError as error:
                too_large = error
                continue
            taken += outcome is SendOutcome.ACCEPTED
            if outcome is SendOutcome.FULL:
                full.append(session)
        self.driver.perform()
        if full:
            # All at once, so that a slow client delays nobody but itself.
            waiting = [self._send_unless_closed(session, packet) for session in full]
            taken += sum(await asyncio.gather(*waiting))
        if too_large is not None:
            raise too_large
        return taken

    async def disconnect(self, sid: str | None = None) -> None:
        """End a session, or all of them; one that has ended already is no error.

        What was sent before still goes out. The ``disconnect`` handler is called after the events
        that came before, so possibly after this returns.

        Args:
            sid: The session id; None for all.
        """
        self.driver.bind()
        ids = list(self._engine.sessions) if sid is None else [sid]
        for session in filter(None, map(self._engine.sessions.get, ids)):
            self._engine.close(self.driver.now(), session, Reason.SERVER_DISCONNECT)
        self.driver.perform()

    async def get_session(self, sid: str) -> dict[str, Any]:
        """Return what was saved for a client; an empty dict at first.

        Raises:
            UnknownSessionError: There is no such session. Until its ``disconnect`` handler has
                returned, there is.
        """
        return self._inbox(sid).user

    async def save_session(self, sid: str, session: dict[str, Any]) -> None:
        """Save something for a client, for as long as it is connected.

        Raises:
            UnknownSessionError: As for `get_session`.
        """
        self._inbox(sid).user = session

    @asynccontextmanager
    async def session(self, sid: str) -> AsyncIterator[dict[str, Any]]:
        """Return what was saved for a client, and save it again at the end of the block.

        Raises:
            UnknownSessionError: As for `get_session`.
        """
        with self._saving(sid) as user:
            yield user

    def transport(self, sid: str) -> TransportName:
        """Return the transport that carries a session now.

        Raises:
            UnknownSessionError: There is no such open session.
        """
        return self._engine.session(sid).transport.value

    @property
    def sids(self) -> list[str]:
        """The ids of all open sessions."""
        return [
            sid for sid, session in self._engine.sessions.items() if session.state is State.OPEN
        ]

    # -- background ------------------------------------------------------------------------

    def start_background_task(
        self, target: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> BackgroundTask:
        """Run a coroutine function as a task, or a plain function in a thread.

        It may be called from a thread too, as from a handler that is a plain function.

        Returns:
            The task, or for another thread a future. What it raises is logged.

        Raises:
            RuntimeError: No event loop runs here, and the server has not been used yet.
        """
        call = partial(target, **kwargs) if kwargs else target
        return self._background.start(self.driver.loop, call, *args)

    async def sleep(self, seconds: float = 0) -> None:
        """Sleep for ``seconds``, on the server's own clock if it has one."""
        if self._clock is None or seconds <= 0:
            await asyncio.sleep(seconds)
        else:
            await timer.sleep(self._clock, seconds)

    async def shutdown(self) -> None:
        """End all sessions: refuse new ones, answer polls, close WebSockets with 1001.

        Returns when every client was told and every ``disconnect`` handler is over, after
        ``shutdown_timeout`` at the latest.
        """
        loop = self.driver.bind()
        until = loop.time() + self.config.shutdown_timeout
        await self.driver.shutdown(self.config.shutdown_timeout)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                while self._inboxes:
                    await self._emptied()
        self.driver.runner.close()

    # -- what the driver tells -------------------------------------------------------------

    def start(self) -> None:
        """Make what needs a running loop (for the driver)."""
        self._loop = loop = asyncio.get_running_loop()
        self._courier.bind(loop, self.driver.runner)
        logger.info(
            "serving %s; upgrades %s; ping every %g s, timeout %g s",
            " and ".join(self.config.transports),
            "on" if self.config.allow_upgrades else "off",
            self.config.ping_interval,
            self.config.ping_timeout,
        )

    def connecting(self, session: Session, request: Request) -> None:
        """Ask the connect handler (for the driver)."""
        inbox = session.owner = Inbox(self._courier, session)
        self._inboxes[session.sid] = inbox
        handler = self._handlers.get("connect")
        if handler is None:
            self._decided(session, Accepted())
        else:
            # Most handlers decide without waiting, and then the handshake costs no task.
            self.driver.runner.start(self._ask(handler, session, request), _asked)

    def message(self, session: Session, data: Data) -> None:
        """Hand over a message (for the driver)."""
        cast(Inbox, session.owner).message(data)

    def disconnected(self, event: Disconnected) -> None:
        """Hand over the end of a session (for the driver)."""
        cast(Inbox, event.session.owner).disconnect(event.info)

    def drained(self, session: Session) -> None:
        """Let those go on who wait for room in a send queue, in their order (for the driver)."""
        inbox = cast(Inbox, session.owner)
        while inbox.senders:
            sender = inbox.senders[0]
            if not sender.outcome.done():
                try:
                    outcome = self._engine.send(self.driver.now(), session, sender.packet)
                except (MessageTooLargeError, UnicodeEncodeError) as error:
                    # It stood in line before anybody looked at it.
                    sender.outcome.set_exception(error)
                else:
                    if outcome is SendOutcome.FULL:
                        break
                    sender.outcome.set_result(outcome)
            inbox.leave(sender)

    def observed(self, event: Observed) -> None:
        """Tell the hooks (for the driver)."""
        self._hooks.observed(event, self.driver.now())

    def finish_response(self, request: Request, response: Response, initial: bool) -> Response:
        """Let the hooks change the headers (for the driver)."""
        return self._hooks.finish_response(request, response, initial)

    def backlog(self, session: Session) -> Awaitable[None] | None:
        """Return what a reader must await (for the driver)."""
        inbox: Inbox | None = session.owner
        # There is none any more once the message just read has ended the session.
        return None if inbox is None else inbox.backlog()

    # -- inside ----------------------------------------------------------------------------

    def _registered(self, event: str, function: Callable[..., Any]) -> None:
        self._hooks.changed()
        self._courier.refresh()

    def _send_at_once(self, session: Session, message: Data) -> bool:
        frame = session.fast_out(message)
        websocket = session.websocket
        if frame is None or websocket is None or session.owner.senders is not None:
            return False
        port: WebSocketPort = websocket.port  # type: ignore[assignment]  # a cast costs a call here
        if not port.write_one(frame):
            self._engine.blocked(self.driver.now(), session, message)
            self.driver.perform()
        return True

    async def _send(self, session: Session, packet: Packet) -> bool:
        inbox: Inbox | None = session.owner
        if inbox is None:
            # It ended, and its handler returned, before a broadcast came to it.
            outcome = SendOutcome.CLOSED
        elif inbox.senders:
            # Whatever room there is belongs to those who came first.
            outcome = await self._wait_for_room(inbox, packet)
        else:
            outcome = self._engine.send(self.driver.now(), session, packet)
            self.driver.perform()
            if outcome is SendOutcome.FULL:
                if session.state is State.CONNECTING:
                    raise QueueFullError("the queue is full and the client is not connected yet")
                outcome = await self._wait_for_room(inbox, packet)
        return is_accepted(outcome)

    async def _wait_for_room(self, inbox: Inbox, packet: Packet) -> SendOutcome:
        sender = inbox.wait(packet)
        try:
            return await sender.outcome
        except asyncio.CancelledError:
            # Whoever tries again and again with a timeout must not pile up here.
            inbox.leave(sender)
            raise

    async def _send_unless_closed(self, session: Session, packet: Packet) -> bool:
        try:
            return await self._send(session, packet)
        except SessionClosedError:
            return False

    async def _ask(self, handler: Handler, session: Session, request: Request) -> None:
        inline = self.config.sync_handlers == "inline"
        decision = await ask(handler, session.sid, request, inline, self._mode.refusal)
        self._decided(session, decision)

    def _decided(self, session: Session, decision: Accepted | Response) -> None:
        now = self.driver.now()
        if isinstance(decision, Response):
            self._engine.refuse(now, session, decision)
            self._forget(session)
        elif not self._engine.accept(now, session, decision.headers):
            if not self._engine.stopping:
                logger.warning("a connect handler took longer than connect_timeout")
            self._forget(session)
        self.driver.perform()

    def _pause(self, session: Session, paused: bool) -> None:
        self._engine.pause(self.driver.now(), session, paused)
        self.driver.perform()

    def _forget(self, session: Session) -> None:
        # With sids of the application's own, the client may be back under the same one.
        if self._inboxes.get(session.sid) is session.owner:
            self._inboxes.pop(session.sid, None)
        session.owner = None
        if not self._inboxes and self._last_gone is not None:
            self._last_gone.set_result(None)
            self._last_gone = None

    async def _emptied(self) -> None:
        if self._last_gone is None:
            self._last_gone = self._courier.loop.create_future()
        await asyncio.shield(self._last_gone)


def _asked(error: BaseException | None) -> None:
    """Raise what `ask` lets through: the wish to end the process."""
    if error is not None:
        raise error
