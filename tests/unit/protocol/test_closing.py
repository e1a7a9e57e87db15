"""How a session ends: exactly one event with the first reason, and everybody is told."""

import pytest

from engineio.protocol.events import Disconnected
from engineio.types import Reason

UNKNOWN = (400, 1, "Session ID unknown")


class TestByTheServerOnPolling:
    """Rule: "Server closes: held GET gets 1; without a held GET wait for one, then drop"."""

    def test_the_poll_that_is_held_is_answered(self, serve):
        server = serve()
        sid = server.open_polling()
        poll = server.get(sid)
        server.close(sid)

        assert poll.body == b"1"
        assert server.reason(sid) is Reason.SERVER_DISCONNECT
        assert server.get(sid).error == UNKNOWN

    def test_or_the_next_one_with_what_was_sent_before(self, serve):
        """Rule: buffered packets are "kept on graceful close"."""
        server = serve()
        sid = server.open_polling()
        server.send(sid, "last words")
        server.close(sid)
        assert server.end(sid) is None

        assert server.get(sid).body == b"4last words\x1e1"
        assert server.reason(sid) is Reason.SERVER_DISCONNECT
        assert server.end(sid).undelivered == ()
        assert server.get(sid).error == UNKNOWN

    def test_what_nobody_fetches_is_listed(self, serve):
        server = serve(max_packets_per_poll=1)
        sid = server.open_polling()
        for data in "abc":
            server.send(sid, data)
        server.close(sid)
        server.get(sid)
        server.advance(5.0)

        assert server.reason(sid) is Reason.SERVER_DISCONNECT
        assert server.end(sid).undelivered == ("b", "c")

    def test_the_application_waits_for_nothing_that_was_not_sent(self, serve):
        server = serve()
        sid = server.open_polling()
        server.close(sid)

        assert server.end(sid).undelivered == ()

    def test_a_client_that_polls_before_the_last_answer_is_known_to_be_there(self, serve):
        server = serve()
        sid = server.open_polling()
        server.is_prompt = False
        server.get(sid)
        server.send(sid, "a")
        server.close(sid)
        server.is_prompt = True

        assert server.get(sid).body == b"1"
        assert server.engine.idle

    def test_it_may_take_several_polls_to_say_it_all(self, serve):
        server = serve(max_packets_per_poll=2)
        sid = server.open_polling()
        for data in "abc":
            server.send(sid, data)
        server.close(sid)

        assert server.get(sid).body == b"4a\x1e4b"
        assert server.get(sid).body == b"4c\x1e1"
        assert server.engine.idle

    def test_a_client_that_does_not_ask_is_forgotten(self, serve):
        server = serve()
        sid = server.open_polling()
        server.close(sid)
        server.advance(4.9)
        assert not server.engine.idle
        server.advance(0.1)

        assert server.engine.idle
        assert server.get(sid).error == UNKNOWN

    def test_an_answer_that_cannot_be_written_then_is_the_end(self, serve):
        server = serve(max_packets_per_poll=1)
        sid = server.open_polling()
        server.is_prompt = False
        poll = server.get(sid)
        server.send(sid, "a")
        server.close(sid)
        poll.written(accepted=False)

        assert server.engine.idle
        assert server.reason(sid) is Reason.SERVER_DISCONNECT

    @pytest.mark.parametrize("accepted", [True, False])
    def test_whether_the_last_answer_was_written_changes_nothing(self, serve, accepted):
        server = serve()
        sid = server.open_polling()
        server.is_prompt = False
        poll = server.get(sid)
        server.close(sid)
        poll.written(accepted)

        assert server.engine.idle
        assert len(server.seen(Disconnected)) == 1

    def test_nothing_is_taken_from_it_any_more(self, serve):
        server = serve()
        sid = server.open_polling()
        server.close(sid)

        assert server.start_post(sid).error == UNKNOWN
        assert server.send(sid, "x").name == "CLOSED"

    def test_a_handshake_whose_answer_is_being_written_is_told_by_the_next_poll(self, serve):
        """Rule: "open then immediate close"."""
        server = serve()
        server.is_prompt = False
        handshake = server.call("GET", "transport=polling&EIO=4")
        (sid,) = server.sessions
        server.close(sid)
        handshake.written()

        assert server.get(sid).body == b"1"


class TestByTheServerOnAWebSocket:
    def test_it_gets_a_close_packet_and_a_close_frame(self, serve):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        socket.take()
        server.send(sid, "last words")
        server.close(sid)

        assert socket.take() == ["4last words", "1"]
        assert socket.close_code == 1000
        assert socket.hangup.reason == "server disconnect"
        assert server.engine.session_of(socket) is None

    def test_what_is_being_written_goes_first(self, serve):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        socket.take()
        server.is_prompt = False
        for data in "abc":
            server.send(sid, data)
        server.close(sid)
        socket.drained()
        assert socket.take() == ["4a", "4b", "4c", "1"]
        assert server.end(sid) is None
        assert socket.hangup is None
        socket.drained()

        assert server.reason(sid) is Reason.SERVER_DISCONNECT
        assert server.end(sid).undelivered == ()
        assert socket.close_code == 1000

    def test_f54_a_client_that_never_closes_is_dropped(self, serve):
        server = serve()
        socket = server.open_websocket()
        server.close(socket.sid)
        server.advance(4.9)
        assert not socket.is_aborted
        assert server.engine.open_ports() == [socket]
        server.advance(0.1)

        assert socket.is_aborted
        assert server.engine.idle
        assert server.engine.open_ports() == []

    def test_a_client_that_closes_in_time_is_not(self, serve):
        server = serve()
        socket = server.open_websocket()
        server.close(socket.sid)
        socket.close(1000)
        server.advance(60.0)

        assert not socket.is_aborted
        assert server.engine.idle
        assert server.engine.deadline() is None

    def test_f54_one_that_does_not_even_take_the_packets_is_dropped(self, serve):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        server.is_prompt = False
        server.send(sid, "a")
        server.close(sid)
        server.advance(5.0)

        assert socket.is_aborted
        assert socket.hangup is None
        assert server.engine.idle

    def test_f64_a_write_deadline_comes_first_if_it_is_sooner(self, serve):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        server.is_prompt = False
        server.send(sid, "a")
        server.advance(8.0)
        server.close(sid)
        server.advance(2.0)

        assert socket.is_aborted
        assert server.engine.idle
        assert server.reason(sid) is Reason.SERVER_DISCONNECT

    def test_one_that_goes_meanwhile_needs_no_close(self, serve):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        server.is_prompt = False
        server.send(sid, "a")
        server.close(sid)
        socket.close()

        assert socket.hangup is None
        assert server.engine.idle

    def test_what_it_still_sends_is_ignored(self, serve):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        server.is_prompt = False
        server.send(sid, "a")
        server.close(sid)
        socket.send("4late", "1", "?")
        assert server.messages(sid) == []
        socket.drained()
        socket.send("4later")
        socket.drained()

        assert server.messages(sid) == []
        assert server.reason(sid) is Reason.SERVER_DISCONNECT


class TestTooBigToBeRead:
    def test_a_session_that_is_closing_goes_on_with_that(self, serve):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        server.is_prompt = False
        server.send(sid, "last")
        server.close(sid)
        socket.too_big()
        assert socket.is_open
        server.is_prompt = True
        socket.drained()

        assert server.reason(sid) is Reason.SERVER_DISCONNECT

    def test_a_port_that_is_no_longer_the_engines(self, serve):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        server.close(sid)
        socket.too_big()

        assert server.reason(sid) is Reason.SERVER_DISCONNECT


class TestCloseCodes:
    """RFC 6455 section 7.4.1."""

    @pytest.mark.parametrize(
        ("cause", "reason", "code"),
        [
            (lambda server, socket: socket.send("1"), Reason.CLIENT_DISCONNECT, 1000),
            (lambda server, socket: socket.send("?"), Reason.PARSE_ERROR, 1002),
            (lambda server, socket: socket.send("5"), Reason.TRANSPORT_ERROR, 1002),
            (lambda server, socket: socket.send(b"x" * 101), Reason.PAYLOAD_TOO_LARGE, 1009),
            (lambda server, socket: socket.too_big(), Reason.PAYLOAD_TOO_LARGE, 1009),
            (lambda server, socket: server.close(socket.sid), Reason.SERVER_DISCONNECT, 1000),
            (lambda server, socket: server.shutdown(), Reason.SERVER_SHUTDOWN, 1001),
            (lambda server, socket: server.advance(60.0), Reason.PING_TIMEOUT, 1000),
        ],
    )
    def test_each_reason_has_its_code(self, serve, cause, reason, code):
        server = serve(max_payload=100)
        socket = server.open_websocket()
        sid = socket.sid
        cause(server, socket)

        assert server.reason(sid) is reason
        assert socket.close_code == code
        assert socket.hangup.reason == reason.value


CAUSES = {
    "client packet": lambda server, socket: socket.send("1"),
    "bad frame": lambda server, socket: socket.send("?"),
    "wrong packet": lambda server, socket: socket.send("5"),
    "gone": lambda server, socket: None if socket.is_gone else socket.close(1006),
    "disconnect": lambda server, socket: server.close(next(iter(server.sessions))),
    "shutdown": lambda server, socket: server.shutdown(),
    "timeout": lambda server, socket: server.advance(60.0),
}
GRACEFUL = {"disconnect": Reason.SERVER_DISCONNECT, "shutdown": Reason.SERVER_SHUTDOWN}


class TestExactlyOneEvent:
    """F-76: the first reason wins."""

    @pytest.mark.parametrize("first", CAUSES)
    @pytest.mark.parametrize("second", CAUSES)
    @pytest.mark.parametrize("slow", [False, True], ids=["prompt", "slow"])
    def test_whatever_comes_after_the_first_cause(self, serve, first, second, slow):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        if slow:
            server.is_prompt = False
            server.send(sid, "x")
        CAUSES[first](server, socket)
        # What was sent before is still on its way then.
        reason = GRACEFUL[first] if slow and first in GRACEFUL else server.reason(sid)
        assert reason is not None
        CAUSES[second](server, socket)
        server.advance(60.0)

        assert len(server.seen(Disconnected)) == 1
        assert server.reason(sid) is reason
        assert server.engine.idle

    @pytest.mark.parametrize("reason", [Reason.SERVER_DISCONNECT, Reason.SERVER_SHUTDOWN])
    def test_f75_closing_twice(self, serve, reason):
        server = serve()
        sid = server.open_polling()
        server.close(sid)
        server.close(sid, reason)

        assert len(server.seen(Disconnected)) == 1
        assert server.get(sid).body == b"1"


class TestWhileTheApplicationDecides:
    """F-75: a handler may disconnect its client inside connect."""

    def test_a_polling_session_ends_as_soon_as_it_is_open(self, serve):
        server = serve()
        server.accepts = False
        handshake = server.call("GET", "transport=polling&EIO=4")
        (sid,) = server.sessions
        server.send(sid, "bye")
        server.close(sid)
        assert server.seen(Disconnected) == []
        assert server.accept(sid)

        assert handshake.body.endswith(b"\x1e4bye\x1e1")
        assert server.reason(sid) is Reason.SERVER_DISCONNECT
        assert server.engine.idle

    def test_and_so_does_a_websocket(self, serve):
        server = serve()
        server.accepts = False
        socket = server.socket("transport=websocket&EIO=4")
        (sid,) = server.sessions
        server.close(sid)
        server.close(sid, Reason.SERVER_SHUTDOWN)
        server.accept(sid)

        assert [frame[0] for frame in socket.frames] == ["0", "1"]
        assert socket.close_code == 1000
        assert server.reason(sid) is Reason.SERVER_DISCONNECT

    def test_who_is_refused_all_the_same_was_never_there(self, serve):
        server = serve()
        server.accepts = False
        handshake = server.call("GET", "transport=polling&EIO=4")
        (sid,) = server.sessions
        server.close(sid)
        server.refuse(sid)

        assert handshake.status == 401
        assert server.seen(Disconnected) == []

    def test_a_client_that_leaves_after_that_is_simply_gone(self, serve):
        server = serve()
        server.accepts = False
        socket = server.socket("transport=websocket&EIO=4")
        (sid,) = server.sessions
        server.close(sid)
        socket.close()
        server.accept(sid)

        assert server.reason(sid) is Reason.TRANSPORT_CLOSE
        assert server.engine.idle


def test_what_was_not_delivered_is_listed_once_and_in_order(serve):
    server = serve()
    sid = server.open_polling()
    server.is_prompt = False
    server.get(sid)
    for data in ("lent", b"waiting", "too"):
        server.send(sid, data)
    server.is_prompt = True
    server.post(sid, b"?")

    assert server.end(sid).undelivered == ("lent", b"waiting", "too")


class TestByAWebSocketThatFails:
    """Servers that check lengths, UTF-8 and framing below us close the WebSocket themselves."""

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            (1002, Reason.TRANSPORT_ERROR),
            (1007, Reason.TRANSPORT_ERROR),
            (1009, Reason.PAYLOAD_TOO_LARGE),
        ],
    )
    def test_the_reason_says_what_was_wrong(self, serve, code, reason):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        socket.fail(code, "not to be had")

        assert server.reason(sid) is reason
        assert server.end(sid).detail == "not to be had"
        socket.close()
        assert server.engine.idle

    def test_a_probe_that_fails_leaves_polling_untouched(self, serve):
        server = serve()
        sid = server.open_polling()
        socket = server.begin_upgrade(sid)
        socket.fail(1009)
        socket.close()

        assert server.reason(sid) is None
        assert server.begin_upgrade(sid).is_accepted

    def test_while_the_application_decides_it_is_a_client_that_left(self, serve):
        server = serve()
        server.accepts = False
        socket = server.socket("transport=websocket&EIO=4")
        socket.fail(1002)
        socket.close()
        (sid,) = server.sessions
        server.accept(sid)

        assert server.reason(sid) is Reason.TRANSPORT_CLOSE
