"""The HTTP responses of the protocol: content types, CORS, caching, compression."""

import gzip

import pytest

from engineio.config import ServerConfig
from engineio.http.cors import CorsPolicy
from engineio.http.request import Headers, Request
from engineio.http.response import text_response
from engineio.protocol import rejections
from engineio.protocol.packet import Packet, PacketType
from engineio.protocol.replies import Replies
from engineio.protocol.revision import V3, V3_BASE64, V4

ORIGIN = ("origin", "https://friend.example")
HELLO = Packet(PacketType.MESSAGE, "hello")
BYTES = Packet(PacketType.MESSAGE, b"\1\2\3\4")


def replies(**options):
    config = ServerConfig(**options)
    return Replies(config, CorsPolicy.build(config.cors_allowed_origins, config.cors_credentials))


def request(*headers, method="GET"):
    return Request(method, "/engine.io/", "", Headers(headers))


def every_answer(replies, request):
    return {
        "packets": replies.packets(request, V4, [HELLO], None),
        "jsonp": replies.packets(request, V4, [HELLO], "0"),
        "ok": replies.ok(request),
        "refusal": replies.rejection(request, rejections.SESSION_UNKNOWN),
        "too large": replies.rejection(request, rejections.BODY_TOO_LARGE),
        "another's": replies.finish(request, text_response(418, b"tea")),
        "preflight": replies.preflight(request),
    }


KINDS = [
    "packets",
    "jsonp",
    "ok",
    "refusal",
    "too large",
    "another's",
    "preflight",
]


@pytest.mark.parametrize("kind", KINDS)
def test_f93_no_answer_may_be_stored(kind):
    answer = every_answer(replies(), request())[kind]

    assert answer.headers.count(("Cache-Control", "no-store")) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_tells_an_allowed_origin_that_it_may_be_read(kind):
    server = replies(cors_allowed_origins=["https://friend.example"])
    headers = every_answer(server, request(ORIGIN))[kind].headers

    assert headers.count(("Access-Control-Allow-Origin", "https://friend.example")) == 1
    assert headers.count(("Access-Control-Allow-Credentials", "true")) == 1
    assert headers.count(("Vary", "Origin")) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_f87_no_answer_tells_another_origin_so(kind):
    server = replies(cors_allowed_origins=["https://friend.example"])
    answer = every_answer(server, request(("origin", "https://evil.example")))[kind]

    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize("kind", KINDS)
def test_sec08_by_default_no_other_origin_may_read_an_answer(kind):
    answer = every_answer(replies(), request(ORIGIN))[kind]

    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize(
    ("codec", "packets", "content_type", "body"),
    [
        (V4, [HELLO], "text/plain; charset=UTF-8", b"4hello"),
        (V4, [HELLO, BYTES], "text/plain; charset=UTF-8", b"4hello\x1ebAQIDBA=="),
        (V3, [HELLO], "text/plain; charset=UTF-8", b"6:4hello"),
        (V3, [BYTES], "application/octet-stream", b"\1\5\xff\4\1\2\3\4"),
        (V3_BASE64, [BYTES], "text/plain; charset=UTF-8", b"10:b4AQIDBA=="),
    ],
)
def test_packets_are_answered_in_the_encoding_of_the_session(codec, packets, content_type, body):
    answer = replies().packets(request(), codec, packets, None)

    assert answer.status == 200
    assert answer.headers[0] == ("Content-Type", content_type)
    assert answer.body == body


def test_a_post_is_answered_ok():
    """Rule: "POST with sid: answer 200 body ok (Node: Content-Type text/html)"."""
    answer = replies().ok(request(method="POST"))

    assert (answer.status, answer.body) == (200, b"ok")
    assert answer.headers[0] == ("Content-Type", "text/html")


class TestJSONP:
    def test_the_answer_is_a_script(self):
        answer = replies().packets(request(), V4, [HELLO], "12")

        assert answer.body == b'___eio[12]("4hello");'
        assert answer.headers[0] == ("Content-Type", "text/javascript; charset=UTF-8")

    def test_f30_nobody_may_take_it_for_a_page(self):
        packet = Packet(PacketType.MESSAGE, "</script>\u2028")
        answer = replies().packets(request(), V4, [packet], "0")

        assert ("X-Content-Type-Options", "nosniff") in answer.headers
        assert b"</script>" not in answer.body

    @pytest.mark.parametrize("codec", [V3, V3_BASE64])
    def test_a_script_cannot_carry_the_binary_payloads_of_eio_3(self, codec):
        answer = replies().packets(request(), codec, [BYTES], "0")

        assert answer.body == b'___eio[0]("10:b4AQIDBA==");'


class TestCompression:
    LONG = Packet(PacketType.MESSAGE, "x" * 2000)

    def test_a_long_answer_is_compressed_for_who_takes_that(self):
        answer = replies().packets(request(("accept-encoding", "gzip")), V4, [self.LONG], None)

        assert ("Content-Encoding", "gzip") in answer.headers
        assert gzip.decompress(answer.body) == self.LONG.text.encode()

    @pytest.mark.parametrize(
        ("options", "headers"),
        [
            ({"http_compression": False}, [("accept-encoding", "gzip")]),
            ({"compression_threshold": 3000}, [("accept-encoding", "gzip")]),
            ({}, [("accept-encoding", "br")]),
            ({}, []),
        ],
    )
    def test_it_is_not(self, options, headers):
        answer = replies(**options).packets(request(*headers), V4, [self.LONG], None)

        assert answer.body == self.LONG.text.encode()
        assert not [name for name, _ in answer.headers if name == "Content-Encoding"]

    def test_vary_names_all_that_the_answer_depends_on(self):
        server = replies(cors_allowed_origins=["https://friend.example"])
        headers = server.packets(
            request(ORIGIN, ("accept-encoding", "gzip")), V4, [self.LONG], None
        ).headers

        # One field, because some frameworks keep only the last of two.
        assert [value for name, value in headers if name == "Vary"] == ["Origin, Accept-Encoding"]

    def test_sec53_what_the_application_answers_is_not_compressed(self):
        """No secret stands next to an attacker's text in a compressed answer of ours."""
        long = text_response(401, b"x" * 5000)
        answer = replies().finish(request(("accept-encoding", "gzip")), long)

        assert answer.body == long.body
