"""A session on its WebSocket: one packet per message, one write at a time."""

import pytest

from engineio.protocol.actions import Write
from engineio.protocol.outbox import Outbox
from engineio.protocol.packet import NOOP, Packet, PacketType
from engineio.protocol.revision import codec_for
from engineio.protocol.websocket import WebSocket
from engineio.types import Reason, Revision


def test_the_open_packet_is_the_first_frame(serve):
    socket = serve().open_websocket()
    (frame,) = socket.frames

    assert frame == (
        f'0{{"sid":"{socket.sid}","upgrades":[],"pingInterval":25000,"pingTimeout":20000,'
        '"maxPayload":1000000}'
    )


def test_the_cookie_is_in_the_response_that_opens_it(serve):
    socket = serve(cookie="io").open_websocket()

    assert socket.decision.initial
    assert socket.decision.headers == (
        ("Set-Cookie", f"io={socket.sid}; Path=/; HttpOnly; SameSite=Lax"),
    )


def test_what_was_sent_while_the_application_decided_follows_the_open_packet(serve):
    server = serve()
    server.accepts = False
    socket = server.socket("transport=websocket&EIO=4")
    (sid,) = server.sessions
    server.send(sid, "early")
    assert socket.decision is None
    server.accept(sid)

    assert [frame[0] for frame in socket.frames] == ["0", "4"]
    assert socket.frames[1] == "4early"


@pytest.mark.parametrize(
    ("data", "frame"),
    [("a", "4a"), ("", "4"), ("€😀\0\u2028", "4€😀\0\u2028"), (b"\1", b"\1"), (b"", b"")],
)
def test_messages_go_both_ways(serve, data, frame):
    server = serve()
    socket = server.open_websocket()
    sid = socket.sid
    socket.take()
    server.send(sid, data)
    socket.send(frame)

    assert socket.take() == [frame]
    assert server.messages(sid) == [data]


def test_binary_in_base64_is_taken_too(serve):
    """Rule: "Accept b... text too (Node and Python do)"."""
    server = serve()
    socket = server.open_websocket()
    socket.send("bAQI=")

    assert server.messages(socket.sid) == [b"\1\2"]


@pytest.mark.parametrize(("query", "frame"), [("EIO=3", b"\4\1\2"), ("EIO=3&b64=1", "b4AQI=")])
def test_eio_3_has_its_own_binary_frames(serve, query, frame):
    server = serve(allow_eio3=True)
    socket = server.open_websocket(query)
    sid = socket.sid
    socket.take()
    server.send(sid, b"\1\2")
    socket.send(frame)

    assert socket.take() == [frame]
    assert server.messages(sid) == [b"\1\2"]


class TestWrites:
    def test_a_port_gets_one_write_at_a_time(self, serve):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        socket.take()
        server.is_prompt = False
        server.send(sid, "a")
        server.send(sid, "b")
        server.send(sid, b"c")
        assert socket.take() == ["4a"]
        socket.drained()

        assert socket.take() == ["4b", b"c"]
        assert [len(write.frames) for write in server.seen(Write)][-2:] == [1, 2]

    def test_nothing_is_written_before_the_port_was_accepted(self, serve):
        server = serve()
        server.is_prompt = False
        socket = server.open_websocket()
        (sid,) = server.sessions
        server.send(sid, "a")
        assert socket.frames == []
        socket.drained()

        assert socket.frames[1:] == ["4a"]

    def test_f64_a_write_that_is_not_taken_in_time_ends_the_session(self, serve):
        """After the write deadline, close as a slow consumer."""
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        server.is_prompt = False
        server.send(sid, "a")
        server.send(sid, "b")
        server.advance(9.9)
        assert server.is_open(sid)
        server.advance(0.1)

        assert server.reason(sid) is Reason.SLOW_CLIENT
        assert server.end(sid).undelivered == ("a", "b")
        # A port that takes no write would take no close either.
        assert socket.is_aborted
        assert socket.hangup is None

    def test_a_long_queue_is_written_in_portions(self, serve):
        """A client that reads slowly is not one that does not read."""
        server = serve(ping_interval=100.0)
        socket = server.open_websocket()
        sid = socket.sid
        socket.take()
        server.is_prompt = False
        server.send(sid, "first")
        messages = [str(number) * 10_000 for number in range(9)]
        for message in [*messages, "x" * 200_000, "last"]:
            server.send(sid, message)
        portions = []
        while socket.is_writing:
            server.advance(9.0)
            portions.append(socket.take())
            socket.drained()

        assert [len(portion) for portion in portions] == [1, 6, 3, 1, 1]
        frames = [frame for portion in portions for frame in portion]
        assert frames == [f"4{each}" for each in ["first", *messages, "x" * 200_000, "last"]]

    def test_each_write_has_its_whole_time(self, serve):
        server = serve(ping_interval=100.0)
        socket = server.open_websocket()
        sid = socket.sid
        server.is_prompt = False
        for _ in range(4):
            server.send(sid, "x")
            server.advance(9.0)
            socket.drained()
        server.advance(9.0)

        assert server.is_open(sid)

    def test_g7_a_message_whose_write_was_cut_off_is_undelivered(self, serve):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        server.is_prompt = False
        server.send(sid, "a")
        server.send(sid, b"b")
        socket.close()

        assert server.reason(sid) is Reason.TRANSPORT_CLOSE
        assert server.end(sid).undelivered == ("a", b"b")

    def test_what_was_taken_is_delivered(self, serve):
        server = serve()
        socket = server.open_websocket()
        server.send(socket.sid, "a")
        sid = socket.sid
        socket.close()

        assert server.end(sid).undelivered == ()

    def test_a_word_about_an_unknown_port_is_nothing(self, serve):
        server = serve()
        socket = server.open_websocket()
        server.is_prompt = False
        server.send(socket.sid, "a")
        socket.close()
        before = len(server.log)
        socket.drained()
        socket.send("4x")

        assert len(server.log) == before


class TestBadFrames:
    @pytest.mark.parametrize("frame", ["", "7", "abc", "٤", "b!!!", "\ufeff4"])
    def test_f51_an_undecodable_frame_ends_the_session(self, serve, frame):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        socket.send("4a", frame, "4b")

        assert server.reason(sid) is Reason.PARSE_ERROR
        assert server.messages(sid) == ["a"]
        assert socket.close_code == 1002

    @pytest.mark.parametrize("frame", ["0", "5", "2probe"])
    def test_f17_a_packet_that_a_client_may_not_send(self, serve, frame):
        server = serve()
        socket = server.open_websocket()
        sid = socket.sid
        socket.send(frame)

        assert server.reason(sid) is Reason.TRANSPORT_ERROR
        assert socket.close_code == 1002

    def test_a_noop_is_ignored(self, serve):
        server = serve()
        socket = server.open_websocket()
        socket.send("6", "4a")

        assert server.messages(socket.sid) == ["a"]

    def test_f23_text_that_looks_like_json_stays_text(self, serve):
        server = serve()
        socket = server.open_websocket()
        socket.send("4" + "[" * 100_000)

        assert server.messages(socket.sid) == ["[" * 100_000]

    @pytest.mark.parametrize(
        "frame", ["4" + "x" * 100, b"x" * 101, "4" + "€" * 34, "4" + "😀" * 25]
    )
    def test_f50_a_message_over_the_limit(self, serve, frame):
        """1009, disconnect reason payload too large."""
        server = serve(max_payload=100)
        socket = server.open_websocket()
        sid = socket.sid
        socket.send(frame)

        assert server.reason(sid) is Reason.PAYLOAD_TOO_LARGE
        assert server.messages(sid) == []
        assert socket.close_code == 1009

    @pytest.mark.parametrize("frame", ["4" + "x" * 99, b"x" * 100, "4" + "€" * 33, "4" + "😀" * 24])
    def test_f50_a_message_at_the_limit(self, serve, frame):
        server = serve(max_payload=100)
        socket = server.open_websocket()
        socket.send(frame)

        assert len(server.messages(socket.sid)) == 1


def test_f53_a_websocket_that_is_gone_ends_the_session_at_once(serve):
    server = serve()
    socket = server.open_websocket()
    sid = socket.sid
    socket.close(1006, "the connection broke")

    info = server.end(sid)
    assert (info.reason, info.code) == (Reason.TRANSPORT_CLOSE, 1006)
    assert info.detail == "the connection broke"
    assert server.engine.idle


def test_a_close_packet_closes_the_websocket_at_once(serve):
    """Rule: "A CLOSE packet on a WebSocket closes it at once"."""
    server = serve()
    socket = server.open_websocket()
    sid = socket.sid
    socket.send("1", "4late")

    assert server.reason(sid) is Reason.CLIENT_DISCONNECT
    assert socket.close_code == 1000
    assert server.messages(sid) == []


class TestAPortThatIsWrittenToDirectly:
    def port(self):
        outbox = Outbox(1_000, 10)
        written: list[Write] = []
        port = WebSocket(written.append, outbox, codec_for(Revision.V4, base64=False), "port", 1.0)
        port.drained()
        return port, outbox, written

    def test_nothing_else_is_written_until_it_is_free(self):
        port, outbox, written = self.port()
        port.claim()
        outbox.put(NOOP)
        port.flush(0.0)

        assert written == []
        assert not port.unclaim()
        assert port.busy
        port.drained()
        port.flush(0.0)
        assert written == [Write("port", ["6"])]

    def test_it_is_free_at_once_where_nothing_else_came(self):
        port, _, written = self.port()
        port.claim()

        assert port.unclaim()
        assert not port.busy
        assert written == []

    def test_a_frame_that_was_not_taken_stands_before_what_came_meanwhile(self):
        port, outbox, written = self.port()
        first, second = (Packet(PacketType.MESSAGE, text) for text in ("first", "second"))
        port.claim()
        outbox.put(second)
        outbox.lend(first)
        port.block(0.0)

        assert outbox.waiting == 1
        assert port.deadline == 1.0
        port.drained()
        port.flush(0.0)
        assert written == [Write("port", ["4second"])]
