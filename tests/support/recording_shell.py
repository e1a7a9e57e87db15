"""A shell for tests: the test says what happens and when, and reads what came of it.

Lives here: carrying out the outputs of one engine at once, a record of them, and a check of every
one against the engine's contract, whatever a test looks at. Nothing here knows what a packet means.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from engineio.config import ServerConfig
from engineio.errors import BodyAborted, BodyError
from engineio.http.request import Headers, Request
from engineio.http.response import Response, json_response
from engineio.protocol.actions import Abort, Accept, Action, Hangup, ReadBody, Refuse, Reply, Write
from engineio.protocol.engine import Engine
from engineio.protocol.events import Connecting, Disconnected, Event, MessageReceived
from engineio.protocol.outbox import SendOutcome
from engineio.protocol.packet import Packet, PacketType
from engineio.protocol.session import Session
from engineio.types import Data, DisconnectInfo, Reason

__all__ = ["Call", "RecordingShell", "Socket"]

# More ticks than this at one moment mean that a deadline is not met by its tick.
_MOST_TICKS = 100


class Call:
    """One HTTP request as its client sees it; the engine gets it as the ticket.

    Attributes:
        request: Its head.
        reply: The answer, once there is one.
        limit: How many bytes of its body were asked for, once they were.
        is_gone: Whether the client went away.
        is_unconfirmed: Whether the engine waits to hear how writing the answer went.
    """

    def __init__(self, shell: RecordingShell, request: Request) -> None:
        self._shell = shell
        self.request = request
        self.reply: Reply | None = None
        self.limit: int | None = None
        self.is_gone = False
        self.is_unconfirmed = False

    @property
    def is_waiting(self) -> bool:
        """Whether the client is still there and has no answer."""
        return self.reply is None and not self.is_gone

    @property
    def response(self) -> Response:
        assert self.reply is not None, "there is no answer yet"
        return self.reply.response

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def body(self) -> bytes:
        return self.response.body

    @property
    def error(self) -> tuple[int, int, str]:
        """Status, code and message of a refusal."""
        value = json.loads(self.body)
        return self.status, value["code"], value["message"]

    def header(self, name: str) -> str | None:
        """The one value of a response header."""
        return _header(self.response, name)

    def upload(self, body: bytes) -> None:
        """The body arrives whole."""
        assert self.limit is not None, "nobody asked for the body"
        self._shell.run(self._shell.engine.body, self, body)

    def fail(self, error: BodyError) -> None:
        """The body cannot be read."""
        self._shell.run(self._shell.engine.body_failed, self, error)

    def drop(self) -> None:
        """The client goes away: while its body is read, the reader is the first to notice."""
        if self.limit is not None:
            self.fail(BodyAborted("cut off"))
        else:
            self.is_gone = True
            self._shell.run(self._shell.engine.http_closed, self)

    def written(self, accepted: bool = True) -> None:
        """The answer was written, or could not be."""
        assert self.is_unconfirmed, "nobody wants to know"
        self.is_unconfirmed = False
        self._shell.run(self._shell.engine.replied, self, accepted)


class Socket:
    """One WebSocket as its client sees it; the engine gets it as the port.

    Attributes:
        request: The request that opened it.
        decision: `Accept` or `Refuse`, once it is made.
        frames: What was written to it.
        is_writing: Whether the engine waits for `drained`.
        hangup: The close, once the server began it.
        is_aborted: Whether the server dropped the connection.
        is_gone: Whether there is nobody left to tell anything.
        session: The session it belongs to, as far as the direct entries are concerned.
    """

    def __init__(self, shell: RecordingShell, request: Request) -> None:
        self._shell = shell
        self.request = request
        self.decision: Accept | Refuse | None = None
        self.frames: list[Data] = []
        self.is_writing = False
        self.hangup: Hangup | None = None
        self.is_aborted = False
        self.is_gone = False
        self._was_opened = False
        self.session: Session | None = None

    @property
    def is_accepted(self) -> bool:
        return isinstance(self.decision, Accept)

    @property
    def is_open(self) -> bool:
        """Whether the client can still send what the server will look at."""
        return self.is_accepted and self.hangup is None and not self.is_gone

    @property
    def is_ready(self) -> bool:
        """Whether the client can send: it is open, and has taken its acceptance."""
        return self.is_open and self._was_opened

    @property
    def sid(self) -> str:
        """The id of the session it opened."""
        first = self.frames[0]
        assert isinstance(first, str)
        sid = json.loads(first[1:])["sid"]
        assert isinstance(sid, str)
        return sid

    @property
    def close_code(self) -> int | None:
        return None if self.hangup is None else self.hangup.code

    @property
    def error(self) -> tuple[int, int, str]:
        """Status, code and message of a refusal."""
        assert isinstance(self.decision, Refuse)
        value = json.loads(self.decision.response.body)
        return self.decision.response.status, value["code"], value["message"]

    def header(self, name: str) -> str | None:
        """The one value of a response header of the refusal."""
        assert isinstance(self.decision, Refuse)
        return _header(self.decision.response, name)

    def take(self) -> list[Data]:
        """Return what was written since the last time."""
        frames, self.frames = self.frames, []
        return frames

    def send(self, *frames: Data) -> None:
        """The client sends messages."""
        for frame in frames:
            self._shell.receive(self, frame)

    def too_big(self) -> None:
        """The client begins a message over the limit, and its gateway reads no further."""
        self._shell.run(self._shell.engine.websocket_too_big, self)

    def close(self, code: int | None = None, detail: str = "") -> None:
        """The connection is gone, for whatever reason."""
        self.is_gone = True
        self._shell.run(self._shell.engine.websocket_closed, self, code, detail)

    def fail(self, code: int, detail: str = "") -> None:
        """The port got what it cannot take, and is about to close itself."""
        self._shell.run(self._shell.engine.websocket_failed, self, code, detail)

    def drained(self) -> None:
        """The port has taken what it was given."""
        assert self.is_writing, "nobody wants to know"
        self.is_writing = False
        self._was_opened = True
        self._shell.run(self._shell.engine.drained, self)


class RecordingShell:
    """One engine, and the test in the place of everything around it.

    Unless a test says otherwise the network takes all at once and the application accepts everyone.

    Args:
        direct: Whether messages take the direct entries of the hot path, where they can.
        options: The options of the server.

    Attributes:
        now: The time in seconds.
        is_prompt: Whether the network takes writes and answers at once.
        accepts: Whether the application accepts new sessions at once.
        log: All outputs, oldest first.
        sessions: Every session that ever asked to come in, by sid.
    """

    def __init__(self, *, direct: bool = True, **options: Any) -> None:
        self.engine = Engine(ServerConfig.build(options))
        self.direct = direct
        self.now = 1000.0
        self.is_prompt = True
        self.accepts = True
        self.log: list[Action | Event] = []
        self.sessions: dict[str, Session] = {}
        self._accepted: set[str] = set()
        self._ended: dict[str, DisconnectInfo] = {}
        self._messages: dict[str, list[Data]] = {}
        self._running = False

    # -- time ------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Time passes, and the timer goes off whenever it is due."""
        until = self.now + seconds
        ticks = 0
        while (due := self.engine.deadline()) is not None and due <= until:
            ticks = 0 if due > self.now else ticks + 1
            assert ticks < _MOST_TICKS, "a deadline stays in the past"
            self.now = max(self.now, due)
            self.run(self.engine.tick)
        self.now = until

    def sleep(self, seconds: float) -> None:
        """The process is stopped for a while, and its timer goes off late."""
        self.now += seconds
        self.run(self.engine.tick)

    # -- HTTP ------------------------------------------------------------------------------

    def call(
        self, method: str, query: str, headers: Iterable[tuple[str, str]] = (), **head: Any
    ) -> Call:
        """A request arrives; its query is given as on the wire."""
        # Browsers say so of a page's own scripts, and JSONP is served to no others.
        headers = [("sec-fetch-site", "same-origin"), *headers]
        request = Request(method, "/engine.io/", query, Headers(headers), **head)
        call = Call(self, request)
        self.run(self.engine.http, request, call)
        return call

    def get(self, sid: str, query: str = "EIO=4") -> Call:
        """A client polls."""
        return self.call("GET", f"transport=polling&sid={sid}&{query}")

    def post(self, sid: str, body: bytes, query: str = "EIO=4", content_type: str = "") -> Call:
        """A client posts, and its body is there as soon as it is asked for."""
        call = self.start_post(sid, query, content_type)
        if call.limit is not None and call.is_waiting:
            call.upload(body)
        return call

    def start_post(self, sid: str, query: str = "EIO=4", content_type: str = "") -> Call:
        """A client posts, and its body takes its time."""
        headers = [("content-type", content_type)] if content_type else []
        return self.call("POST", f"transport=polling&sid={sid}&{query}", headers)

    def open_polling(self, query: str = "EIO=4") -> str:
        """A client comes in by polling; return its sid."""
        call = self.call("GET", f"transport=polling&{query}")
        assert call.status == 200, call.body
        return list(self.sessions)[-1]

    # -- WebSockets ------------------------------------------------------------------------

    def socket(self, query: str, headers: Iterable[tuple[str, str]] = (), **head: Any) -> Socket:
        """A WebSocket wants to open; its query is given as on the wire."""
        request = Request("GET", "/engine.io/", query, Headers(headers), **head)
        socket = Socket(self, request)
        self.run(self.engine.websocket_open, request, socket)
        return socket

    def open_websocket(self, query: str = "EIO=4") -> Socket:
        """A client comes in by WebSocket; its OPEN packet is the first of its frames."""
        socket = self.socket(f"transport=websocket&{query}")
        assert socket.is_accepted, socket.decision
        return socket

    def begin_upgrade(self, sid: str, query: str = "EIO=4") -> Socket:
        """A client opens a WebSocket for the session it has."""
        return self.socket(f"transport=websocket&sid={sid}&{query}")

    def upgrade(self, sid: str, query: str = "EIO=4") -> Socket:
        """A client moves to a WebSocket; nothing of the upgrade is left in its frames."""
        socket = self.begin_upgrade(sid, query)
        socket.send("2probe", "5")
        assert socket.take()[:1] == ["3probe"]
        return socket

    def receive(self, socket: Socket, frame: Data) -> None:
        """A frame arrives."""
        if self.direct and socket.session is not None:
            message = socket.session.fast_in(frame)
            if message is not None:
                self._record(MessageReceived(socket.session, message))
                return
        self.run(self.engine.websocket_data, socket, frame)

    # -- the application -------------------------------------------------------------------

    def accept(self, sid: str) -> bool:
        """The application accepts."""
        session = self.sessions[sid]
        # Known before what follows from it comes out.
        self._accepted.add(sid)
        accepted = self.run(self.engine.accept, session)
        if not accepted:
            self._accepted.discard(sid)
        return bool(accepted)

    def refuse(self, sid: str, status: int = 401) -> None:
        """The application refuses."""
        response = json_response(status, "Unauthorized")
        self.run(self.engine.refuse, self.sessions[sid], response)

    def send(self, sid: str, data: Data) -> SendOutcome:
        """The application sends a message."""
        session = self.sessions[sid]
        frame = session.fast_out(data) if self.direct else None
        if frame is None or session.websocket is None:
            outcome = self.run(self.engine.send, session, Packet(PacketType.MESSAGE, data))
            assert isinstance(outcome, SendOutcome)
            return outcome
        socket = session.websocket.port
        assert isinstance(socket, Socket)
        output = Write(socket, [frame])
        self.log.append(output)
        self._write(socket, output)
        if self.is_prompt:
            socket.is_writing = False
        else:
            self.run(self.engine.blocked, session, data)
        return SendOutcome.ACCEPTED

    def close(self, sid: str, reason: Reason = Reason.SERVER_DISCONNECT) -> None:
        """The application ends a session."""
        self.run(self.engine.close, self.sessions[sid], reason)

    def pause(self, sid: str, paused: bool = True) -> None:
        """The handlers of a session are behind, or have caught up."""
        self.run(self.engine.pause, self.sessions[sid], paused)

    def shutdown(self) -> None:
        """The server stops."""
        self.run(self.engine.shutdown)

    # -- the record ------------------------------------------------------------------------

    def messages(self, sid: str) -> list[Data]:
        """What the application has received from a session."""
        return self._messages.get(sid, [])

    def end(self, sid: str) -> DisconnectInfo | None:
        """How a session ended, None for one that has not."""
        return self._ended.get(sid)

    def reason(self, sid: str) -> Reason | None:
        """Why a session ended, None for one that has not."""
        info = self._ended.get(sid)
        return None if info is None else info.reason

    def is_accepted(self, sid: str) -> bool:
        """Whether the application has ever had a session."""
        return sid in self._accepted

    def is_open(self, sid: str) -> bool:
        """Whether the application has a session."""
        return sid in self._accepted and sid not in self._ended

    def seen(self, kind: type[Any]) -> list[Any]:
        """All outputs of one kind."""
        return [output for output in self.log if isinstance(output, kind)]

    # -- carrying out ----------------------------------------------------------------------

    def run(self, entry: Any, *args: Any) -> Any:
        """Call an input of the engine and carry out what comes of it."""
        result = entry(self.now, *args)
        if not self._running:
            self._running = True
            try:
                while self.engine.outputs:
                    self._record(self.engine.outputs.popleft())
            finally:
                self._running = False
        return result

    def _write(self, socket: Socket, output: Write) -> None:
        assert socket.is_open, f"a write to nobody: {output}"
        assert not socket.is_writing, "two writes at once"
        assert output.frames, "a write of nothing"
        socket.is_writing = True
        socket.frames += output.frames

    def _record(self, output: Action | Event) -> None:
        self.log.append(output)
        match output:
            case Reply(Call() as call, _, confirm):
                assert call.is_waiting, f"an answer to nobody: {output}"
                call.reply = output
                call.is_unconfirmed = confirm
                if confirm and self.is_prompt:
                    call.written()
            case ReadBody(Call() as call, limit):
                assert call.is_waiting, f"a body of nobody: {output}"
                assert call.limit is None, "a body can be read only once"
                call.limit = limit
            case Accept(Socket() as socket) | Refuse(Socket() as socket):
                self._decide(socket, output)
            case Write(Socket() as socket):
                self._write(socket, output)
                if self.is_prompt:
                    socket.drained()
            case Hangup(Socket() as socket):
                assert socket.is_open, f"a close to nobody: {output}"
                socket.hangup = output
                socket.session = None
            case Abort(Socket() as socket):
                assert socket.is_accepted, f"an abort of nobody: {output}"
                assert not socket.is_gone, f"an abort of nobody: {output}"
                socket.is_gone = socket.is_aborted = True
            case _:
                self._notice(output)

    def _decide(self, socket: Socket, decision: Accept | Refuse) -> None:
        assert socket.decision is None, f"two decisions: {socket.decision}, {decision}"
        assert not socket.is_gone, f"a decision about nobody: {decision}"
        socket.decision = decision
        if isinstance(decision, Refuse):
            socket.is_gone = True
            return
        socket.session = self.engine.session_of(socket)
        assert socket.session is not None
        socket.is_writing = True
        if self.is_prompt:
            socket.drained()

    def _notice(self, output: Action | Event) -> None:
        match output:
            case Connecting(session):
                assert session.sid not in self.sessions, "asked twice about one session"
                self.sessions[session.sid] = session
                if self.accepts:
                    self.accept(session.sid)
            case MessageReceived(session, data):
                assert self.is_open(session.sid), "a message of a session that is not open"
                self._messages.setdefault(session.sid, []).append(data)
            case Disconnected(session, info):
                assert self.is_open(session.sid), "a disconnect of a session that is not open"
                assert isinstance(info.reason, Reason)
                self._ended[session.sid] = info


def _header(response: Response, name: str) -> str | None:
    values = [value for key, value in response.headers if key.lower() == name]
    assert len(values) <= 1, f"{name} is there {len(values)} times"
    return values[0] if values else None
