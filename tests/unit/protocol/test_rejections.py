"""The one table from a refusal to its HTTP answer."""

import json

import pytest

from engineio.protocol import rejections
from engineio.protocol.rejections import Rejected, Rejection, rejection_response

ALL = {name: value for name, value in vars(rejections).items() if isinstance(value, Rejection)}
MESSAGES = {
    0: "Transport unknown",
    1: "Session ID unknown",
    2: "Bad handshake method",
    4: "Forbidden",
    5: "Unsupported protocol version",
}


@pytest.mark.parametrize("rejection", ALL.values(), ids=ALL.keys())
def test_every_refusal_has_a_code_of_the_protocol_and_its_message(rejection):
    """Rule: "JSON {"code":n,"message":"..."}, status 400 (403 for code 4)"."""
    assert rejection.code in range(6)
    if rejection.code != 3:
        assert rejection.message == MESSAGES[rejection.code]
        assert rejection.status == (403 if rejection.code == 4 else 400)
    else:
        assert rejection.status in (400, 408, 413, 415, 503)
        assert (rejection.message == "Bad request") == (rejection.status in (400, 408, 415))


def test_every_refusal_has_a_context_of_its_own():
    assert len({rejection.context for rejection in ALL.values()}) == len(ALL)


@pytest.mark.parametrize("rejection", ALL.values(), ids=ALL.keys())
def test_a_refusal_becomes_a_response(rejection):
    response = rejection_response(rejection)

    assert response.status == rejection.status
    if rejection.status == 413:
        assert (response.headers, response.body) == ((), b"")
        return
    assert ("Content-Type", "application/json") in response.headers
    assert json.loads(response.body) == {"code": rejection.code, "message": rejection.message}
    assert (("Retry-After", "1") in response.headers) == (rejection.status == 503)


def test_an_unknown_sid_is_answered_exactly():
    response = rejection_response(rejections.SESSION_UNKNOWN)

    assert response.body == b'{"code":1,"message":"Session ID unknown"}'


def test_the_application_may_say_why_in_its_own_words():
    rejection = rejections.FORBIDDEN.saying('over "quota" ☹')

    assert json.loads(rejection_response(rejection).body) == {
        "code": 4,
        "message": 'over "quota" ☹',
    }
    assert rejections.FORBIDDEN.message == "Forbidden"


def test_the_context_is_for_logs_and_never_sent():
    rejected = Rejected(rejections.INVALID_ORIGIN)

    assert str(rejected) == "INVALID_ORIGIN"
    assert b"INVALID_ORIGIN" not in rejection_response(rejected.rejection).body
