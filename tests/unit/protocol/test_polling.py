"""Polling: which requests may be outstanding, what a POST may be, how answers are filled."""

import json

import pytest

from engineio.errors import BodyAborted
from engineio.http.request import Headers, Request
from engineio.protocol import rejections
from engineio.protocol.packet import Packet, PacketType
from engineio.protocol.polling import Exchange, content_type, decode_post, post_rejection
from engineio.protocol.revision import V3, V3_BASE64, V4
from engineio.types import Reason

LIMIT = 1000


def post_of(*headers, jsonp=None):
    return Exchange(None, Request("POST", "/engine.io/", "", Headers(headers)), jsonp)


@pytest.mark.parametrize(
    ("value", "media_type"),
    [
        (None, ""),
        ("", ""),
        ("text/plain", "text/plain"),
        ("Text/Plain; charset=UTF-8", "text/plain"),
        (" text/plain ;x", "text/plain"),
        ("x" + ";a=b" * 10_000, "x"),
    ],
)
def test_the_media_type_of_a_body(value, media_type):
    headers = [] if value is None else [("content-type", value)]

    assert content_type(post_of(*headers).request) == media_type


class TestWhatAPostMayBe:
    @pytest.mark.parametrize("codec", [V4, V3, V3_BASE64])
    @pytest.mark.parametrize("kind", ["text/plain;charset=UTF-8", "text/plain", ""])
    def test_text(self, codec, kind):
        assert post_rejection(codec, post_of(("content-type", kind)), LIMIT) is None

    @pytest.mark.parametrize("codec", [V3, V3_BASE64])
    def test_f27_binary_in_eio_3(self, codec):
        exchange = post_of(("content-type", "application/octet-stream"))

        assert post_rejection(codec, exchange, LIMIT) is None

    @pytest.mark.parametrize(
        "kind",
        [
            # "A POST with application/octet-stream is refused" (SEC-05).
            "application/octet-stream",
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/html",
            "text/plain, text/plain",
        ],
    )
    def test_f27_sec46_nothing_else_in_eio_4(self, kind):
        exchange = post_of(("content-type", kind))

        assert post_rejection(V4, exchange, LIMIT) is rejections.CONTENT_TYPE

    @pytest.mark.parametrize("codec", [V4, V3, V3_BASE64])
    def test_a_form_with_jsonp_and_nothing_else(self, codec):
        form = post_of(("content-type", "application/x-www-form-urlencoded"), jsonp="0")
        text = post_of(("content-type", "text/plain"), jsonp="0")

        assert post_rejection(codec, form, LIMIT) is None
        assert post_rejection(codec, text, LIMIT) is rejections.CONTENT_TYPE

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, identity", "x"])
    def test_f38_nothing_encoded(self, encoding):
        exchange = post_of(("content-encoding", encoding))

        assert post_rejection(V4, exchange, LIMIT) is rejections.CONTENT_ENCODING

    @pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
    def test_what_is_said_not_to_be_encoded(self, encoding):
        assert post_rejection(V4, post_of(("content-encoding", encoding)), LIMIT) is None

    @pytest.mark.parametrize("length", ["0", "1000", "0001000"])
    def test_a_length_within_the_limit(self, length):
        assert post_rejection(V4, post_of(("content-length", length)), LIMIT) is None

    @pytest.mark.parametrize("length", ["1001", "2147483648", "9" * 5000])
    def test_f34_nothing_over_the_limit(self, length):
        """2 GB announced: 413 at once, no read, no allocation."""
        exchange = post_of(("content-length", length))

        assert post_rejection(V4, exchange, LIMIT) is rejections.BODY_TOO_LARGE

    @pytest.mark.parametrize("length", ["", "+2", "-1", "٢", "²", "0x2", "2_0", "1.5", "2,2", " 2"])
    def test_sec41_a_length_is_ascii_digits(self, length):
        exchange = post_of(("content-length", length))

        assert post_rejection(V4, exchange, LIMIT) is rejections.INVALID_LENGTH


class TestDecodingAPost:
    def test_the_payload_is_in_the_body(self):
        assert decode_post(V4, post_of(), b"4a") == ([Packet(PacketType.MESSAGE, "a")], None)

    def test_f27_the_content_type_tells_binary_from_text_in_eio_3(self):
        binary = post_of(("content-type", "application/octet-stream"))
        packets = [Packet(PacketType.MESSAGE, b"a")]

        assert decode_post(V3, binary, b"\1\2\xff\4a") == (packets, None)
        assert decode_post(V3, post_of(), b"6:b4YQ==") == (packets, None)

    def test_or_in_the_form_of_jsonp(self):
        packets, error = decode_post(V4, post_of(jsonp="0"), b"d=4a%0A")

        assert packets == [Packet(PacketType.MESSAGE, "a\n")]
        assert error is None

    @pytest.mark.parametrize("body", [b"", b"4a", b"d=", b"d=4a&d=4b", b"e=4a"])
    def test_f28_a_form_without_a_payload(self, body):
        packets, error = decode_post(V4, post_of(jsonp="0"), body)

        assert packets == []
        assert error is not None


class TestAnswers:
    def test_a_poll_is_held_until_there_is_something(self, serve):
        """Rule: "GET with sid: hold until at least one packet, then answer with everything"."""
        server = serve()
        sid = server.open_polling()
        poll = server.get(sid)
        server.advance(24.0)
        assert poll.is_waiting
        server.send(sid, "a")

        assert poll.body == b"4a"

    def test_a_poll_is_answered_at_once_with_all_that_waits(self, serve):
        server = serve()
        sid = server.open_polling()
        for data in ("a", b"\1", "€"):
            server.send(sid, data)

        assert server.get(sid).body == "4a\x1ebAQ==\x1e4€".encode()

    def test_what_was_sent_while_the_application_decided_rides_on_the_handshake(self, serve):
        """Rule: "Packets queued during the connect callback may ride in the first response"."""
        server = serve()
        server.accepts = False
        handshake = server.call("GET", "transport=polling&EIO=4")
        (sid,) = server.sessions
        server.send(sid, "early")
        server.accept(sid)

        opening, message = handshake.body.split(b"\x1e")
        assert json.loads(opening[1:])["sid"] == sid
        assert message == b"4early"

    def test_no_answer_is_over_max_payload(self, serve):
        server = serve(max_payload=200)
        sid = server.open_polling()
        for number in range(100):
            server.send(sid, f"{number:03}" + "x" * 30)
        sizes = []
        packets: list[bytes] = []
        while len(packets) < 100:
            answer = server.get(sid).body
            sizes.append(len(answer))
            packets += answer.split(b"\x1e")

        assert max(sizes) <= 200
        # 5 packets of 35 bytes with their separators are 175 bytes, 6 would be over 200.
        assert len(sizes) == 20
        assert [int(packet[1:4]) for packet in packets] == list(range(100))

    @pytest.mark.parametrize("query", ["EIO=3", "EIO=3&b64=1"])
    def test_no_answer_of_eio_3_is_over_max_payload_whatever_its_form(self, serve, query):
        server = serve(max_payload=200, allow_eio3=True, http_compression=False)
        sid = server.open_polling(query)
        for number in range(60):
            server.send(sid, b"x" * (number % 40) if number % 3 == 0 else "€" * (number % 20))
        for _ in range(60):
            poll = server.get(sid, query)
            if poll.is_waiting:
                break
            assert len(poll.body) <= 200

        assert len(server.sessions[sid].outbox) == 0

    def test_a_client_that_cannot_take_many_packets_gets_few(self, serve):
        server = serve(max_packets_per_poll=16)
        sid = server.open_polling()
        for _ in range(40):
            server.send(sid, "x")

        assert [server.get(sid).body.count(b"4") for _ in range(3)] == [16, 16, 8]

    def test_the_next_poll_takes_what_came_while_the_answer_was_written(self, serve):
        server = serve()
        sid = server.open_polling()
        server.is_prompt = False
        first = server.get(sid)
        server.send(sid, "a")
        server.send(sid, "b")
        assert first.body == b"4a"
        first.written()

        assert server.get(sid).body == b"4b"

    def test_a_client_that_polls_again_has_got_the_answer_before(self, serve):
        server = serve()
        sid = server.open_polling()
        server.is_prompt = False
        first = server.get(sid)
        server.send(sid, "a")
        server.send(sid, "b")
        second = server.get(sid)

        assert second.body == b"4b"
        # Whatever the network says later.
        first.written(accepted=False)
        assert server.is_open(sid)

    def test_f42_an_answer_that_cannot_be_written_ends_the_session(self, serve):
        """The packets in it, and those behind them, are listed as undelivered."""
        server = serve()
        sid = server.open_polling()
        server.is_prompt = False
        poll = server.get(sid)
        server.send(sid, "a")
        server.send(sid, b"b")
        poll.written(accepted=False)

        assert server.reason(sid) is Reason.TRANSPORT_ERROR
        assert server.end(sid).undelivered == ("a", b"b")

    def test_f42_an_answer_whose_client_has_gone_is_one_that_cannot_be_written(self, serve):
        server = serve()
        sid = server.open_polling()
        server.is_prompt = False
        poll = server.get(sid)
        server.send(sid, "a")
        poll.is_unconfirmed = False
        poll.drop()

        assert server.reason(sid) is Reason.TRANSPORT_ERROR
        assert server.end(sid).undelivered == ("a",)

    def test_a_late_word_about_an_answer_changes_nothing(self, serve):
        server = serve()
        sid = server.open_polling()
        server.is_prompt = False
        poll = server.get(sid)
        server.send(sid, "a")
        server.close(sid)
        last = server.get(sid)
        poll.written(accepted=False)
        assert last.body == b"1"
        last.written()

        assert server.reason(sid) is Reason.SERVER_DISCONNECT
        assert server.engine.sessions == {}

    def test_an_answer_that_is_known_to_have_come_cannot_be_dropped_any_more(self, serve):
        server = serve()
        sid = server.open_polling()
        server.is_prompt = False
        poll = server.get(sid)
        server.send(sid, "a")
        server.get(sid)
        poll.is_unconfirmed = False
        poll.drop()

        assert server.is_open(sid)

    def test_jsonp_wraps_the_answer(self, serve):
        server = serve(allow_jsonp=True)
        sid = server.open_polling("EIO=4&j=3")
        poll = server.get(sid, "EIO=4&j=4")
        server.send(sid, "a")

        assert poll.body == b'___eio[4]("4a");'

    def test_the_cookie_rides_on_the_handshake_only(self, serve):
        """F-14: "cookie written once"."""
        server = serve(cookie="io")
        handshake = server.call("GET", "transport=polling&EIO=4")
        (sid,) = server.sessions
        poll = server.get(sid)
        server.send(sid, "x")

        assert handshake.header("set-cookie") == f"io={sid}; Path=/; HttpOnly; SameSite=Lax"
        assert poll.header("set-cookie") is None

    def test_f92_the_cookie_is_secure_over_https(self, serve):
        handshake = serve(cookie="io").call("GET", "transport=polling&EIO=4", scheme="https")

        assert handshake.header("set-cookie").endswith("; Secure")


def test_a_post_that_ends_with_its_session_is_refused(serve):
    server = serve()
    sid = server.open_polling()
    post = server.start_post(sid)
    server.advance(5.0)
    server.close(sid)

    assert post.error == (400, 1, "Session ID unknown")
    # The shell may still say how reading went; nobody listens any more.
    post.upload(b"4x")
    post.fail(BodyAborted("cut off"))
    assert server.messages(sid) == []
