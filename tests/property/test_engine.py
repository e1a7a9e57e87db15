"""Random sequences of inputs to one engine: clients of both revisions, a network, an application.

After every step, and in the end, the promises must hold: each session ends once, each request is
answered once, nothing that was accepted is lost silently, and nothing is left behind. The shell
itself checks every output against the engine's contract.
"""

from __future__ import annotations

from math import inf
from typing import Any

from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engineio.errors import BodyAborted, BodyTooLarge, MessageTooLargeError
from engineio.protocol.events import Drained
from engineio.protocol.outbox import SendOutcome
from engineio.protocol.packet import Packet, PacketType
from engineio.protocol.session import Session
from engineio.protocol.states import State, UpgradeState
from engineio.types import Reason, Transport
from tests.property.client_model import Client, Post, numbered, numbers_in
from tests.support.recording_shell import Call, RecordingShell, Socket

GRACEFUL = {Reason.SERVER_DISCONNECT, Reason.SERVER_SHUTDOWN}
OPTIONS = st.fixed_dictionaries(
    {
        "max_payload": st.sampled_from([30, 120, 1000]),
        "send_queue_packets": st.sampled_from([1, 3, 20]),
        "send_queue_bytes": st.sampled_from([20, 100, 10_000]),
        "send_queue_policy": st.sampled_from(["wait", "close", "drop_oldest", "drop_newest"]),
        "max_packets_per_poll": st.sampled_from([0, 2]),
        "max_sessions": st.sampled_from([None, 3]),
        "cookie": st.sampled_from([None, "io"]),
    }
)
FIXED: dict[str, Any] = {
    "ping_interval": 5.0,
    "ping_timeout": 3.0,
    "connect_timeout": 4.0,
    "first_request_timeout": 4.0,
    "upgrade_timeout": 4.0,
    "body_timeout": 4.0,
    "write_timeout": 4.0,
    "close_timeout": 2.0,
    "allow_eio3": True,
    "allow_jsonp": True,
    "http_compression": False,
}
POLLING = st.sampled_from(["EIO=4", "EIO=4", "EIO=4&j=7", "EIO=3", "EIO=3&b64=1", "EIO=3&j=0"])
WEBSOCKET = st.sampled_from(["EIO=4", "EIO=4", "EIO=3", "EIO=3&b64=1"])
TEXTS = st.text(st.sampled_from("a4€😀\0\u2028"), max_size=12)
FRAMES = st.one_of(
    st.sampled_from(["", "0", "1", "2", "3", "5", "6", "2probe", "3probe", "4", "b", "bAQID", "7"]),
    st.text(max_size=40),
    st.binary(max_size=40),
)
QUERIES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["transport=polling", "transport=websocket", "EIO=4", ""]),
)
RARELY = st.integers(0, 7).map(lambda number: number == 7)
FEW_CLIENTS = precondition(lambda self: len(self.living()) < 3)


class EngineMachine(RuleBasedStateMachine):
    """One engine and whatever can happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.clients: list[Client] = []
        self.number = 0
        self.shell = RecordingShell()

    @initialize(options=OPTIONS, direct=st.booleans(), tracing=RARELY, query=POLLING)
    def start(self, options: dict[str, Any], direct: bool, tracing: bool, query: str) -> None:
        self.options = options
        self.shell = RecordingShell(direct=direct, **FIXED, **options)
        self.shell.engine.tracing = tracing
        self.handshake(query)

    def pick(self, data: st.DataObject) -> Client:
        """Choose a client: one whose session is over only where there is no other, or rarely."""
        living = self.living()
        any_ = data.draw(RARELY)
        return data.draw(st.sampled_from(self.clients if any_ or not living else living))

    def living(self) -> list[Client]:
        return [client for client in self.clients if client.sid in self.shell.engine.sessions]

    def next_number(self) -> int:
        self.number += 1
        return self.number

    # -- coming in -------------------------------------------------------------------------

    @FEW_CLIENTS
    @rule(query=POLLING)
    def handshake(self, query: str) -> None:
        client = Client(query)
        client.polls.append(self.shell.call("GET", f"transport=polling&{query}"))
        self.came_in(client)

    @FEW_CLIENTS
    @rule(query=WEBSOCKET)
    def open_websocket(self, query: str) -> None:
        client = Client(query)
        client.socket = self.shell.socket(f"transport=websocket&{query}")
        self.came_in(client)

    def came_in(self, client: Client) -> None:
        known = {other.sid for other in self.clients}
        for sid in self.shell.sessions:
            if sid not in known:
                client.sid = sid
                self.clients.append(client)

    @rule(data=st.data(), refuses=RARELY)
    def decide(self, data: st.DataObject, refuses: bool) -> None:
        client = self.pick(data)
        if refuses:
            self.shell.refuse(client.sid)
        elif not self.shell.is_accepted(client.sid):
            self.shell.accept(client.sid)

    # -- polling ---------------------------------------------------------------------------

    @rule(data=st.data(), carelessly=RARELY)
    def poll(self, data: st.DataObject, carelessly: bool) -> None:
        client = self.pick(data)
        if client.is_polling and not carelessly:
            return
        for call in client.polls:
            if client.is_in_flight(call):
                # It has given up the answer on its way, or only the server does not know yet.
                client.is_careless = True
                take = data.draw(st.sampled_from([client.read, client.lose]))
                take(call)
        client.polls.append(self.shell.get(client.sid, client.query))

    @rule(data=st.data(), reports=st.booleans())
    def read_an_answer(self, data: st.DataObject, reports: bool) -> None:
        """An answer arrives, and the shell hears that it was written now or later."""
        client = self.pick(data)
        for call in client.polls:
            if call.is_unconfirmed:
                client.read(call)
                if reports:
                    call.written(not client.has_lost(call))

    @rule(data=st.data(), count=st.integers(1, 20))
    def start_a_post(self, data: st.DataObject, count: int) -> None:
        client = self.pick(data)
        if not any(post.call.is_waiting for post in client.posts):
            call = self.shell.start_post(client.sid, client.query, client.content_type)
            client.posts.append(Post(call, [self.next_number() for _ in range(count)]))

    @rule(data=st.data(), binary=st.booleans())
    def finish_a_post(self, data: st.DataObject, binary: bool) -> None:
        client = self.pick(data)
        for post in client.posts:
            if post.call.is_waiting and post.call.limit is not None:
                body = client.body([numbered(number, binary=binary) for number in post.numbers])
                if len(body) > post.call.limit:
                    post.call.fail(BodyTooLarge("too large"))
                else:
                    post.call.upload(body)

    def post(self, client: Client, packets: list[Packet]) -> None:
        call = self.shell.start_post(client.sid, client.query, client.content_type)
        client.posts.append(Post(call, []))
        if call.is_waiting and call.limit is not None:
            call.upload(client.body(packets))

    # -- WebSockets ------------------------------------------------------------------------

    @rule(data=st.data(), binary=st.booleans())
    def send_a_frame(self, data: st.DataObject, binary: bool) -> None:
        client = self.pick(data)
        if client.socket is not None and client.socket.is_ready:
            number = self.next_number()
            if self.shell.is_open(client.sid):
                client.frames.append(number)
            client.socket.send(client.frame(numbered(number, binary=binary)))

    @rule(data=st.data())
    def take_a_write(self, data: st.DataObject) -> None:
        client = self.pick(data)
        for socket in client.sockets:
            if socket.is_writing:
                client.read_frames(socket)
                socket.drained()

    @rule(data=st.data(), steps=st.integers(1, 3))
    def upgrade(self, data: st.DataObject, steps: int) -> None:
        client = self.pick(data)
        for _ in range(steps):
            upgrade = self.shell.sessions[client.sid].upgrade
            if upgrade is None:
                socket = self.shell.begin_upgrade(client.sid, client.query)
                client.probe = socket if socket.is_accepted else client.probe
            elif client.probe is not None and client.probe.is_ready:
                if upgrade.state is UpgradeState.OPENED:
                    client.probe.send("2probe")
                elif not client.is_polling:
                    # A client that knows the protocol says the last word when its poll is over.
                    client.probe.send("5")
                    self.note_upgrade(client)

    def note_upgrade(self, client: Client) -> None:
        session = self.shell.sessions[client.sid]
        if session.websocket is not None and session.websocket.port is client.probe:
            event("upgraded")
            client.socket, client.probe = client.probe, None
            client.is_careless |= client.is_polling

    # -- a client that does everything right -----------------------------------------------

    @rule(data=st.data())
    def answer_pings(self, data: st.DataObject) -> None:
        client = self.pick(data)
        packet = Packet(PacketType.PING if client.is_v3 else PacketType.PONG)
        if not (client.is_pinged or client.is_v3) or not self.shell.is_open(client.sid):
            return
        client.is_pinged = False
        if client.socket is not None:
            if client.socket.is_ready:
                client.socket.send(client.frame(packet))
        elif not any(post.call.is_waiting for post in client.posts):
            self.post(client, [packet])
            assert self.shell.is_open(client.sid)

    @rule(data=st.data())
    def catch_up(self, data: st.DataObject) -> None:
        """A client that does its part gets all that was accepted for it."""
        client = self.pick(data)
        is_prompt, self.shell.is_prompt = self.shell.is_prompt, True
        self.do_everything_right(client)
        self.shell.is_prompt = is_prompt

    def do_everything_right(self, client: Client) -> None:
        self.let_everything_through(client)
        session = self.shell.sessions[client.sid]
        if client.is_careless or session.state is not State.OPEN:
            return
        while session.transport is Transport.POLLING and len(session.outbox):
            poll = self.shell.get(client.sid, client.query)
            client.polls.append(poll)
            assert not poll.is_waiting, "a poll is held while packets wait"
            client.read(poll)
        self.what_arrives_is_what_was_sent(client)
        assert self.options["send_queue_policy"] == "drop_oldest" or client.got == client.accepted

    def let_everything_through(self, client: Client) -> None:
        for call in client.polls:
            if call.is_unconfirmed:
                client.read(call)
                call.written(not client.has_lost(call))
        for socket in client.sockets:
            if socket.is_writing:
                client.read_frames(socket)
                socket.drained()
        self.everything_written_arrives(client)

    # -- the application and the network ---------------------------------------------------

    @rule(data=st.data(), text=TEXTS, binary=st.booleans(), times=st.integers(1, 4))
    def send(self, data: st.DataObject, text: str, binary: bool, times: int) -> None:
        client = self.pick(data)
        for _ in range(times):
            content = f"#{self.next_number()};{text}"
            message = content.encode() if binary else content
            try:
                outcome = self.shell.send(client.sid, message)
            except MessageTooLargeError:
                return
            if outcome is SendOutcome.ACCEPTED:
                client.accepted.append(message)
            elif outcome is SendOutcome.FULL:
                client.is_starved = True

    @rule(data=st.data(), paused=st.booleans())
    def pause(self, data: st.DataObject, paused: bool) -> None:
        self.shell.pause(self.pick(data).sid, paused)

    @rule(prompt=st.booleans(), decided=st.booleans())
    def change_the_world(self, prompt: bool, decided: bool) -> None:
        self.shell.is_prompt = prompt
        self.shell.accepts = decided

    @rule(seconds=st.sampled_from([0.0, 0.05, 0.1, 0.5, 1.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.shell.advance(seconds)

    # -- accidents, attacks and ends -------------------------------------------------------

    @rule(data=st.data())
    def break_something(self, data: st.DataObject) -> None:
        """One rule for all of these, so that most sessions live for a while."""
        if self.shell.engine.stopping:
            self.shell.engine.restart()
        do = data.draw(
            st.sampled_from(
                [
                    self.ask_for_nothing_sensible,
                    self.upgrade_twice,
                    self.lose_an_answer,
                    self.drop_requests,
                    self.spoil_a_post,
                    self.post_any_packets,
                    self.post_twice,
                    self.send_any_frame,
                    self.lose_a_socket,
                    self.end_a_session,
                    self.stop_or_stall,
                ]
            )
        )
        do(self.pick(data), data)

    def ask_for_nothing_sensible(self, client: Client, data: st.DataObject) -> None:
        query = data.draw(QUERIES)
        if data.draw(st.booleans()):
            assert self.shell.socket(query).decision is not None
        else:
            method = data.draw(st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "HEAD"]))
            assert not self.shell.call(method, query).is_waiting

    def upgrade_twice(self, client: Client, data: st.DataObject) -> None:
        if self.shell.sessions[client.sid].upgrade is not None:
            assert not self.shell.begin_upgrade(client.sid, client.query).is_accepted

    def lose_an_answer(self, client: Client, data: st.DataObject) -> None:
        says_so = data.draw(st.booleans())
        for call in client.polls:
            if call.is_unconfirmed and client.is_in_flight(call):
                client.lose(call)
                if says_so:
                    call.written(accepted=False)
                else:
                    call.is_unconfirmed = False
                    call.drop()

    def drop_requests(self, client: Client, data: st.DataObject) -> None:
        posts = [post.call for post in client.posts]
        for call in data.draw(st.sampled_from([client.polls, posts])):
            if call.is_waiting:
                call.drop()

    def spoil_a_post(self, client: Client, data: st.DataObject) -> None:
        body = data.draw(st.one_of(st.binary(max_size=30), st.none()))
        for post in client.posts:
            if post.call.is_waiting and post.call.limit is not None:
                post.numbers = []
                if body is None:
                    kind = data.draw(st.sampled_from([BodyTooLarge, BodyAborted]))
                    post.call.fail(kind("spoilt"))
                else:
                    post.call.upload(body)

    def post_any_packets(self, client: Client, data: st.DataObject) -> None:
        kinds = data.draw(st.lists(st.sampled_from(PacketType), min_size=1, max_size=3))
        text = data.draw(st.sampled_from(["", "probe"]))
        self.post(client, [Packet(kind, text) for kind in kinds])

    def post_twice(self, client: Client, data: st.DataObject) -> None:
        for _ in range(2):
            call = self.shell.start_post(client.sid, client.query, client.content_type)
            client.posts.append(Post(call, []))

    def send_any_frame(self, client: Client, data: st.DataObject) -> None:
        socket = data.draw(st.sampled_from([client.socket, client.probe]))
        if socket is not None and socket.is_ready:
            socket.send(data.draw(FRAMES))
            self.note_upgrade(client)

    def lose_a_socket(self, client: Client, data: st.DataObject) -> None:
        for socket in client.sockets:
            # What was on its way is lost.
            socket.take()
            socket.is_writing = False
            socket.close(data.draw(st.sampled_from([None, 1000, 1006])))

    def end_a_session(self, client: Client, data: st.DataObject) -> None:
        self.shell.close(client.sid, data.draw(st.sampled_from(sorted(GRACEFUL))))

    def stop_or_stall(self, client: Client, data: st.DataObject) -> None:
        match data.draw(st.sampled_from(["stop", "stall", "wait"])):
            case "stop":
                self.shell.shutdown()
            case "stall":
                self.shell.sleep(60.0)
            case "wait":
                self.shell.advance(9.0)

    # -- what must hold --------------------------------------------------------------------

    @invariant()
    def promises(self) -> None:
        self.note_room()
        for client in self.clients:
            self.everything_written_arrives(client)
            self.what_arrives_is_what_was_sent(client)
            self.nothing_is_lost_silently(client)
            self.what_came_is_what_was_delivered(client)
            self.answers_are_bounded(client)
            self.who_waits_for_room_has_reason_to(client)
        for session in self.shell.engine.sessions.values():
            self.queues_are_bounded(session)
        self.the_timer_goes_off_in_time()
        self.tables_hold_the_living()

    def note_room(self) -> None:
        for drained in self.shell.seen(Drained):
            for client in self.clients:
                client.is_starved &= client.sid != drained.session.sid
        self.shell.log.clear()

    def everything_written_arrives(self, client: Client) -> None:
        for call in client.polls:
            if not call.is_unconfirmed:
                client.read(call)
        for socket in (client.socket, client.probe):
            if socket is not None and not socket.is_writing:
                client.read_frames(socket)

    def what_arrives_is_what_was_sent(self, client: Client) -> None:
        """In order, and nothing twice."""
        if client.is_careless or self.options["send_queue_policy"] == "drop_oldest":
            rest = iter(client.accepted)
            assert all(message in rest for message in client.got)
        else:
            assert client.got == client.accepted[: len(client.got)]

    def nothing_is_lost_silently(self, client: Client) -> None:
        """What did not arrive is listed, however the session ended."""
        info = self.shell.end(client.sid)
        if info is None or client.is_careless:
            return
        if self.options["send_queue_policy"] == "drop_oldest":
            return
        missing = len(client.accepted) - len(client.got)
        count = len(info.undelivered)
        assert list(info.undelivered) == client.accepted[len(client.accepted) - count :]
        assert count >= missing

    def what_came_is_what_was_delivered(self, client: Client) -> None:
        """Never 200 for what was not delivered; in order, and nothing twice."""
        delivered = numbers_in(self.shell.messages(client.sid))
        assert delivered == sorted(set(delivered))
        for post in client.posts:
            if post.call.reply is not None and post.call.body == b"ok":
                assert set(post.numbers) <= set(delivered)
        session = self.shell.sessions[client.sid]
        if session.state is State.OPEN and session.held is None:
            assert set(client.frames) <= set(delivered)

    def answers_are_bounded(self, client: Client) -> None:
        for call in client.polls:
            # A script is larger than the payload in it.
            if call.reply is not None and call.reply.confirm and not client.is_jsonp:
                assert call.reply.initial or len(call.body) <= self.options["max_payload"]

    def who_waits_for_room_has_reason_to(self, client: Client) -> None:
        if client.is_starved and self.shell.is_open(client.sid):
            assert len(self.shell.sessions[client.sid].outbox)

    def queues_are_bounded(self, session: Session) -> None:
        queue = session.outbox._queue or ()
        sizes = [packet.size for packet in queue if packet.type is PacketType.MESSAGE]
        assert len(sizes) <= self.options["send_queue_packets"]
        assert len(sizes) <= 1 or sum(sizes) <= self.options["send_queue_bytes"]
        # Of control packets there is at most one of each kind at a time, and one pong on its way.
        assert len(queue) - len(sizes) <= 5

    def the_timer_goes_off_in_time(self) -> None:
        engine = self.shell.engine
        due = min((session.due() for session in engine.sessions.values()), default=inf)
        if due < inf:
            deadline = engine.deadline()
            assert deadline is not None
            assert deadline <= due

    def tables_hold_the_living(self) -> None:
        engine = self.shell.engine
        assert not engine.outputs
        for call in engine._tickets:
            assert isinstance(call, Call)
            assert call.is_waiting or call.is_unconfirmed
        for socket in (*engine._ports, *engine._closing):
            assert isinstance(socket, Socket)
            assert not socket.is_gone
            assert (socket.hangup is not None) == (socket in engine._closing)
        for session in engine.sessions.values():
            assert session.state is not State.CLOSED

    def teardown(self) -> None:
        """Everything is over after a while, and nothing is left."""
        shell = self.shell
        shell.is_prompt = True
        for client in self.clients:
            shell.pause(client.sid, paused=False)
            self.let_everything_through(client)
        shell.advance(100.0)
        if self.clients:
            self.promises()
        engine = shell.engine
        assert engine.sessions == {}
        assert engine._tickets == {}
        assert engine._ports == {}
        assert engine._closing == {}
        assert not engine._addresses
        assert engine.deadline() is None
        for client in self.clients:
            event(f"ended: {shell.reason(client.sid)}")
            assert not any(call.is_waiting for call in client.polls)
            assert not any(post.call.is_waiting for post in client.posts)
            assert (shell.end(client.sid) is not None) == shell.is_accepted(client.sid)


TestEngine = EngineMachine.TestCase
TestEngine.settings = settings(stateful_step_count=50)
