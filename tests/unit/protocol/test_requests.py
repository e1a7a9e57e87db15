"""What the HTTP requests of a session do to it: polls and posts, good ones and bad ones."""

import pytest

from engineio.errors import BodyAborted, BodyTooLarge
from engineio.protocol.actions import ReadBody
from engineio.types import Reason

BAD_REQUEST = (400, 3, "Bad request")
UNKNOWN = (400, 1, "Session ID unknown")


class TestPolls:
    def test_f40_a_second_poll_ends_the_session(self, serve):
        """Rule: "First answered 1, second 400, closed"."""
        server = serve()
        sid = server.open_polling()
        first, second = server.get(sid), server.get(sid)

        assert (first.status, first.body) == (200, b"1")
        assert second.error == BAD_REQUEST
        assert server.reason(sid) is Reason.TRANSPORT_ERROR
        assert server.get(sid).error == UNKNOWN

    def test_f41_a_held_poll_whose_connection_is_dropped_ends_the_session(self, serve):
        server = serve()
        sid = server.open_polling()
        poll = server.get(sid)
        poll.drop()

        assert server.reason(sid) is Reason.TRANSPORT_ERROR
        assert poll.reply is None
        assert server.get(sid).error == UNKNOWN

    def test_a_poll_that_nobody_holds_any_more_cannot_be_dropped(self, serve):
        server = serve()
        sid = server.open_polling()
        poll = server.get(sid)
        server.send(sid, "x")
        server.run(server.engine.http_closed, poll)

        assert server.is_open(sid)

    def test_g12_a_poll_is_answered_within_a_heartbeat(self, serve):
        server = serve()
        sid = server.open_polling()
        poll = server.get(sid)
        server.advance(25.0)

        assert not poll.is_waiting


class TestPosts:
    def test_packets_are_delivered_in_order_and_answered_ok(self, serve):
        server = serve()
        sid = server.open_polling()
        post = server.post(sid, "4a\x1ebAQI=\x1e4€".encode())

        assert (post.status, post.body) == (200, b"ok")
        assert server.messages(sid) == ["a", b"\1\2", "€"]

    def test_f19_a_hundred_thousand_packets_are_all_delivered(self, serve):
        server = serve()
        sid = server.open_polling()
        post = server.post(sid, b"\x1e".join([b"4%d" % number for number in range(100_000)]))

        assert post.body == b"ok"
        assert server.messages(sid) == [str(number) for number in range(100_000)]

    @pytest.mark.parametrize("text", ["null", "true", "NaN", "-5", '"abc"', '{"a":1}', "[" * 1000])
    def test_f22_f23_text_that_looks_like_json_stays_text(self, serve, text):
        server = serve()
        sid = server.open_polling()
        server.post(sid, b"4" + text.encode())

        assert server.messages(sid) == [text]

    @pytest.mark.parametrize("text", ["connect", "disconnect", "error", "__init__", '451-["x"]'])
    def test_sec09_sec10_no_text_is_anything_but_a_message(self, serve, text):
        server = serve()
        sid = server.open_polling()
        server.post(sid, b"4" + text.encode())

        assert server.messages(sid) == [text]
        assert server.is_open(sid)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"\x1e",
            b"7",
            b"a",
            "٤".encode(),
            b"b!!!",
            b"bAA",
            b"\xff",
            b"4\xed\xa0\x80",
            b"\xef\xbb\xbf4x",
        ],
    )
    def test_f15_f16_f20_f21_an_undecodable_body_ends_the_session(self, serve, body):
        server = serve()
        sid = server.open_polling()
        poll = server.get(sid)
        post = server.post(sid, body)

        assert post.error == BAD_REQUEST
        assert poll.body == b"1"
        assert server.reason(sid) is Reason.PARSE_ERROR
        assert server.messages(sid) == []

    @pytest.mark.parametrize("bad", [b"", b"9", b"b?", b"x"])
    def test_f18_the_packets_before_a_bad_one_are_delivered(self, serve, bad):
        server = serve()
        sid = server.open_polling()
        post = server.post(sid, b"4a\x1e4b\x1e" + bad + b"\x1e4c")

        assert post.error == BAD_REQUEST
        assert server.messages(sid) == ["a", "b"]
        assert server.reason(sid) is Reason.PARSE_ERROR

    def test_f24_packets_after_a_close_are_ignored(self, serve):
        """Rule: "answer the held GET with 6, answer the POST ok, drop the session"."""
        server = serve()
        sid = server.open_polling()
        poll = server.get(sid)
        post = server.post(sid, b"4a\x1e1\x1e4b\x1e?")

        assert post.body == b"ok"
        assert poll.body == b"6"
        assert server.messages(sid) == ["a"]
        assert server.reason(sid) is Reason.CLIENT_DISCONNECT
        assert server.get(sid).error == UNKNOWN

    @pytest.mark.parametrize("packet", [b"0", b"2", b"5", b"2probe"])
    def test_f17_a_packet_that_a_client_may_not_send_ends_the_session(self, serve, packet):
        server = serve()
        sid = server.open_polling()
        post = server.post(sid, b"4a\x1e" + packet + b"\x1e4b")

        assert post.error == BAD_REQUEST
        assert server.messages(sid) == ["a"]
        assert server.reason(sid) is Reason.TRANSPORT_ERROR

    def test_f17_a_noop_is_ignored(self, serve):
        """Rule: "Safe choice: ignore 6, close on 0/5"."""
        server = serve()
        sid = server.open_polling()

        assert server.post(sid, b"6\x1e4a").body == b"ok"
        assert server.messages(sid) == ["a"]

    def test_f27_eio_4_takes_no_binary_body(self, serve):
        server = serve()
        sid = server.open_polling()
        poll = server.get(sid)
        post = server.post(sid, b"4a", content_type="application/octet-stream")

        assert post.error == BAD_REQUEST
        assert post.limit is None
        assert poll.body == b"1"
        assert server.reason(sid) is Reason.TRANSPORT_ERROR

    def test_f27_eio_3_takes_binary_bodies_and_base64(self, serve):
        server = serve(allow_eio3=True)
        sid = server.open_polling("EIO=3")
        binary = b"\0\2\xff4a\1\3\xff\4\1\2"
        assert server.post(sid, binary, "EIO=3", "application/octet-stream").body == b"ok"
        assert server.post(sid, b"6:b4AQI=", "EIO=3", "text/plain").body == b"ok"

        assert server.messages(sid) == ["a", b"\1\2", b"\1\2"]

    def test_f28_jsonp_posts_forms(self, serve):
        server = serve(allow_jsonp=True)
        sid = server.open_polling("EIO=4&j=0")
        form = "application/x-www-form-urlencoded"
        post = server.post(sid, b"d=4a%20b", "EIO=4&j=0", form)
        bad = server.post(sid, b"d=", "EIO=4&j=0", form)

        assert post.body == b"ok"
        assert server.messages(sid) == ["a b"]
        assert bad.error == BAD_REQUEST
        assert server.reason(sid) is Reason.PARSE_ERROR

    def test_f39_a_second_post_ends_the_session(self, serve):
        server = serve()
        sid = server.open_polling()
        poll, first, second = server.get(sid), server.start_post(sid), server.start_post(sid)

        assert first.error == second.error == BAD_REQUEST
        assert poll.body == b"1"
        assert server.reason(sid) is Reason.TRANSPORT_ERROR

    def test_a_poll_and_a_post_may_overlap(self, serve):
        server = serve()
        sid = server.open_polling()
        poll, post = server.get(sid), server.start_post(sid)
        post.upload(b"4a")

        assert post.body == b"ok"
        assert poll.is_waiting

    def test_posts_may_follow_each_other(self, serve):
        server = serve()
        sid = server.open_polling()
        for number in range(3):
            assert server.post(sid, b"4%d" % number).body == b"ok"

        assert server.messages(sid) == ["0", "1", "2"]


class TestBodies:
    def test_the_limit_is_told_to_the_reader(self, serve):
        server = serve(max_payload=123)
        sid = server.open_polling()
        post = server.start_post(sid)

        assert server.log[-1] == ReadBody(post, 123)

    def test_f34_a_length_over_the_limit_is_refused_unread(self, serve):
        server = serve()
        sid = server.open_polling()
        poll = server.get(sid)
        post = server.call(
            "POST", f"transport=polling&EIO=4&sid={sid}", [("content-length", "2000000000")]
        )

        assert (post.status, post.body, post.limit) == (413, b"", None)
        assert poll.body == b"1"
        assert server.reason(sid) is Reason.PAYLOAD_TOO_LARGE

    def test_f35_a_body_that_grows_over_the_limit_is_refused(self, serve):
        server = serve()
        sid = server.open_polling()
        post = server.start_post(sid)
        post.fail(BodyTooLarge("a body over 1000000 bytes"))

        assert (post.status, post.body) == (413, b"")
        assert server.reason(sid) is Reason.PAYLOAD_TOO_LARGE
        assert server.end(sid).detail == "a body over 1000000 bytes"

    @pytest.mark.parametrize("detail", ["the framing was broken", ""])
    def test_f36_a_body_that_is_cut_off_is_not_delivered(self, serve, detail):
        server = serve()
        sid = server.open_polling()
        post = server.start_post(sid)
        post.fail(BodyAborted(detail))

        assert post.error == BAD_REQUEST
        assert server.messages(sid) == []
        assert server.reason(sid) is Reason.TRANSPORT_ERROR
        assert server.end(sid).detail == (detail or "BODY_ABORTED")

    def test_f37_a_body_has_a_deadline(self, serve):
        server = serve()
        sid = server.open_polling()
        post = server.start_post(sid)
        server.advance(9.9)
        assert post.is_waiting
        server.advance(0.1)

        assert post.error == (408, 3, "Bad request")
        assert server.reason(sid) is Reason.TRANSPORT_ERROR

    def test_the_deadline_ends_with_the_body(self, serve):
        server = serve()
        sid = server.open_polling()
        server.get(sid)
        server.post(sid, b"4a")
        server.advance(20.0)

        assert server.is_open(sid)

    def test_f38_an_encoded_body_is_refused(self, serve):
        server = serve()
        sid = server.open_polling()
        post = server.call(
            "POST", f"transport=polling&EIO=4&sid={sid}", [("content-encoding", "gzip")]
        )

        assert post.error == (415, 3, "Bad request")
        assert server.reason(sid) is Reason.TRANSPORT_ERROR


class TestWhenHandlersAreBehind:
    """F-68: the server stops reading from that client."""

    def test_a_post_waits_until_they_have_caught_up(self, serve):
        server = serve()
        sid = server.open_polling()
        server.pause(sid)
        post = server.start_post(sid)
        server.advance(40.0)
        assert post.is_waiting
        assert post.limit is None
        server.pause(sid, paused=False)
        post.upload(b"4a")

        assert post.body == b"ok"
        assert server.messages(sid) == ["a"]

    def test_the_body_has_its_whole_time_then(self, serve):
        server = serve()
        sid = server.open_polling()
        server.pause(sid)
        post = server.start_post(sid)
        server.advance(30.0)
        server.pause(sid, paused=False)
        server.advance(9.9)
        assert post.is_waiting
        server.advance(0.1)

        assert post.status == 408

    def test_a_body_that_is_being_read_is_read_on(self, serve):
        server = serve()
        sid = server.open_polling()
        post = server.start_post(sid)
        server.pause(sid)
        server.pause(sid, paused=False)
        post.upload(b"4a")

        assert post.body == b"ok"
        assert len(server.seen(ReadBody)) == 1

    def test_a_client_that_leaves_meanwhile_ends_the_session(self, serve):
        server = serve()
        sid = server.open_polling()
        server.pause(sid)
        post = server.start_post(sid)
        post.drop()

        assert server.reason(sid) is Reason.TRANSPORT_ERROR
        assert post.reply is None

    def test_catching_up_after_the_end_starts_nothing(self, serve):
        server = serve()
        sid = server.open_polling()
        server.pause(sid)
        server.close(sid)
        server.pause(sid, paused=False)
        server.advance(60.0)

        assert server.engine.sessions == {}
        assert server.engine.deadline() is None


class TestBeforeTheApplicationDecided:
    """F-12, SEC-14: the client cannot know the sid, so whoever uses it is refused."""

    @pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
    def test_its_sid_is_unknown(self, serve, method):
        server = serve()
        server.accepts = False
        server.call("GET", "transport=polling&EIO=4")
        (sid,) = server.sessions

        assert server.call(method, f"transport=polling&EIO=4&sid={sid}").error == UNKNOWN
        assert server.begin_upgrade(sid).error == UNKNOWN

    def test_f11_a_client_that_leaves_is_noticed_when_it_is_accepted(self, serve):
        server = serve()
        server.accepts = False
        handshake = server.call("GET", "transport=polling&EIO=4")
        (sid,) = server.sessions
        handshake.drop()
        assert server.accept(sid)

        assert handshake.reply is None
        assert server.reason(sid) is Reason.TRANSPORT_CLOSE
        assert server.engine.sessions == {}

    def test_f11_nobody_is_told_that_it_was_refused(self, serve):
        server = serve()
        server.accepts = False
        handshake = server.call("GET", "transport=polling&EIO=4")
        (sid,) = server.sessions
        handshake.drop()
        server.refuse(sid)

        assert handshake.reply is None
        assert server.end(sid) is None
        assert server.engine.sessions == {}
