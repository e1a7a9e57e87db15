"""The opening handshake of a WebSocket: what is asked for, what is answered."""

import pytest

from engineio.http.opening import head_bytes, parse_head, refusal, switching_headers
from engineio.http.request import Headers

# The example of RFC 6455 section 1.3.
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
FIELDS = {
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-version": "13",
    "sec-websocket-key": KEY,
}


def ask(**changes):
    fields = FIELDS | {name.replace("_", "-"): value for name, value in changes.items()}
    return refusal(b"GET", Headers([(k, v) for k, v in fields.items() if v is not None]))


def test_a_head_is_parted_at_crlf_alone():
    data = b"GET /a?b HTTP/1.1\r\nHost:  x \r\nX-Odd: a\x1eOrigin: b\x0bc\n\r\nempty:\r\n\r\nrest"

    assert parse_head(data) == (
        b"GET",
        b"/a?b",
        [(b"host", b"x"), (b"x-odd", b"a\x1eOrigin: b\x0bc\n"), (b"empty", b"")],
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"upgrade": "WebSocket"},
        {"connection": "keep-alive, Upgrade"},
        {"upgrade": "h2c, websocket"},
    ],
)
def test_a_proper_request_is_not_refused(changes):
    assert ask(**changes) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"upgrade": None},
        {"upgrade": "h2c"},
        {"connection": None},
        {"connection": "keep-alive"},
        {"sec_websocket_key": None},
        {"sec_websocket_key": ""},
        {"sec_websocket_key": "short"},
        {"sec_websocket_key": "c2hvcnQ="},
        {"sec_websocket_key": "\xe4" * 24},
        {"sec_websocket_key": KEY + "!"},
    ],
)
def test_a_request_that_asks_for_something_else(changes):
    response = ask(**changes)

    assert response is not None
    assert response.status == 400


def test_two_keys():
    headers = Headers([*FIELDS.items(), ("sec-websocket-key", KEY)])

    response = refusal(b"GET", headers)

    assert response is not None
    assert response.status == 400


@pytest.mark.parametrize("version", [None, "8", "14", "x"])
def test_another_version(version):
    response = ask(sec_websocket_version=version)

    assert response is not None
    assert response.status == 426
    assert ("Sec-WebSocket-Version", "13") in response.headers


def test_another_method():
    response = refusal(b"POST", Headers(FIELDS.items()))

    assert response is not None
    assert response.status == 405


def test_the_accept_value_is_that_of_the_specification():
    assert (b"sec-websocket-accept", b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") in switching_headers(KEY)


def test_a_head_is_written():
    assert head_bytes(101, [(b"a", b"b"), (b"c", b"")]) == (
        b"HTTP/1.1 101 Switching Protocols\r\na: b\r\nc: \r\n\r\n"
    )
    assert head_bytes(599, []) == b"HTTP/1.1 599 \r\n\r\n"


@pytest.mark.parametrize(
    "field",
    [
        (b"a", b"b\r\nc: d"),
        (b"a", b"b\nc"),
        (b"a\r\nb", b"c"),
        (b"a:b", b"c"),
        (b"", b"c"),
        (b"a", b"\0"),
    ],
)
def test_sec28_no_field_ends_its_line(field):
    with pytest.raises(ValueError, match="not a header field"):
        head_bytes(101, [field])
