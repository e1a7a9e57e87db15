"""The names that applications compare with."""

from engineio.types import DisconnectInfo, Reason, Revision, Transport


def test_reasons_are_a_stable_set_of_texts():
    assert {str(reason) for reason in Reason} == {
        "client disconnect",
        "server disconnect",
        "ping timeout",
        "transport close",
        "transport error",
        "parse error",
        "payload too large",
        "slow client",
        "server shutdown",
    }
    assert Reason("ping timeout") is Reason.PING_TIMEOUT
    assert isinstance(Reason.PING_TIMEOUT, str)


def test_transports_and_revisions_are_as_in_the_query():
    assert [f"transport={transport}" for transport in Transport] == [
        "transport=polling",
        "transport=websocket",
    ]
    assert [f"EIO={revision}" for revision in Revision] == ["EIO=3", "EIO=4"]


def test_of_a_disconnect_only_the_reason_is_always_known():
    info = DisconnectInfo(Reason.TRANSPORT_CLOSE)

    assert (info.detail, info.code, info.undelivered) == ("", None, ())
