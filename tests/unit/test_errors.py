"""The exceptions: what they say, and what an application can catch them as."""

import pytest

from engineio import errors


@pytest.mark.parametrize(
    ("error", "kinds"),
    [
        (errors.ConfigError("x"), (errors.EngineIOError, ValueError)),
        (errors.UnknownSessionError(), (errors.EngineIOError, KeyError)),
        (errors.SessionClosedError(), (errors.EngineIOError,)),
        (errors.MessageTooLargeError(2, 1), (errors.EngineIOError, ValueError)),
        (errors.QueueFullError(), (errors.EngineIOError,)),
        (errors.ConnectionRefused(), (errors.EngineIOError,)),
        (errors.LocalProtocolError(), (errors.ProtocolError,)),
        (errors.PacketError(), (errors.RemoteProtocolError, errors.ProtocolError)),
        (errors.BodyTooLarge(), (errors.BodyError,)),
        (errors.BodyAborted(), (errors.BodyError,)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_can_be_caught_as(error, kinds):
    for kind in kinds:
        assert isinstance(error, kind)


def test_every_exception_is_exported():
    defined = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }

    assert defined == set(errors.__all__)


def test_an_unknown_session_is_named_nowhere():
    # str() of a KeyError would be the repr of its argument.
    assert str(errors.UnknownSessionError()) == "no open session has this session id"


def test_a_message_that_is_too_large_says_what_to_do():
    error = errors.MessageTooLargeError(2_000, 1_000)

    assert (error.size, error.limit) == (2_000, 1_000)
    assert "2000 bytes" in str(error)
    assert "max_payload (1000 bytes)" in str(error)


@pytest.mark.parametrize("status", [400, 401, 403, 503, 599])
def test_a_refusal_carries_a_status_and_a_body(status):
    error = errors.ConnectionRefused({"why": "full"}, status=status)

    assert (error.status, error.body) == (status, {"why": "full"})


def test_a_refusal_is_401_unless_it_says_otherwise():
    error = errors.ConnectionRefused()

    assert (error.status, error.body) == (401, "Unauthorized")


@pytest.mark.parametrize("status", [200, 302, 399, 600, 0, -1])
def test_a_refusal_needs_the_status_of_an_error(status):
    with pytest.raises(ValueError, match="400 to 599"):
        errors.ConnectionRefused(status=status)
