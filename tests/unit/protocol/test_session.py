"""What a session sends, what its packets mean, and when something is due."""

import pytest

from engineio.errors import MessageTooLargeError
from engineio.protocol.events import Drained, MessageReceived
from engineio.protocol.outbox import SendOutcome
from engineio.protocol.packet import Packet, PacketType
from engineio.types import Reason

ACCEPTED, DROPPED, FULL, CLOSED = (
    SendOutcome.ACCEPTED,
    SendOutcome.DROPPED,
    SendOutcome.FULL,
    SendOutcome.CLOSED,
)


class TestTheSendQueue:
    """F-64, F-65: bounded, whatever the client does."""

    def fill(self, server, sid):
        """Send until a queue of two packets is full."""
        return [server.send(sid, data) for data in "ab"]

    def test_wait_says_that_it_is_full_and_when_there_is_room(self, serve):
        server = serve(send_queue_packets=2)
        sid = server.open_polling()
        assert self.fill(server, sid) == [ACCEPTED, ACCEPTED]
        assert server.send(sid, "c") is FULL
        assert server.seen(Drained) == []
        assert server.get(sid).body == b"4a\x1e4b"

        assert len(server.seen(Drained)) == 1
        assert server.send(sid, "c") is ACCEPTED

    def test_room_is_reported_to_who_waits_only(self, serve):
        server = serve(send_queue_packets=2)
        sid = server.open_polling()
        self.fill(server, sid)
        server.get(sid)

        assert server.seen(Drained) == []

    def test_room_is_reported_when_the_next_poll_shows_that_the_answer_came(self, serve):
        server = serve(send_queue_packets=1)
        sid = server.open_polling()
        server.is_prompt = False
        first = server.get(sid)
        server.send(sid, "a")
        assert server.send(sid, "b") is FULL
        assert server.get(sid).is_waiting
        first.written()

        assert len(server.seen(Drained)) == 1

    def test_room_is_reported_on_a_websocket_too(self, serve):
        server = serve(send_queue_packets=1)
        socket = server.open_websocket()
        sid = socket.sid
        server.is_prompt = False
        server.send(sid, "a")
        assert server.send(sid, "b") is FULL
        socket.drained()

        assert len(server.seen(Drained)) == 1

    def test_nobody_hears_of_room_in_a_session_that_ended(self, serve):
        server = serve(send_queue_packets=1)
        socket = server.open_websocket()
        sid = socket.sid
        server.is_prompt = False
        server.send(sid, "a")
        server.send(sid, "b")
        server.close(sid)
        socket.drained()

        assert server.seen(Drained) == []
        assert socket.take()[-1] == "1"

    def test_close_ends_the_session(self, serve):
        server = serve(send_queue_packets=2, send_queue_policy="close")
        sid = server.open_polling()
        self.fill(server, sid)
        assert server.send(sid, "c") is CLOSED

        assert server.reason(sid) is Reason.SLOW_CLIENT
        assert server.end(sid).undelivered == ("a", "b")
        assert server.engine.idle

    def test_close_drops_a_websocket_that_takes_nothing(self, serve):
        server = serve(send_queue_packets=2, send_queue_policy="close")
        socket = server.open_websocket()
        sid = socket.sid
        server.is_prompt = False
        self.fill(server, sid)
        assert server.send(sid, "c") is CLOSED

        assert socket.is_aborted

    def test_drop_newest_drops_the_message(self, serve):
        server = serve(send_queue_packets=2, send_queue_policy="drop_newest")
        sid = server.open_polling()
        self.fill(server, sid)
        assert server.send(sid, "c") is DROPPED

        assert server.get(sid).body == b"4a\x1e4b"

    def test_drop_oldest_makes_room(self, serve):
        server = serve(send_queue_packets=2, send_queue_policy="drop_oldest")
        sid = server.open_polling()
        self.fill(server, sid)
        assert server.send(sid, "c") is ACCEPTED

        assert server.get(sid).body == b"4b\x1e4c"

    def test_drop_oldest_drops_the_message_where_nothing_else_may_go(self, serve):
        server = serve(send_queue_packets=1, send_queue_policy="drop_oldest")
        socket = server.open_websocket()
        sid = socket.sid
        server.is_prompt = False
        assert server.send(sid, "a") is ACCEPTED
        assert server.send(sid, "b") is DROPPED

    def test_the_limit_in_bytes_counts_too(self, serve):
        server = serve(send_queue_bytes=10)
        sid = server.open_polling()

        assert server.send(sid, b"x" * 8) is ACCEPTED
        assert server.send(sid, b"xxx") is FULL
        assert server.send(sid, b"xx") is ACCEPTED

    def test_heartbeats_go_through_a_full_queue(self, serve):
        server = serve(send_queue_packets=1)
        sid = server.open_polling()
        server.get(sid)
        server.is_prompt = False
        server.send(sid, "a")
        server.advance(25.0)
        server.is_prompt = True

        assert server.get(sid).body == b"2"

    def test_f65_a_session_that_nobody_polls_holds_no_more_than_the_limit(self, serve):
        server = serve(send_queue_bytes=1000, send_queue_packets=50)
        sid = server.open_polling()
        outcomes = [server.send(sid, "x" * 99) for _ in range(10_000)]

        assert outcomes.count(ACCEPTED) == 10
        assert set(outcomes[10:]) == {FULL}

    @pytest.mark.parametrize("body", [b"1:2" * 10_000, b"9001:2" + b"x" * 9000])
    def test_f55_pings_that_nobody_reads_the_answers_of_do_not_pile_up(self, serve, body):
        server = serve(allow_eio3=True)
        sid = server.open_polling("EIO=3")
        for _ in range(20):
            assert server.post(sid, body, "EIO=3").body == b"ok"

        assert len(server.sessions[sid].outbox) == 1
        assert server.get(sid, "EIO=3").body.count(b"3") >= 1
        server.post(sid, b"5:2last", "EIO=3")
        assert server.get(sid, "EIO=3").body == b"5:3last"

    def test_f55_nor_while_a_server_is_late_to_say_that_an_answer_is_out(self, serve):
        server = serve(allow_eio3=True)
        server.is_prompt = False
        handshake = server.call("GET", "transport=polling&EIO=3")
        (sid,) = server.sessions
        server.post(sid, b"1:2", "EIO=3")
        handshake.written()
        server.post(sid, b"1:2", "EIO=3")

        assert server.get(sid, "EIO=3").body == b"1:3"

    def test_f55_nor_on_a_websocket(self, serve):
        server = serve(allow_eio3=True)
        socket = server.open_websocket("EIO=3")
        sid = socket.sid
        socket.take()
        server.is_prompt = False
        for _ in range(10_000):
            socket.send("2")

        assert len(server.sessions[sid].outbox) == 2
        assert socket.take() == ["3"]
        socket.drained()
        assert socket.take() == ["3"]


class TestMessagesThatCanNeverGoOut:
    @pytest.mark.parametrize(
        "data", ["x" * 100, b"x" * 101, "€" * 34, "😀" * 25], ids=["text", "bytes", "3", "4"]
    )
    def test_over_max_payload_on_a_websocket(self, serve, data):
        server = serve(max_payload=100)
        sid = server.open_websocket().sid

        with pytest.raises(MessageTooLargeError) as caught:
            server.send(sid, data)
        assert (caught.value.size, caught.value.limit) == (101 + (data[0] == "€") * 2, 100)
        assert server.is_open(sid)

    @pytest.mark.parametrize(
        "data", ["x" * 99, b"x" * 100, "€" * 33, "😀" * 24], ids=["text", "bytes", "3", "4"]
    )
    def test_at_max_payload_on_a_websocket(self, serve, data):
        server = serve(max_payload=100)

        assert server.send(server.open_websocket().sid, data) is ACCEPTED

    def test_over_max_payload_in_base64_on_polling(self, serve):
        server = serve(max_payload=100)
        sid = server.open_polling()
        assert server.send(sid, b"x" * 72) is ACCEPTED
        with pytest.raises(MessageTooLargeError):
            server.send(sid, b"x" * 75)

        assert len(server.get(sid).body) <= 100

    @pytest.mark.parametrize("text", ["\ud800", "a\udfffb"])
    @pytest.mark.parametrize("kind", ["polling", "websocket"])
    def test_text_that_has_no_form_in_utf_8(self, serve, text, kind):
        server = serve()
        sid = server.open_polling() if kind == "polling" else server.open_websocket().sid
        with pytest.raises(UnicodeEncodeError):
            server.send(sid, text)

        assert server.send(sid, "a") is ACCEPTED
        assert server.is_open(sid)

    def test_f70_after_the_end(self, serve):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        socket.close()

        assert server.send(sid, "a") is CLOSED


class TestDeadlinesOfTheBeginning:
    def test_f12_the_application_has_a_deadline(self, serve):
        server = serve()
        server.accepts = False
        handshake = server.call("GET", "transport=polling&EIO=4")
        (sid,) = server.sessions
        server.advance(9.9)
        assert handshake.is_waiting
        server.advance(0.1)

        assert handshake.error == (503, 3, "Server did not decide in time")
        assert handshake.header("retry-after") == "1"
        assert not server.accept(sid)
        assert server.end(sid) is None

    def test_f12_for_a_websocket_too(self, serve):
        server = serve()
        server.accepts = False
        socket = server.socket("transport=websocket&EIO=4")
        (sid,) = server.sessions
        server.advance(10.0)

        assert socket.error == (503, 3, "Server did not decide in time")
        assert not server.accept(sid)
        assert server.engine.open_ports() == []

    def test_f12_a_client_that_left_before_that_is_told_nothing(self, serve):
        server = serve()
        server.accepts = False
        socket = server.socket("transport=websocket&EIO=4")
        handshake = server.call("GET", "transport=polling&EIO=4")
        socket.close()
        handshake.drop()
        server.advance(10.0)

        assert socket.decision is None
        assert handshake.reply is None
        assert server.engine.idle

    def test_f13_g9_a_client_that_never_polls_is_dropped(self, serve):
        """Sessions dropped after handshake grace (<= 10 s)."""
        server = serve()
        sid = server.open_polling()
        server.advance(9.9)
        assert server.is_open(sid)
        server.advance(0.1)

        assert server.reason(sid) is Reason.PING_TIMEOUT
        assert server.engine.idle

    @pytest.mark.parametrize("request_", ["get", "post"])
    def test_f13_a_client_that_has_used_its_sid_is_not(self, serve, request_):
        server = serve()
        sid = server.open_polling()
        if request_ == "get":
            server.get(sid)
        else:
            server.post(sid, b"4a")
        server.advance(20.0)

        assert server.is_open(sid)

    def test_a_websocket_needs_no_first_request(self, serve):
        server = serve()
        sid = server.open_websocket().sid
        server.advance(20.0)

        assert server.is_open(sid)


class TestBeingRefused:
    """F-10: "401 + body, session removed at once, no disconnect event"."""

    def test_on_polling(self, serve):
        server = serve()
        server.accepts = False
        handshake = server.call("GET", "transport=polling&EIO=4")
        (sid,) = server.sessions
        server.send(sid, "never mind")
        server.refuse(sid)

        assert (handshake.status, handshake.body) == (401, b'"Unauthorized"')
        assert handshake.header("cache-control") == "no-store"
        assert server.engine.idle
        assert server.end(sid) is None

    def test_on_a_websocket(self, serve):
        server = serve()
        server.accepts = False
        socket = server.socket("transport=websocket&EIO=4")
        (sid,) = server.sessions
        session = server.sessions[sid]
        server.refuse(sid, 403)

        assert socket.decision.response.status == 403
        assert socket.header("cache-control") == "no-store"
        assert server.engine.idle
        assert server.engine.open_ports() == []
        assert server.engine.session_of(socket) is None
        assert session.websocket is None

    def test_an_open_session_cannot_be_refused(self, serve):
        server = serve()
        sid = server.open_polling()
        server.refuse(sid)

        assert server.is_open(sid)

    def test_an_open_session_cannot_be_accepted_again(self, serve):
        server = serve()
        sid = server.open_polling()

        assert not server.engine.accept(server.now, server.sessions[sid])


@pytest.mark.parametrize("detail", ["the client left", ""])
@pytest.mark.parametrize("verdict", ["accept", "refuse"])
def test_f11_a_websocket_that_goes_while_the_application_decides(serve, detail, verdict):
    server = serve()
    server.accepts = False
    socket = server.socket("transport=websocket&EIO=4")
    (sid,) = server.sessions
    server.send(sid, "early")
    socket.close(1001, detail)
    getattr(server, verdict)(sid)

    assert socket.decision is None
    assert server.engine.idle
    if verdict == "accept":
        info = server.end(sid)
        assert (info.reason, info.detail, info.code) == (Reason.TRANSPORT_CLOSE, detail, 1001)
        assert info.undelivered == ("early",)
    else:
        assert server.end(sid) is None


class TestTheDirectEntries:
    """What the hot path may take, and what it must leave to the ordinary entries."""

    def session(self, server, query="EIO=4"):
        return server.sessions[server.open_websocket(query).sid]

    def test_messages_of_eio_4_may_go_directly(self, serve):
        session = self.session(serve())

        assert session.fast_in("4a") == "a"
        assert session.fast_in("4") == ""
        assert session.fast_in(b"\1") == b"\1"
        assert session.fast_out("a") == "4a"
        assert session.fast_out("€") == "4€"
        assert session.fast_out(b"\1") == b"\1"

    @pytest.mark.parametrize("frame", ["", "1", "2probe", "3", "5", "6", "7", "bAQ==", "٤"])
    def test_everything_else_may_not(self, serve, frame):
        assert self.session(serve()).fast_in(frame) is None

    def test_a_message_that_could_be_over_the_limit_may_not(self, serve):
        session = self.session(serve(max_payload=100))

        assert session.fast_in("4" + "x" * 23) is not None
        assert session.fast_in("4" + "x" * 24) is None
        assert session.fast_in(b"x" * 25) is None
        assert session.fast_out("x" * 24) is not None
        assert session.fast_out("x" * 25) is None

    def test_eio_3_may_not(self, serve):
        session = self.session(serve(allow_eio3=True), "EIO=3")

        assert session.fast_in("4a") is None
        assert session.fast_out("a") is None

    def test_polling_may_not(self, serve):
        server = serve()
        session = server.sessions[server.open_polling()]

        assert session.fast_out("a") is None

    def test_a_port_that_is_busy_may_not(self, serve):
        server = serve()
        session = self.session(server)
        server.is_prompt = False
        server.send(session.sid, "a")

        assert session.fast_out("b") is None

    def test_frames_that_must_wait_for_a_post_may_not(self, serve):
        server = serve()
        sid = server.open_polling()
        socket = server.begin_upgrade(sid)
        post = server.start_post(sid)
        socket.send("2probe", "5")
        session = server.sessions[sid]
        assert session.fast_in("4a") is None
        post.upload(b"4a")

        assert session.fast_in("4a") == "a"

    def test_tracing_switches_them_off(self, serve):
        server = serve()
        server.engine.tracing = True
        session = self.session(server)

        assert session.fast_in("4a") is None
        assert session.fast_out("a") is None

    def test_a_session_that_ends_has_none(self, serve):
        server = serve()
        session = self.session(server)
        server.is_prompt = False
        server.close(session.sid)

        assert session.fast_in("4a") is None
        assert session.fast_out("a") is None

    def test_a_message_that_came_directly_is_a_sign_of_life(self, serve):
        server = serve()
        session = self.session(server)
        server.advance(30.0)
        session.fast_in("4a")
        server.advance(20.0)

        assert server.is_open(session.sid)

    def test_a_frame_that_was_not_taken_at_once_is_a_write_like_any_other(self, serve):
        server = serve()
        socket = server.open_websocket()
        session = server.sessions[socket.sid]
        server.is_prompt = False
        assert session.fast_out("a") == "4a"
        server.engine.blocked(server.now, session, "a")
        server.engine.send(server.now, session, Packet(PacketType.MESSAGE, "b"))
        assert not server.engine.outputs
        socket.close()

        assert server.end(session.sid).undelivered == ("a", "b")


def test_messages_come_out_in_the_order_they_came_in(serve):
    server = serve()
    socket = server.open_websocket()
    socket.send(*(f"4{number}" for number in range(10)))

    assert [event.data for event in server.seen(MessageReceived)] == list("0123456789")
