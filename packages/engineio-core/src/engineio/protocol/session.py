"""One session: what it sends, what its packets mean, and when something is due.

Two rules for this file: nothing here looks up sessions, ports or tickets, which is the engine's;
and nothing here ends a session except through ``closing``. What HTTP requests do to a session is in
``requests``, how it changes its transport in ``upgrade``.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ..config import ServerConfig
from ..errors import MessageTooLargeError, PacketError
from ..http.response import Header, Response
from ..types import Data, Reason, Revision, Transport
from . import closing, rejections, requests, upgrade
from .actions import Action, Port, Reply
from .events import Drained, Event, HeartbeatReceived, MessageReceived, Opened, PacketTraced
from .heartbeat import Beat, heartbeat_for
from .outbox import Outbox, SendOutcome
from .packet import PING, Packet, PacketType, is_over
from .polling import Polling
from .rejections import rejection_response
from .schedule import Timed
from .states import State, advance
from .upgrade import Upgrade
from .websocket import WebSocket

if TYPE_CHECKING:
    from .replies import Replies
    from .revision import Codec

__all__ = ["Hub", "Session"]


class Hub(Protocol):
    """What a session needs of the engine that holds it."""

    config: ServerConfig
    replies: Replies
    tracing: bool

    def emit(self, output: Action | Event) -> None:
        """Append an output."""

    def hang_up(self, now: float, port: Port, code: int, reason: str) -> None:
        """Close a port that no session owns any more."""

    def turn_away(self, port: Port, response: Response) -> None:
        """Refuse a port, unless it is gone already."""

    def abort(self, port: Port) -> None:
        """Drop a port."""

    def forget(self, session: Session) -> None:
        """Remove a closed session from every table."""


class Session(Timed):
    """One session.

    Attributes:
        sid: Its id.
        address: The client's address.
        codec: Its revision and encoding.
        headers: Fields for the response that opens it.
        transport: The transport that carries it.
        state: Where in its life it is.
        polling: Its HTTP requests.
        websocket: Its WebSocket, once it has one.
        upgrade: The upgrade under way, if any.
        outbox: Its send queue.
        heartbeat: Its heartbeat.
        deadline: Until the application decides, the end of that; then of the wait for the first
            request; in the end of the close.
        held: Frames that wait for a POST that outlives its transport.
        paused: Whether the handlers are behind, so that nothing is read.
        doomed: Why it will end as soon as it is open, if the client left or the application ended
            it while the application decided; why it has ended, while that still has to be told
            because messages are on their way: reason, detail and close code.
        reason: Why it ended, once it has.
        owner: The shell's own record of this session; the engine never looks at it.
        plain: Whether a WebSocket message can take the direct entries `fast_in` and `fast_out`.
    """

    __slots__ = (
        "_greeting",
        "_has_pong",
        "_short",
        "_starved",
        "address",
        "codec",
        "deadline",
        "doomed",
        "headers",
        "heartbeat",
        "held",
        "hub",
        "outbox",
        "owner",
        "paused",
        "plain",
        "polling",
        "reason",
        "sid",
        "state",
        "transport",
        "upgrade",
        "websocket",
    )

    def __init__(
        self, hub: Hub, sid: str, address: str, codec: Codec, transport: Transport, greeting: Packet
    ) -> None:
        super().__init__()
        config = hub.config
        self.hub = hub
        self.sid = sid
        self.address = address
        self.codec = codec
        self.transport = transport
        self.state = State.CONNECTING
        self.outbox = Outbox(config.send_queue_bytes, config.send_queue_packets)
        self.polling = Polling(hub.emit, self.outbox, codec, hub.replies, config)
        self.websocket: WebSocket | None = None
        self.upgrade: Upgrade | None = None
        self.heartbeat = heartbeat_for(codec.revision, config.ping_interval, config.ping_timeout)
        self.headers: tuple[Header, ...] = ()
        self.owner: Any = None
        self.reason: Reason | None = None
        self.plain = False
        self.deadline = inf
        self._greeting = greeting
        # So short that it is under the limit however many bytes a character takes; and its digit.
        self._short = config.max_payload // 4 - 1
        self.held: list[Data] | None = None
        self.paused = False
        self._starved = self._has_pong = False
        self.doomed: tuple[Reason, str, int | None] | None = None

    # -- the application's side ------------------------------------------------------------

    def ask(self, now: float) -> None:
        """The application is asked whether it accepts."""
        self.deadline = now + self.hub.config.connect_timeout

    def open(self, now: float, headers: tuple[Header, ...] = ()) -> None:
        """The application accepts: send the OPEN packet before what was sent already."""
        self.polling.welcome(self.headers + headers)
        self.state = advance(self.state, State.OPEN)
        self.hub.emit(Opened(self))
        self._trace(self._greeting, "out")
        self.outbox.put_first(self._greeting)
        self.heartbeat.start(now)
        on_polling = self.transport is Transport.POLLING
        self.deadline = now + self.hub.config.first_request_timeout if on_polling else inf
        self.refresh()
        if self.doomed is None:
            self.flush(now)
        else:
            closing.end(self, now, *self.doomed)

    def refuse(self, response: Response) -> None:
        """The application refuses, or did not decide in time: there never was a session."""
        if self.websocket is not None:
            self.hub.turn_away(self.websocket.port, self.hub.replies.uncached(response))
            # The timetable may hold the session for a while, which must not hold the connection.
            self.websocket = None
        elif self.polling.get is not None:
            exchange, self.polling.get = self.polling.get, None
            response = self.hub.replies.finish(exchange.request, response)
            self.hub.emit(Reply(exchange.ticket, response))
        self.closed()

    def vanish(self, now: float, detail: str, code: int | None = None) -> None:
        """The client of the current transport has gone."""
        if self.state is State.CONNECTING:
            self.doomed = (Reason.TRANSPORT_CLOSE, detail, code)
        else:
            closing.end(self, now, Reason.TRANSPORT_CLOSE, detail, code)

    def send(self, now: float, packet: Packet) -> SendOutcome:
        """Queue a message and hand it on if the transport can take it.

        Raises:
            MessageTooLargeError: It is over ``max_payload``, as a polling answer would be too.
            UnicodeEncodeError: Its text holds a lone surrogate, which has no form in UTF-8.
        """
        config, codec = self.hub.config, self.codec
        alone = codec.payload_size(packet) - codec.separator
        size = alone if self.transport is Transport.POLLING else packet.size
        if size > config.max_payload:
            raise MessageTooLargeError(size, config.max_payload)
        if not self.outbox.has_room(packet):
            match config.send_queue_policy:
                case "wait":
                    self._starved = True
                    return SendOutcome.FULL
                case "close":
                    closing.end(self, now, Reason.SLOW_CLIENT, "the send queue is full")
                    return SendOutcome.CLOSED
                case "drop_newest":
                    return SendOutcome.DROPPED
                case "drop_oldest" if not self.outbox.drop_oldest(packet):
                    return SendOutcome.DROPPED
        self.put(packet)
        self.flush(now)
        return SendOutcome.ACCEPTED

    def close(self, now: float, reason: Reason) -> None:
        """The application or the server ends the session."""
        if self.state is State.OPEN:
            closing.end(self, now, reason, "")
        elif self.state is State.CONNECTING and self.doomed is None:
            self.doomed = (reason, "", None)

    def pause(self, paused: bool, now: float) -> None:
        """The handlers are behind (or have caught up), so nothing is read from the client."""
        self.paused = paused
        if paused:
            self.heartbeat.pause()
        elif self.state is State.OPEN:
            self.heartbeat.resume(now)
            if self.polling.post is not None and self.polling.post_deadline == inf:
                requests.read_body(self, now, self.polling.post)

    # -- the client's side -----------------------------------------------------------------

    def frame(self, now: float, data: Data) -> None:
        """A WebSocket message arrived on the port that carries the session."""
        if self.held is not None:
            upgrade.hold(self, now, data)
            return
        if self.state is not State.OPEN:
            return
        if is_over(data, self.hub.config.max_payload):
            closing.end(self, now, Reason.PAYLOAD_TOO_LARGE, "a WebSocket message over max_payload")
            return
        try:
            packet = self.codec.decode_frame(data)
        except PacketError as error:
            closing.end(self, now, Reason.PARSE_ERROR, str(error))
            return
        self.receive(now, packet)

    def fast_in(self, data: Data) -> Data | None:
        """Return the message in a frame of an EIO 4 session, or None where `frame` must look.

        The direct entry of the hot path: nothing here that `frame` would not do the same way.
        """
        if not self.plain or len(data) > self._short:
            return None
        if isinstance(data, str):
            if data[:1] != "4":
                return None
            data = data[1:]
        self.heartbeat.heard = True
        return data

    def fast_out(self, data: Data) -> Data | None:
        """Return the frame of a message that may be written at once, or None to use `send`.

        The caller writes it and, unless the port took it at once, calls `Engine.blocked`.

        Raises:
            UnicodeEncodeError: As for `send`.
        """
        websocket = self.websocket
        # A port that is not busy has taken all that was queued, so nothing can be overtaken.
        if not self.plain or websocket is None or websocket.busy or len(data) > self._short:
            return None
        if isinstance(data, bytes):
            return data
        if not data.isascii():
            # A lone surrogate must fail here, as in `send`, and not in the middle of a write.
            data.encode()
        return "4" + data

    # -- time and transports ---------------------------------------------------------------

    def attach(self, port: Port) -> WebSocket:
        """Carry the session over ``port`` from now on."""
        timeout = self.hub.config.write_timeout
        self.websocket = WebSocket(self.hub.emit, self.outbox, self.codec, port, timeout)
        return self.websocket

    def due(self) -> float:
        """Return when `tick` is due."""
        due = min(self.deadline, self.heartbeat.deadline, self.polling.post_deadline)
        if self.websocket is not None:
            due = min(due, self.websocket.deadline)
        if self.upgrade is not None:
            due = min(due, self.upgrade.deadline, self.upgrade.noop_due)
        return due

    def tick(self, now: float) -> None:
        """Do what is due at ``now``; the most final thing first."""
        if self.deadline <= now:
            self._expire(now)
        elif self.websocket is not None and self.websocket.deadline <= now:
            closing.end(self, now, Reason.SLOW_CLIENT, "a write was not accepted in time")
        elif self.polling.post_deadline <= now:
            requests.expire_post(self, now)
        else:
            upgrade.tick(self, now)
            if self.heartbeat.deadline <= now:
                self._beat(now)

    def _beat(self, now: float) -> None:
        # A WebSocket that is gone or takes nothing is found out by the write of the next ping; a
        # polling client, in the worst case one that only posts, must keep asking for its pings.
        self.heartbeat.alive |= self.websocket is not None or self.polling.get is not None
        match self.heartbeat.tick(now):
            case Beat.PING:
                self.put(PING)
                self.flush(now)
            case Beat.TIMEOUT:
                closing.end(self, now, Reason.PING_TIMEOUT, "no heartbeat from the client")

    def _expire(self, now: float) -> None:
        if self.state is State.CONNECTING:
            self.refuse(rejection_response(rejections.CONNECT_TIMEOUT))
        elif self.state is State.CLOSING:
            closing.drop(self)
        else:
            closing.end(self, now, Reason.PING_TIMEOUT, "no request after the handshake")

    def flush(self, now: float) -> None:
        """Hand queued packets to the transport if it can take them."""
        if self.state is State.CONNECTING:
            return
        if self.transport is Transport.POLLING:
            self.polling.flush()
            if self.upgrade is not None and self.polling.get is None:
                self.upgrade.released()
        else:
            assert self.websocket is not None, "its transport says so"
            self.websocket.flush(now)
        if self.state is State.CLOSING and not len(self.outbox):
            closing.finish(self, now)

    def drained(self, now: float) -> None:
        """The WebSocket has accepted what was written."""
        assert self.websocket is not None, "the engine knows whose port it is"
        self.websocket.drained()
        self._went_out()
        self.flush(now)

    def blocked(self, now: float, data: Data) -> None:
        """The frame of a message from `fast_out` is on its way, and `drained` will follow."""
        assert self.websocket is not None, "it has made the frame"
        # From here on this is a message like any other: undelivered until the port has taken it.
        self.outbox.lend(Packet(PacketType.MESSAGE, data))
        self.websocket.block(now)

    def answered(self, now: float) -> None:
        """The client has got the answer to its last poll, if that is not known already."""
        if self.polling.confirm():
            self._went_out()
        self.flush(now)

    def _went_out(self) -> None:
        """A transport has accepted what it was lent."""
        self._has_pong = self._has_pong and self.outbox.holds(PacketType.PONG)
        if self._starved and self.state is State.OPEN:
            self._starved = False
            self.hub.emit(Drained(self))

    # -- inside ----------------------------------------------------------------------------

    def receive(self, now: float, packet: Packet) -> None:
        """Do what a packet of an open session asks for, whatever transport brought it."""
        self.heartbeat.heard = True
        self._trace(packet, "in")
        match packet.type:
            case PacketType.MESSAGE:
                self.hub.emit(MessageReceived(self, packet.data))
            case PacketType.PONG if self.heartbeat.answered(now):
                self.hub.emit(HeartbeatReceived(self))
            case PacketType.PING if self.heartbeat.pinged(now):
                self.hub.emit(HeartbeatReceived(self))
                self._pong(now, packet.data)
            case PacketType.CLOSE:
                closing.end(self, now, Reason.CLIENT_DISCONNECT, "")
            case PacketType.NOOP:
                pass
            case _:
                # "Wrong-type packets from a client = invalid, close the session; on 0/5 too."
                name = packet.type.name
                closing.end(self, now, Reason.TRANSPORT_ERROR, f"a client may not send {name} here")

    def _pong(self, now: float, data: Data) -> None:
        # A client that sends pings and reads nothing must not fill the queue (faults.md F-55).
        if self._has_pong and self.outbox.waiting:
            return
        self._has_pong = True
        # "Spec says pong repeats the ping data."
        self.put(Packet(PacketType.PONG, data))
        self.flush(now)

    def put(self, packet: Packet) -> None:
        """Queue a packet, whatever the limits say."""
        self._trace(packet, "out")
        self.outbox.put(packet)

    def touch(self) -> None:
        """Take note of a request with this sid."""
        # The client knows its sid, so the handshake was no flood (faults.md F-13).
        if self.state is State.OPEN:
            self.deadline = inf

    def refresh(self) -> None:
        """Work out `plain` after a change of what it depends on."""
        self.plain = (
            self.state is State.OPEN
            and self.transport is Transport.WEBSOCKET
            and self.codec.revision is Revision.V4
            and self.held is None
            and not self.hub.tracing
        )

    def _trace(self, packet: Packet, direction: Literal["in", "out"]) -> None:
        if self.hub.tracing:
            self.hub.emit(PacketTraced(self, packet, direction))

    # -- the end ---------------------------------------------------------------------------

    def closed(self) -> None:
        """Nothing is left to do (for ``closing``)."""
        self.state = advance(self.state, State.CLOSED)
        self.deadline = inf
        self.outbox.clear()
        self.hub.forget(self)
