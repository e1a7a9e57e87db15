"""The engine: every Engine.IO decision of one server, without I/O, clock or lock.

Inputs are method calls named for what happened, with ``now`` (seconds on a monotonic clock) first.
After each input the shell takes what stands in `Engine.outputs`, in order, and carries it out;
then it asks `Engine.deadline` and calls `Engine.tick` at that time. What lives here: the tables of
sessions, tickets and ports, and the checks of a request. What happens inside one session is in
``session``.
"""

from __future__ import annotations

from collections import Counter, deque

from ..config import ServerConfig
from ..errors import BodyError, BodyTooLarge, UnknownSessionError
from ..http.cookie import SessionCookie
from ..http.cors import CorsPolicy
from ..http.forwarded import Client
from ..http.request import Request
from ..http.response import Header, Response
from ..types import Data, Reason, Transport
from . import closing, rejections, requests, upgrade
from .actions import Abort, Accept, Action, Hangup, Port, Refuse, Reply, Ticket
from .admission import Admission, Admitted, Verdict, passed
from .closing import ClosingPort
from .events import Connecting, Event, RequestRejected
from .handshake import Query, first_headers, open_packet, requested_revision
from .outbox import SendOutcome
from .packet import Packet
from .polling import Exchange
from .rejections import Rejected
from .replies import Replies
from .revision import codec_for
from .schedule import Schedule
from .session import Session
from .sid import generate_sid
from .states import State

__all__ = ["Engine"]


class Engine:
    """All sessions of one server.

    Args:
        config: The options.

    Attributes:
        outputs: What the shell has to do next, oldest first; the shell removes what it takes.
        sessions: Every session that is not closed, by sid.
        tracing: Whether `PacketTraced` is emitted; set it before the first session.
        stopping: Whether `shutdown` was called.
    """

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.outputs: deque[Action | Event] = deque()
        self.sessions: dict[str, Session] = {}
        self.tracing = False
        self.stopping = False
        self._cors = CorsPolicy.build(config.cors_allowed_origins, config.cors_credentials)
        self._admission = Admission(config, self._cors)
        self._cookie = SessionCookie.build(config.cookie)
        self.replies = Replies(config, self._cors)
        self._schedule = Schedule()
        self._tickets: dict[Ticket, Session] = {}
        self._ports: dict[Port, Session] = {}
        self._closing: dict[Port, ClosingPort] = {}
        self._addresses: Counter[str] = Counter()

    # -- requests --------------------------------------------------------------------------

    def admit(self, request: Request) -> Verdict:
        """Return what a request asks for, or why it is refused.

        All functions of the application that the engine calls are called here, and nothing is
        changed: a shell that guards its engine with a lock calls this without it, and passes the
        result on to `http` or `websocket_open`.
        """
        return self._admission.admit(request, self.sessions)

    def http(
        self, now: float, request: Request, ticket: Ticket, admitted: Verdict | None = None
    ) -> None:
        """An HTTP request arrived. Then carry out the outputs.

        Sooner or later there is one `Reply` for ``ticket``, perhaps after a `ReadBody`.

        Args:
            now: The time.
            request: The request.
            ticket: What stands for it.
            admitted: What `admit` returned, if the shell has called it already.
        """
        if request.method == "OPTIONS":
            self.emit(Reply(ticket, self.replies.preflight(request)))
            return
        try:
            self._route(now, request, ticket, passed(admitted or self.admit(request)))
        except Rejected as rejected:
            self._note(request, rejected)
            self.emit(Reply(ticket, self.replies.rejection(request, rejected.rejection)))

    def body(self, now: float, ticket: Ticket, body: bytes) -> None:
        """The body asked for with `ReadBody` is complete. Then carry out the outputs."""
        session = self._tickets.get(ticket)
        if session is not None:
            requests.body(session, now, body)
            self._settle(session)

    def body_failed(self, now: float, ticket: Ticket, error: BodyError) -> None:
        """The body asked for with `ReadBody` could not be read. Then carry out the outputs."""
        if (session := self._tickets.get(ticket)) is None:
            return
        if isinstance(error, BodyTooLarge):
            reason, rejection = Reason.PAYLOAD_TOO_LARGE, rejections.BODY_TOO_LARGE
        else:
            reason, rejection = Reason.TRANSPORT_ERROR, rejections.BODY_ABORTED
        requests.fail_post(session, now, reason, rejection, str(error) or rejection.context)
        self._settle(session)

    def replied(self, now: float, ticket: Ticket, accepted: bool) -> None:
        """A `Reply` with ``confirm`` was written, or could not be. Then carry out the outputs."""
        session = self._tickets.pop(ticket, None)
        if session is not None and session.polling.unconfirmed == ticket:
            requests.confirmed(session, now, accepted)
            self._settle(session)

    def http_closed(self, now: float, ticket: Ticket) -> None:
        """The client of an unanswered request went away. Then carry out the outputs.

        "A held GET whose connection the client drops: close the session."
        """
        session = self._tickets.pop(ticket, None)
        if session is not None:
            requests.abandon(session, now, ticket)
            self._settle(session)

    # -- WebSockets ------------------------------------------------------------------------

    def websocket_open(
        self, now: float, request: Request, port: Port, admitted: Verdict | None = None
    ) -> None:
        """A WebSocket wants to open. Then carry out the outputs.

        Sooner or later there is one `Accept` or `Refuse` for ``port``.

        Args:
            now: The time.
            request: The request.
            port: What stands for the WebSocket.
            admitted: What `admit` returned, if the shell has called it already.
        """
        try:
            self._open_websocket(now, request, port, passed(admitted or self.admit(request)))
        except Rejected as rejected:
            self._note(request, rejected)
            self.emit(Refuse(port, self.replies.rejection(request, rejected.rejection)))

    def websocket_data(self, now: float, port: Port, data: Data) -> None:
        """A WebSocket message arrived. Then carry out the outputs."""
        session = self._ports.get(port)
        if session is None:
            return
        if session.upgrade is not None and session.upgrade.port == port:
            upgrade.probe(session, now, data)
        else:
            session.frame(now, data)
        self._settle(session)

    def websocket_too_big(self, now: float, port: Port) -> None:
        """A WebSocket message over ``max_payload`` begins. Then carry out the outputs.

        For gateways that read no further than its length; others pass the message on.
        """
        if (session := self._ports.get(port)) is not None:
            closing.too_big(session, now, port)
            self._settle(session)

    def websocket_failed(self, now: float, port: Port, code: int, detail: str) -> None:
        """A WebSocket got what it cannot take. Then carry out the outputs.

        It closes itself, and `websocket_closed` follows. A failed probe leaves polling untouched.

        Args:
            now: The time.
            port: The WebSocket.
            code: The close code that it chose (RFC 6455 section 7.4.1).
            detail: What was wrong, for people.
        """
        if (session := self._ports.get(port)) is not None and session.upgrade is None:
            closing.end(session, now, closing.failure(code), detail)
            self._settle(session)

    def websocket_closed(
        self, now: float, port: Port, code: int | None = None, detail: str = ""
    ) -> None:
        """A WebSocket is gone, for whatever reason. Then carry out the outputs.

        Args:
            now: The time.
            port: The WebSocket.
            code: The close code the peer sent, if it did.
            detail: The reason the peer gave, for people.
        """
        handshake = self._closing.pop(port, None)
        if handshake is not None:
            self._schedule.discard(handshake)
        session = self._ports.pop(port, None)
        if session is None:
            return
        if session.upgrade is not None and session.upgrade.port == port:
            session.upgrade = None
        else:
            session.vanish(now, detail, code)
        self._settle(session)

    def drained(self, now: float, port: Port) -> None:
        """A port carried out `Accept` or a `Write`. Then carry out the outputs."""
        session = self._ports.get(port)
        if session is None:
            return
        if session.upgrade is not None and session.upgrade.port == port:
            session.upgrade.busy = False
        else:
            session.drained(now)
        self._settle(session)

    # -- the direct entries of the hot path: Session.fast_in, Session.fast_out -------------

    def blocked(self, now: float, session: Session, data: Data) -> None:
        """The frame of a message was not taken at once: `drained` will follow."""
        session.blocked(now, data)
        self._settle(session)

    # -- the application -------------------------------------------------------------------

    def accept(self, now: float, session: Session, headers: tuple[Header, ...] = ()) -> bool:
        """The application accepts. Then carry out the outputs.

        Args:
            now: The time.
            session: The session.
            headers: Fields for the answer that opens it.

        Returns:
            False if the session ended first.
        """
        if session.state is not State.CONNECTING:
            return False
        if session.websocket is not None and session.websocket.port in self._ports:
            self.emit(Accept(session.websocket.port, session.headers + headers, True))
        session.open(now, headers)
        self._settle(session)
        return True

    def refuse(self, now: float, session: Session, response: Response) -> None:
        """The application refuses with ``response``. Then carry out the outputs."""
        if session.state is State.CONNECTING:
            session.refuse(response)

    def session(self, sid: str) -> Session:
        """Return the session that an application may send to.

        Raises:
            UnknownSessionError: There is none, or it has ended.
        """
        session = self.sessions.get(sid)
        if session is None or session.state not in (State.CONNECTING, State.OPEN):
            raise UnknownSessionError
        return session

    def send(self, now: float, session: Session, packet: Packet) -> SendOutcome:
        """Queue a message. Then carry out the outputs.

        Raises:
            MessageTooLargeError: It can never be delivered.
            UnicodeEncodeError: Its text holds a lone surrogate, which has no form in UTF-8.
        """
        if session.state not in (State.CONNECTING, State.OPEN):
            return SendOutcome.CLOSED
        outcome = session.send(now, packet)
        if session.websocket is not None:
            # A write has a deadline; a packet that waits for a poll has none.
            self._settle(session)
        return outcome

    def close(self, now: float, session: Session, reason: Reason) -> None:
        """End a session: now, or once the application has accepted it. Then carry out the outputs.

        Nothing happens to one that has ended already.
        """
        session.close(now, reason)
        self._settle(session)

    def pause(self, now: float, session: Session, paused: bool) -> None:
        """The handlers of a session are behind, or have caught up. Then carry out the outputs."""
        session.pause(paused, now)
        self._settle(session)

    def shutdown(self, now: float) -> None:
        """Refuse new sessions and end all others. Then carry out the outputs until `idle`."""
        self.stopping = True
        for session in list(self.sessions.values()):
            if session.state is State.CONNECTING:
                session.refuse(rejections.rejection_response(rejections.SHUTTING_DOWN))
            else:
                self.close(now, session, Reason.SERVER_SHUTDOWN)

    def restart(self) -> None:
        """Take new sessions again after `shutdown`."""
        self.stopping = False

    @property
    def idle(self) -> bool:
        """Whether no session and no closing port is left."""
        return not self.sessions and not self._closing

    # -- questions -------------------------------------------------------------------------

    def session_of(self, port: Port) -> Session | None:
        """Return the session that a port belongs to, or wants to take over."""
        return self._ports.get(port)

    def is_upgrading(self, port: Port) -> bool:
        """Whether a port wants to take over a session that exists already."""
        session = self._ports.get(port)
        return session is not None and session.upgrade is not None

    def open_ports(self) -> list[Port]:
        """Return every port that has not been closed."""
        return [*self._ports, *self._closing]

    # -- time ------------------------------------------------------------------------------

    def deadline(self) -> float | None:
        """Return when `tick` must be called, or None."""
        return self._schedule.deadline()

    def tick(self, now: float) -> None:
        """Do everything that is due. Then carry out the outputs."""
        for item in self._schedule.expired(now):
            item.tick(now)
            if isinstance(item, Session):
                self._settle(item)

    # -- inside ----------------------------------------------------------------------------

    def emit(self, output: Action | Event) -> None:
        """Append an output (for the sessions)."""
        if isinstance(output, Reply) and not output.confirm:
            self._tickets.pop(output.ticket, None)
        self.outputs.append(output)

    def hang_up(self, now: float, port: Port, code: int, reason: str) -> None:
        """Close a port that no session owns any more (for the sessions)."""
        self._ports.pop(port, None)
        handshake = ClosingPort(port, now + self.config.close_timeout, self.abort)
        self._closing[port] = handshake
        self._schedule.update(handshake)
        self.emit(Hangup(port, code, reason))

    def turn_away(self, port: Port, response: Response) -> None:
        """Refuse a port, unless it is gone already (for the sessions)."""
        if self._ports.pop(port, None) is not None:
            self.emit(Refuse(port, response))

    def abort(self, port: Port) -> None:
        """Drop a port (for the sessions)."""
        self._ports.pop(port, None)
        self._closing.pop(port, None)
        self.emit(Abort(port))

    def forget(self, session: Session) -> None:
        """Remove a closed session from the tables (for the sessions)."""
        del self.sessions[session.sid]
        self._schedule.discard(session)
        self._addresses[session.address] -= 1
        if not self._addresses[session.address]:
            del self._addresses[session.address]

    def _settle(self, session: Session) -> None:
        if session.state is not State.CLOSED:
            self._schedule.update(session)

    def _note(self, request: Request, rejected: Rejected) -> None:
        why = rejected.rejection
        told = (why.code, why.message, why.context, rejected.__cause__)
        self.emit(RequestRejected(request, *told))

    def _route(self, now: float, request: Request, ticket: Ticket, admitted: Admitted) -> None:
        query = admitted.query
        if query.sid is None:
            if request.method != "GET":
                raise Rejected(rejections.BAD_METHOD)
            if query.transport is not Transport.POLLING:
                raise Rejected(rejections.WEBSOCKET_EXPECTED)
            session = self._create(request, admitted)
            self._tickets[ticket] = session
            session.polling.get = Exchange(ticket, request, query.jsonp, True)
            self._ask(now, session, request)
            return
        session = self._find(query)
        if query.transport is not Transport.POLLING:
            raise Rejected(rejections.WEBSOCKET_EXPECTED)
        if session.transport is not Transport.POLLING:
            raise Rejected(rejections.TRANSPORT_MISMATCH)
        exchange = Exchange(ticket, request, query.jsonp)
        if request.method not in ("GET", "POST"):
            raise Rejected(rejections.INVALID_METHOD)
        if request.method == "POST" and session.state is not State.OPEN:
            raise Rejected(rejections.SESSION_UNKNOWN)
        self._tickets[ticket] = session
        if request.method == "GET":
            requests.poll(session, now, exchange)
        else:
            requests.post(session, now, exchange)
        self._settle(session)

    def _open_websocket(self, now: float, request: Request, port: Port, admitted: Admitted) -> None:
        query = admitted.query
        if query.sid is None:
            if query.transport is not Transport.WEBSOCKET:
                raise Rejected(rejections.TRANSPORT_MISMATCH)
            session = self._create(request, admitted)
            self._ports[port] = session
            session.attach(port)
            self._ask(now, session, request)
            return
        session = self._find(query)
        if query.transport is not Transport.WEBSOCKET:
            raise Rejected(rejections.TRANSPORT_MISMATCH)
        # "Refuse if unknown, already upgrading, already upgraded, or EIO differs."
        if (
            session.state is not State.OPEN
            or session.transport is not Transport.POLLING
            or session.upgrade is not None
            or not self.config.allow_upgrades
        ):
            raise Rejected(rejections.UPGRADE_REFUSED)
        self._ports[port] = session
        upgrade.begin(session, now, port)
        self.emit(Accept(port))
        self._settle(session)

    def _find(self, query: Query) -> Session:
        session = self.sessions.get(query.sid or "")
        # A client cannot know the sid of a session that the application has not accepted.
        if session is None or session.state is State.CONNECTING:
            raise Rejected(rejections.SESSION_UNKNOWN)
        if query.revision is not session.codec.revision:
            raise Rejected(rejections.PROTOCOL_MISMATCH)
        return session

    def _create(self, request: Request, admitted: Admitted) -> Session:
        query, client = admitted.query, admitted.client
        revision = requested_revision(query, self.config)
        if self.stopping:
            raise Rejected(rejections.SHUTTING_DOWN)
        self._check_capacity(client)
        sid = admitted.sid or generate_sid()
        if sid in self.sessions:
            raise Rejected(rejections.ID_GENERATION)
        codec = codec_for(revision, base64=query.base64)
        greeting = open_packet(sid, query.transport, self.config, upgrade=request.websockets)
        session = Session(self, sid, client.address, codec, query.transport, greeting)
        session.headers = first_headers(self._cookie, sid, client)
        self.sessions[sid] = session
        self._addresses[client.address] += 1
        return session

    def _check_capacity(self, client: Client) -> None:
        most, most_here = self.config.max_sessions, self.config.max_sessions_per_address
        full = most is not None and len(self.sessions) >= most
        if full or (most_here is not None and self._addresses[client.address] >= most_here):
            raise Rejected(rejections.OVERLOADED)

    def _ask(self, now: float, session: Session, request: Request) -> None:
        session.ask(now)
        self._settle(session)
        self.emit(Connecting(session, request))
