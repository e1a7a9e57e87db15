"""Who pings whom, and when silence means that the peer is gone."""

from math import inf

import pytest

from engineio.protocol.heartbeat import Beat, ClientPings, ServerPings, heartbeat_for
from engineio.types import Reason, Revision

INTERVAL, TIMEOUT = 25.0, 20.0


def server_pings(now=0.0):
    heartbeat = heartbeat_for(Revision.V4, INTERVAL, TIMEOUT)
    heartbeat.start(now)
    return heartbeat


def client_pings(now=0.0):
    heartbeat = heartbeat_for(Revision.V3, INTERVAL, TIMEOUT)
    heartbeat.start(now)
    return heartbeat


def test_each_revision_has_its_heartbeat():
    assert isinstance(heartbeat_for(Revision.V4, 1, 1), ServerPings)
    assert isinstance(heartbeat_for(Revision.V3, 1, 1), ClientPings)


@pytest.mark.parametrize("revision", Revision)
def test_nothing_is_due_before_the_start(revision):
    """Rule: "Do not start timers before the session is accepted"."""
    assert heartbeat_for(revision, INTERVAL, TIMEOUT).deadline == inf


class TestServerPings:
    def test_the_first_ping_comes_one_interval_after_the_start(self):
        heartbeat = server_pings(100.0)

        assert heartbeat.deadline == 125.0
        assert heartbeat.tick(125.0) is Beat.PING

    def test_the_next_ping_is_one_interval_after_the_pong(self):
        heartbeat = server_pings()
        heartbeat.tick(25.0)
        assert heartbeat.answered(30.0)

        assert heartbeat.deadline == 55.0
        assert heartbeat.tick(55.0) is Beat.PING

    def test_a_pong_that_does_not_come_is_a_timeout(self):
        """Rule: "Waits at most pingTimeout for 3, else close with ping timeout"."""
        heartbeat = server_pings()
        heartbeat.tick(25.0)

        assert heartbeat.deadline == 45.0
        assert heartbeat.tick(45.0) is Beat.TIMEOUT

    def test_another_packet_while_waiting_extends_once(self):
        heartbeat = server_pings()
        heartbeat.tick(25.0)
        heartbeat.heard = True

        assert heartbeat.tick(45.0) is None
        heartbeat.heard = True
        assert heartbeat.deadline == 65.0
        assert heartbeat.tick(65.0) is Beat.TIMEOUT

    def test_a_packet_before_the_ping_does_not_extend(self):
        heartbeat = server_pings()
        heartbeat.heard = True
        heartbeat.tick(25.0)

        assert heartbeat.tick(45.0) is Beat.TIMEOUT

    def test_a_pong_after_the_extension_counts(self):
        heartbeat = server_pings()
        heartbeat.tick(25.0)
        heartbeat.heard = True
        heartbeat.tick(45.0)
        heartbeat.answered(46.0)

        assert heartbeat.tick(71.0) is Beat.PING
        heartbeat.heard = True
        assert heartbeat.tick(91.0) is None

    def test_sec12_unsolicited_pongs_start_nothing(self):
        """Rule: "An unsolicited pong is harmless (must not start more timers: CVE-2026-48802)"."""
        heartbeat = server_pings()
        for _ in range(10_000):
            assert heartbeat.answered(1.0)

        assert heartbeat.deadline == 25.0

    def test_only_the_server_pings(self):
        heartbeat = server_pings()

        assert not heartbeat.pinged(1.0)
        assert heartbeat.deadline == 25.0

    def test_f82_a_process_that_was_stopped_gives_one_grace(self):
        heartbeat = server_pings()
        heartbeat.tick(25.0)

        assert heartbeat.tick(105.0) is None
        assert heartbeat.deadline == 125.0
        assert heartbeat.tick(125.0) is Beat.TIMEOUT

    def test_a_tick_that_is_a_little_late_gives_none(self):
        heartbeat = server_pings()
        heartbeat.tick(25.0)

        assert heartbeat.tick(45.9) is Beat.TIMEOUT

    def test_stopped_it_asks_for_nothing(self):
        heartbeat = server_pings()
        heartbeat.stop()

        assert heartbeat.deadline == inf

    def test_pings_go_on_while_the_server_does_not_read(self):
        heartbeat = server_pings()
        heartbeat.pause()
        for now in (25.0, 45.0, 65.0):
            assert heartbeat.deadline == now
            assert heartbeat.tick(now) is Beat.PING
            heartbeat.alive = True

    def test_of_a_client_that_is_not_read_there_must_be_another_sign(self):
        heartbeat = server_pings()
        heartbeat.pause()
        heartbeat.alive = True
        heartbeat.tick(25.0)
        heartbeat.tick(45.0)

        assert heartbeat.tick(65.0) is Beat.TIMEOUT

    def test_another_sign_is_no_answer_while_the_server_reads(self):
        heartbeat = server_pings()
        heartbeat.tick(25.0)
        heartbeat.alive = True

        assert heartbeat.tick(45.0) is Beat.TIMEOUT

    def test_reading_again_gives_a_ping_that_is_out_its_whole_time(self):
        heartbeat = server_pings()
        heartbeat.tick(25.0)
        heartbeat.pause()
        heartbeat.resume(30.0)

        assert heartbeat.deadline == 50.0
        assert heartbeat.tick(50.0) is Beat.TIMEOUT

    def test_reading_again_does_not_put_off_the_next_ping(self):
        heartbeat = server_pings()
        heartbeat.pause()
        heartbeat.resume(20.0)

        assert heartbeat.deadline == 25.0


class TestClientPings:
    def test_silence_for_interval_and_timeout_is_a_timeout(self):
        heartbeat = client_pings(100.0)

        assert heartbeat.deadline == 145.0
        assert heartbeat.tick(145.0) is Beat.TIMEOUT

    def test_each_ping_starts_the_time_again(self):
        heartbeat = client_pings()
        assert heartbeat.pinged(24.0)

        assert heartbeat.deadline == 69.0

    def test_another_packet_extends_once(self):
        heartbeat = client_pings()
        heartbeat.heard = True

        assert heartbeat.tick(45.0) is None
        assert heartbeat.deadline == 65.0
        heartbeat.heard = True
        assert heartbeat.tick(65.0) is Beat.TIMEOUT

    def test_only_the_client_pings(self):
        heartbeat = client_pings()

        assert not heartbeat.answered(1.0)
        assert heartbeat.deadline == 45.0

    def test_f82_a_process_that_was_stopped_gives_one_grace(self):
        heartbeat = client_pings()

        assert heartbeat.tick(100.0) is None
        assert heartbeat.tick(120.0) is Beat.TIMEOUT

    def test_a_client_that_is_not_read_needs_another_sign(self):
        heartbeat = client_pings()
        heartbeat.pause()
        heartbeat.alive = True

        assert heartbeat.tick(45.0) is None
        assert heartbeat.deadline == 90.0
        assert heartbeat.tick(90.0) is Beat.TIMEOUT

    def test_reading_again_gives_the_next_ping_its_whole_time(self):
        heartbeat = client_pings()
        heartbeat.pause()
        heartbeat.resume(40.0)

        assert heartbeat.deadline == 85.0


class TestInASession:
    """The heartbeat as clients see it."""

    def test_pings_go_out_by_websocket(self, serve):
        server = serve()
        socket = server.open_websocket()
        socket.take()
        server.advance(24.9)
        assert socket.take() == []
        server.advance(0.1)

        assert socket.take() == ["2"]

    def test_pings_go_out_by_polling(self, serve):
        server = serve()
        sid = server.open_polling()
        poll = server.get(sid)
        server.advance(25.0)

        assert poll.body == b"2"

    def test_a_client_that_answers_lives_for_ever(self, serve):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        for _ in range(100):
            server.advance(25.0)
            assert socket.take()[-1] == "2"
            socket.send("3")

        assert server.is_open(sid)

    def test_a_polling_client_that_answers_lives_for_ever(self, serve):
        server = serve()
        sid = server.open_polling()
        for _ in range(100):
            poll = server.get(sid)
            server.advance(25.0)
            assert poll.body == b"2"
            assert server.post(sid, b"3").body == b"ok"

        assert server.is_open(sid)

    def test_g9_a_silent_websocket_ends_after_interval_and_timeout(self, serve):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        server.advance(44.9)
        assert server.is_open(sid)
        server.advance(0.1)

        assert server.reason(sid) is Reason.PING_TIMEOUT
        assert socket.close_code == 1000

    def test_g9_a_poll_that_is_never_answered_by_a_pong_ends_the_session(self, serve):
        server = serve()
        sid = server.open_polling()
        assert server.get(sid).is_waiting
        server.advance(25.0)
        poll = server.get(sid)
        server.advance(20.0)

        assert server.reason(sid) is Reason.PING_TIMEOUT
        assert poll.body == b"1"

    def test_a_ping_timeout_is_noticed_with_no_poll_outstanding(self, serve):
        server = serve()
        sid = server.open_polling()
        server.get(sid)
        server.send(sid, "x")
        server.advance(45.0)

        assert server.reason(sid) is Reason.PING_TIMEOUT

    def test_messages_count_as_a_sign_of_life_once(self, serve):
        """Rule: "Another packet while waiting extends once"."""
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        server.advance(30.0)
        for _ in range(3):
            socket.send("4x")
            server.advance(10.0)
        assert server.is_open(sid)
        server.advance(5.0)

        assert server.reason(sid) is Reason.PING_TIMEOUT

    def test_each_answer_is_an_event(self, serve):
        server = serve()
        socket = server.open_websocket()
        server.advance(25.0)
        socket.send("3")

        assert [type(event).__name__ for event in server.log][-1] == "HeartbeatReceived"

    def test_an_eio_3_client_pings_and_is_answered_with_its_data(self, serve):
        """Rule: "EIO3: client sends 2 every interval; server answers 3", with its data."""
        server = serve(allow_eio3=True)
        socket = server.open_websocket("EIO=3")
        socket.take()
        socket.send("2", "2hello")

        assert socket.take() == ["3", "3hello"]

    def test_a_silent_eio_3_client_is_never_pinged_but_ended(self, serve):
        server = serve(allow_eio3=True)
        socket = server.open_websocket("EIO=3")
        sid = socket.sid
        socket.take()
        server.advance(44.9)
        assert server.is_open(sid)
        server.advance(0.1)

        assert socket.take() == []
        assert server.reason(sid) is Reason.PING_TIMEOUT

    @pytest.mark.parametrize(("query", "frame"), [("EIO=4", "2"), ("EIO=3", "3")])
    def test_f17_a_heartbeat_in_the_wrong_direction_ends_the_session(self, serve, query, frame):
        """Rule: "EIO4 2 or EIO3 3 = invalid heartbeat direction, close the session"."""
        server = serve(allow_eio3=True)
        socket = server.open_websocket(query)
        sid = socket.sid
        socket.send(frame)

        assert server.reason(sid) is Reason.TRANSPORT_ERROR
        assert socket.close_code == 1002

    def test_sec12_a_flood_of_pongs_changes_nothing(self, serve):
        server = serve()
        socket = server.open_websocket()
        socket.take()
        for _ in range(10_000):
            socket.send("3")
        server.advance(25.0)

        assert socket.take() == ["2"]
        assert len(server.engine._schedule._heap) < 10

    def test_f82_a_stopped_process_does_not_declare_its_clients_dead(self, serve):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        server.advance(26.0)
        server.sleep(60.0)
        assert server.is_open(sid)
        socket.send("3")
        server.advance(24.0)

        assert server.is_open(sid)

    def test_f82_a_client_that_is_dead_is_noticed_all_the_same(self, serve):
        server = serve()
        sid = server.open_websocket().sid
        server.advance(26.0)
        server.sleep(60.0)
        server.advance(20.0)

        assert server.reason(sid) is Reason.PING_TIMEOUT

    def test_while_the_server_does_not_read_silence_is_its_own_fault(self, serve):
        """F-74: "heartbeats not falsely timed out"."""
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        server.advance(26.0)
        server.pause(sid)
        socket.take()
        server.advance(1000.0)
        assert server.is_open(sid)
        # The client gives up 45 s after the last ping.
        assert socket.take() == ["2"] * 50
        server.pause(sid, paused=False)
        server.advance(19.9)
        assert server.is_open(sid)
        server.advance(0.1)

        assert server.reason(sid) is Reason.PING_TIMEOUT

    def test_handlers_that_fall_behind_again_and_again_delay_no_ping(self, serve):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        socket.take()
        for _ in range(49):
            server.pause(sid)
            server.advance(0.5)
            server.pause(sid, paused=False)
            server.advance(0.5)
        assert socket.take() == ["2"]

    def test_a_polling_client_that_is_not_read_must_go_on_polling(self, serve):
        server = serve()
        sid = server.open_polling()
        poll = server.get(sid)
        server.pause(sid)
        for _ in range(20):
            server.advance(19.0)
            poll = poll if poll.is_waiting else server.get(sid)
        assert server.is_open(sid)
        server.advance(65.0)

        assert server.reason(sid) is Reason.PING_TIMEOUT

    @pytest.mark.parametrize("query", ["EIO=4", "EIO=3"])
    def test_f65_a_client_that_posts_and_never_polls_is_given_up(self, serve, query):
        server = serve(allow_eio3=True)
        sid = server.open_polling(query)
        post = server.start_post(sid, query)
        server.pause(sid)
        assert post.limit is not None
        post.upload(b"4x" if query == "EIO=4" else b"2:4x")
        parked = server.start_post(sid, query)
        server.advance(65.0)

        assert server.reason(sid) is Reason.PING_TIMEOUT
        assert not parked.is_waiting

    @pytest.mark.parametrize("seconds", [0.001, 0.25])
    def test_sub_second_intervals_survive(self, serve, seconds):
        server = serve(ping_interval=seconds, ping_timeout=seconds)
        socket = server.open_websocket()
        assert f'"pingInterval":{round(seconds * 1000)},' in socket.take()[0]
        server.advance(seconds)

        assert socket.take() == ["2"]

    def test_a_session_that_ended_has_no_timer_left(self, serve):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        socket.send("1")
        socket.close()
        server.advance(1000.0)

        assert server.reason(sid) is Reason.CLIENT_DISCONNECT
        assert server.engine.deadline() is None
