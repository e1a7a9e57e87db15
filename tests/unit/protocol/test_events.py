"""What the engine tells the application: in the order in which it happened."""

from engineio.protocol.events import (
    Connecting,
    Disconnected,
    Drained,
    HeartbeatReceived,
    MessageReceived,
    PacketTraced,
    RequestRejected,
    Upgraded,
)
from engineio.protocol.packet import PacketType


def kinds(server):
    """The types of all events so far, without the actions."""
    events = (Connecting, MessageReceived, Disconnected, Drained, Upgraded, HeartbeatReceived)
    return [type(output) for output in server.log if isinstance(output, events)]


def test_the_life_of_a_session_in_events(serve):
    server = serve(send_queue_packets=1)
    sid = server.open_polling()
    server.post(sid, b"4a")
    server.send(sid, "b")
    server.send(sid, "c")
    server.get(sid)
    server.advance(25.0)
    server.get(sid)
    server.post(sid, b"3")
    server.upgrade(sid).send("4d", "1")

    assert kinds(server) == [
        Connecting,
        MessageReceived,
        Drained,
        HeartbeatReceived,
        Upgraded,
        MessageReceived,
        Disconnected,
    ]


def test_messages_before_the_end_come_before_it(serve):
    server = serve()
    socket = server.open_websocket()
    socket.send("4a", "4b", "?")

    assert kinds(server) == [Connecting, MessageReceived, MessageReceived, Disconnected]


def test_every_event_names_its_session(serve):
    server = serve()
    sid = server.open_polling()
    server.post(sid, b"4a\x1e1")

    assert all(
        event.session is server.sessions[sid]
        for event in server.log
        if isinstance(event, (Connecting, MessageReceived, Disconnected))
    )


class TestTracing:
    def trace(self, server):
        return [
            (direction, packet.type, packet.data)
            for _, packet, direction in server.seen(PacketTraced)
        ]

    def test_is_off_by_default(self, serve):
        server = serve()
        server.post(server.open_polling(), b"4a")

        assert self.trace(server) == []

    def test_shows_every_packet_of_a_session(self, serve):
        server = serve(ping_interval=1.0)
        server.engine.tracing = True
        socket = server.open_websocket()
        sid = socket.sid
        server.send(sid, "out")
        socket.send("4in", b"\1")
        server.advance(1.0)
        socket.send("3", "6")
        server.close(sid)

        assert [trace[:2] for trace in self.trace(server)] == [
            ("out", PacketType.OPEN),
            ("out", PacketType.MESSAGE),
            ("in", PacketType.MESSAGE),
            ("in", PacketType.MESSAGE),
            ("out", PacketType.PING),
            ("in", PacketType.PONG),
            ("in", PacketType.NOOP),
            ("out", PacketType.CLOSE),
        ]

    def test_shows_a_packet_before_what_it_leads_to(self, serve):
        server = serve()
        server.engine.tracing = True
        socket = server.open_websocket()
        server.log.clear()
        socket.send("4a")

        assert [type(event) for event in server.log] == [PacketTraced, MessageReceived]


def test_a_refusal_is_an_event_before_its_answer(serve):
    server = serve()
    server.call("GET", "")

    assert isinstance(server.log[0], RequestRejected)
