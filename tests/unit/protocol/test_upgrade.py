"""From polling to WebSocket: no message lost, doubled or reordered, and a failure harms nothing."""

import pytest

from engineio.protocol.events import Upgraded
from engineio.types import Reason, Transport

BAD_REQUEST = (400, 3, "Bad request")


class TestTheWholeWay:
    def test_a_session_moves_to_its_websocket(self, serve):
        """Rule: probe, answer, end of the poll, upgrade."""
        server = serve()
        sid = server.open_polling()
        poll = server.get(sid)
        socket = server.begin_upgrade(sid)
        assert socket.is_accepted
        assert not socket.decision.initial
        socket.send("2probe")
        assert socket.take() == ["3probe"]
        assert poll.body == b"6"
        socket.send("5")

        assert server.log[-1] == Upgraded(server.sessions[sid], Transport.WEBSOCKET)
        socket.send("4a", b"\1")
        server.send(sid, "b")
        assert server.messages(sid) == ["a", b"\1"]
        assert socket.take() == ["4b"]

    def test_eio_3_upgrades_in_the_same_way(self, serve):
        server = serve(allow_eio3=True)
        sid = server.open_polling("EIO=3")
        poll = server.get(sid, "EIO=3")
        socket = server.upgrade(sid, "EIO=3")
        socket.send(b"\4\1")
        server.send(sid, b"\2")

        assert poll.body == b"1:6"
        assert server.messages(sid) == [b"\1"]
        assert socket.take() == [b"\4\2"]

    def test_queued_packets_go_to_the_new_transport_in_order(self, serve):
        """Rule: "Server switches, flushes queued packets in order"."""
        server = serve()
        sid = server.open_polling()
        socket = server.begin_upgrade(sid)
        server.send(sid, "before")
        socket.send("2probe")
        server.send(sid, "between")
        assert socket.take() == ["3probe"]
        socket.send("5")
        server.send(sid, "after")

        assert socket.take() == ["4before", "4between", "4after"]

    def test_a_message_before_the_switch_goes_by_the_poll_that_is_held(self, serve):
        server = serve()
        sid = server.open_polling()
        poll = server.get(sid)
        socket = server.begin_upgrade(sid)
        server.send(sid, "before")
        assert poll.body == b"4before"
        socket.send("2probe", "5")

        assert socket.take() == ["3probe"]

    def test_what_a_poll_has_carried_is_not_sent_again(self, serve):
        server = serve()
        sid = server.open_polling()
        server.is_prompt = False
        poll = server.get(sid)
        server.send(sid, "a")
        assert poll.body == b"4a"
        server.is_prompt = True
        # Rule: "Client, once its poll ended, sends 5": so it has got the answer.
        socket = server.upgrade(sid)
        server.send(sid, "b")
        poll.written()

        assert socket.take() == ["4b"]

    def test_who_waits_for_room_hears_of_it_at_the_switch(self, serve):
        server = serve(send_queue_packets=1)
        sid = server.open_polling()
        server.is_prompt = False
        server.get(sid)
        server.send(sid, "a")
        server.send(sid, "b")
        server.is_prompt = True
        server.upgrade(sid)

        assert "Drained" in [type(event).__name__ for event in server.log]

    def test_no_timer_is_left(self, serve):
        """Rule: "no timeout after an upgrade"."""
        server = serve(upgrade_timeout=3.0)
        sid = server.open_polling()
        socket = server.upgrade(sid)
        server.advance(24.0)

        assert server.is_open(sid)
        assert socket.take() == []

    def test_f69_a_broadcast_packet_has_the_framing_of_either_side(self, serve):
        server = serve()
        polling, upgraded = server.open_polling(), server.open_polling()
        socket = server.upgrade(upgraded)
        for sid in (polling, upgraded):
            server.send(sid, b"\1")

        assert server.get(polling).body == b"bAQ=="
        assert socket.take() == [b"\1"]


class TestPollsInBetween:
    """Rule: "Every GET that arrives until step 3 gets 6 at once or within a short tick"."""

    def test_a_poll_after_the_probe_gets_a_noop_at_once(self, serve):
        server = serve()
        sid = server.open_polling()
        socket = server.begin_upgrade(sid)
        socket.send("2probe")

        assert server.get(sid).body == b"6"

    def test_f61_but_not_more_than_ten_a_second(self, serve):
        server = serve()
        sid = server.open_polling()
        server.begin_upgrade(sid).send("2probe")
        start, count = server.now, 0
        while server.now < start + 1.0:
            poll = server.get(sid)
            while poll.is_waiting:
                server.advance(0.01)
            assert poll.body == b"6"
            count += 1

        assert 9 <= count <= 11

    def test_a_message_ends_a_poll_that_waits_for_its_noop(self, serve):
        server = serve()
        sid = server.open_polling()
        server.begin_upgrade(sid).send("2probe")
        server.get(sid)
        poll = server.get(sid)
        assert poll.is_waiting
        server.send(sid, "x")
        assert poll.body == b"4x"
        server.advance(0.2)

        # The noop that was due has gone with it.
        assert server.get(sid).body == b"6"

    def test_before_the_probe_polls_are_held(self, serve):
        server = serve()
        sid = server.open_polling()
        socket = server.begin_upgrade(sid)
        poll = server.get(sid)
        server.advance(5.0)

        assert poll.is_waiting
        assert socket.take() == []

    def test_f61_a_poll_held_at_the_switch_gets_a_noop(self, serve):
        server = serve()
        sid = server.open_polling()
        socket = server.begin_upgrade(sid)
        socket.send("2probe")
        server.get(sid)
        poll = server.get(sid)
        assert poll.is_waiting
        socket.send("5")

        assert poll.body == b"6"
        assert "6" not in socket.take()

    def test_a_ping_goes_by_the_transport_that_is_current(self, serve):
        server = serve()
        sid = server.open_polling()
        poll = server.get(sid)
        server.advance(20.0)
        socket = server.begin_upgrade(sid)
        server.advance(5.0)

        assert poll.body == b"2"
        assert socket.take() == []


class TestPostsInBetween:
    """F-61: what a POST carries was sent before what comes by the WebSocket."""

    def begin(self, server):
        sid = server.open_polling()
        socket = server.begin_upgrade(sid)
        socket.send("2probe")
        post = server.start_post(sid)
        socket.send("5")
        return sid, socket, post

    def test_frames_wait_for_it(self, serve):
        server = serve()
        sid, socket, post = self.begin(server)
        socket.send("4c", b"d")
        assert server.messages(sid) == []
        post.upload(b"4a\x1e4b")

        assert post.body == b"ok"
        assert server.messages(sid) == ["a", "b", "c", b"d"]
        socket.send("4e")
        assert server.messages(sid)[-1] == "e"

    def test_the_server_may_send_meanwhile(self, serve):
        server = serve()
        sid, socket, _ = self.begin(server)
        socket.take()
        server.send(sid, "x")

        assert socket.take() == ["4x"]

    def test_frames_after_a_close_in_it_are_ignored(self, serve):
        server = serve()
        sid, socket, post = self.begin(server)
        socket.send("4b")
        post.upload(b"4a\x1e1")

        assert post.body == b"ok"
        assert server.messages(sid) == ["a"]
        assert server.reason(sid) is Reason.CLIENT_DISCONNECT
        assert socket.close_code == 1000

    def test_a_frame_that_ends_the_session_stops_those_behind_it(self, serve):
        server = serve()
        sid, socket, post = self.begin(server)
        socket.send("4b", "?", "4c")
        post.upload(b"4a")

        assert server.messages(sid) == ["a", "b"]
        assert server.reason(sid) is Reason.PARSE_ERROR

    def test_a_post_that_is_cut_off_ends_the_session(self, serve):
        server = serve()
        sid, socket, post = self.begin(server)
        socket.send("4b")
        post.drop()

        assert server.reason(sid) is Reason.TRANSPORT_ERROR
        assert server.messages(sid) == []
        assert socket.close_code == 1002

    def test_a_post_that_takes_too_long_ends_the_session(self, serve):
        server = serve()
        sid, socket, post = self.begin(server)
        server.advance(10.0)

        assert post.status == 408
        assert server.reason(sid) is Reason.TRANSPORT_ERROR
        assert socket.close_code == 1002

    @pytest.mark.parametrize("frames", [["4" + "x" * 60] * 2, [""] * 1001])
    def test_what_may_wait_is_bounded(self, serve, frames):
        server = serve(max_payload=100)
        sid, socket, post = self.begin(server)
        for frame in frames:
            if socket.is_open:
                socket.send(frame)

        assert server.reason(sid) is Reason.TRANSPORT_ERROR
        assert post.error == BAD_REQUEST

    def test_a_websocket_that_goes_meanwhile_ends_the_session(self, serve):
        server = serve()
        sid, socket, post = self.begin(server)
        socket.send("4b")
        socket.close()

        assert server.reason(sid) is Reason.TRANSPORT_CLOSE
        assert post.status == 400
        assert server.messages(sid) == []


class TestFailures:
    """Rule: "Close the new transport only; the polling session continues normally"."""

    def check_polling(self, server, sid):
        poll = server.get(sid)
        assert server.post(sid, b"4still").body == b"ok"
        server.send(sid, "here")
        assert poll.body == b"4here"
        assert server.messages(sid) == ["still"]

    @pytest.mark.parametrize(
        "frames",
        [
            [""],
            ["x"],
            ["2"],
            ["2prob"],
            ["3probe"],
            ["5"],
            ["4hello"],
            ["1"],
            [b"\1"],
            ["b!!!"],
            ["2probe", "2probe"],
            ["2probe", "4hello"],
            ["2probe", "5x"],
            ["2probe", ""],
        ],
    )
    def test_f57_f62_anything_but_probe_and_upgrade_ends_the_probe(self, serve, frames):
        server = serve()
        sid = server.open_polling()
        socket = server.begin_upgrade(sid)
        socket.send(*frames)

        assert socket.close_code == 1002
        assert server.messages(sid) == []
        self.check_polling(server, sid)

    @pytest.mark.parametrize("frames", [[], ["2probe"]])
    def test_f57_a_message_too_big_to_be_read_ends_the_probe(self, serve, frames):
        server = serve()
        sid = server.open_polling()
        socket = server.begin_upgrade(sid)
        socket.send(*frames)
        socket.too_big()

        assert socket.close_code == 1009
        self.check_polling(server, sid)

    @pytest.mark.parametrize("frames", [[], ["2probe"]])
    def test_f57_a_probe_that_goes_away_leaves_no_trace(self, serve, frames):
        server = serve()
        sid = server.open_polling()
        socket = server.begin_upgrade(sid)
        socket.send(*frames)
        socket.close(1006)

        self.check_polling(server, sid)
        assert server.upgrade(sid).is_open

    @pytest.mark.parametrize("frames", [[], ["2probe"]])
    def test_f58_an_upgrade_has_a_deadline(self, serve, frames):
        server = serve()
        sid = server.open_polling()
        socket = server.begin_upgrade(sid)
        socket.send(*frames)
        server.advance(9.9)
        assert socket.is_open
        server.advance(0.1)

        assert socket.close_code == 1002
        self.check_polling(server, sid)
        assert server.upgrade(sid).is_open

    def test_f58_a_poll_parked_then_is_held_on(self, serve):
        server = serve()
        sid = server.open_polling()
        poll = server.get(sid)
        server.begin_upgrade(sid)
        server.advance(10.0)
        assert poll.is_waiting
        server.send(sid, "x")

        assert poll.body == b"4x"

    def test_the_probe_has_close_timeout_to_go(self, serve):
        server = serve()
        sid = server.open_polling()
        socket = server.begin_upgrade(sid)
        socket.send("x")
        server.advance(4.9)
        assert not socket.is_gone
        server.advance(0.1)

        assert socket.is_aborted

    def test_what_a_closing_probe_still_sends_is_ignored(self, serve):
        server = serve()
        sid = server.open_polling()
        first = server.begin_upgrade(sid)
        first.send("x")
        second = server.upgrade(sid)
        first.send("4a", "5", "1")
        second.send("4b")

        assert server.messages(sid) == ["b"]


class TestRefusals:
    """Rule: "Refuse if unknown, already upgrading, already upgraded, or EIO differs"."""

    def test_an_unknown_session(self, serve):
        assert serve().begin_upgrade("unknown").error == (400, 1, "Session ID unknown")

    def test_f59_a_second_upgrade_while_one_is_pending(self, serve):
        server = serve()
        sid = server.open_polling()
        first, second = server.begin_upgrade(sid), server.begin_upgrade(sid)
        first.send("2probe", "5")

        assert second.error == BAD_REQUEST
        server.send(sid, "x")
        assert first.take() == ["3probe", "4x"]

    def test_f59_sec06_a_second_upgrade_after_the_first(self, serve):
        server = serve()
        sid = server.open_polling()
        first = server.upgrade(sid)
        second = server.begin_upgrade(sid)

        assert second.error == BAD_REQUEST
        server.send(sid, "x")
        assert first.take() == ["4x"]

    def test_a_session_that_began_as_a_websocket(self, serve):
        server = serve()
        socket = server.open_websocket()

        assert server.begin_upgrade(socket.sid).error == BAD_REQUEST
        assert server.is_open(socket.sid)

    def test_another_revision(self, serve):
        server = serve(allow_eio3=True)
        sid = server.open_polling()

        assert server.begin_upgrade(sid, "EIO=3").error == BAD_REQUEST

    def test_upgrades_that_are_switched_off(self, serve):
        server = serve(allow_upgrades=False)
        sid = server.open_polling()

        assert server.begin_upgrade(sid).error == BAD_REQUEST
        assert server.is_open(sid)

    def test_a_session_that_is_closing(self, serve):
        server = serve()
        sid = server.open_polling()
        server.close(sid)

        assert server.begin_upgrade(sid).error == BAD_REQUEST

    def test_f7_polling_after_the_switch(self, serve):
        """Rule: "After the switch, GET/POST for that sid: 400 code 3", session unharmed."""
        server = serve()
        sid = server.open_polling()
        socket = server.upgrade(sid)

        assert server.get(sid).error == BAD_REQUEST
        assert server.start_post(sid).error == BAD_REQUEST
        server.send(sid, "x")
        assert socket.take() == ["4x"]


class TestSessionsThatEndMeanwhile:
    """F-63: both transports closed, one event."""

    @pytest.mark.parametrize("frames", [[], ["2probe"]])
    def test_ended_by_the_client(self, serve, frames):
        server = serve()
        sid = server.open_polling()
        socket = server.begin_upgrade(sid)
        socket.send(*frames)
        poll = server.get(sid) if not frames else None
        server.post(sid, b"1")

        assert server.reason(sid) is Reason.CLIENT_DISCONNECT
        assert socket.close_code == 1000
        assert poll is None or poll.body == b"6"

    def test_ended_by_the_server(self, serve):
        server = serve()
        sid = server.open_polling()
        poll = server.get(sid)
        socket = server.begin_upgrade(sid)
        server.close(sid)

        assert poll.body == b"1"
        assert socket.close_code == 1000
        assert server.reason(sid) is Reason.SERVER_DISCONNECT

    def test_ended_by_a_ping_timeout(self, serve):
        server = serve(upgrade_timeout=60.0)
        sid = server.open_polling()
        server.get(sid)
        socket = server.begin_upgrade(sid)
        server.advance(45.0)

        assert server.reason(sid) is Reason.PING_TIMEOUT
        assert socket.close_code == 1000

    def test_ended_by_overlapping_polls(self, serve):
        server = serve()
        sid = server.open_polling()
        server.get(sid)
        socket = server.begin_upgrade(sid)
        server.get(sid)

        assert server.reason(sid) is Reason.TRANSPORT_ERROR
        assert socket.close_code == 1000


class TestSlowPorts:
    def test_nothing_is_written_before_the_answer_to_the_probe_was_taken(self, serve):
        server = serve()
        sid = server.open_polling()
        socket = server.begin_upgrade(sid)
        server.is_prompt = False
        socket.send("2probe", "5")
        server.send(sid, "x")
        assert socket.take() == ["3probe"]
        socket.drained()

        assert socket.take() == ["4x"]

    def test_an_upgrade_counts_as_the_first_request(self, serve):
        """F-13: the client knows its sid, so the handshake was no flood."""
        server = serve(first_request_timeout=2.0)
        sid = server.open_polling()
        server.begin_upgrade(sid)
        server.advance(3.0)

        assert server.is_open(sid)
