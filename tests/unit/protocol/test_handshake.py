"""What a request says about itself, and the packet that opens a session."""

import json

import pytest

from engineio.config import ServerConfig
from engineio.protocol import rejections
from engineio.protocol.handshake import Query, open_packet, parse_query, requested_revision
from engineio.protocol.packet import PacketType
from engineio.protocol.rejections import Rejected
from engineio.types import Revision, Transport

DEFAULT = ServerConfig()
LENIENT = ServerConfig(allow_eio3=True, allow_jsonp=True)
POLLING, WEBSOCKET = Transport.POLLING, Transport.WEBSOCKET


@pytest.mark.parametrize(
    ("query", "record"),
    [
        ("transport=polling&EIO=4", Query(POLLING, None, Revision.V4)),
        ("EIO=4&transport=websocket&t=abc.1", Query(WEBSOCKET, None, Revision.V4)),
        ("transport=polling&EIO=4&sid=abc", Query(POLLING, "abc", Revision.V4)),
        ("transport=polling&EIO=3", Query(POLLING, None, Revision.V3)),
        ("transport=polling&EIO=3&b64=1", Query(POLLING, None, Revision.V3, None, True)),
        ("transport=polling&EIO=3&b64=", Query(POLLING, None, Revision.V3, None, False)),
        ("transport=polling&EIO=3&j=12", Query(POLLING, None, Revision.V3, "12", True)),
        ("transport=polling", Query(POLLING)),
        # What is not the protocol's is not looked at, however often it is there.
        ("a=1&a=2&transport=polling&transports[]=x&=&&;", Query(POLLING)),
        ("transport=%70olling&EIO=%34&sid=a%26b+c", Query(POLLING, "a&b c", Revision.V4)),
        ("transport=polling&sid=", Query(POLLING, "")),
        ("transport=polling&sid", Query(POLLING, "")),
        ("transport=polling&sid=%ff%00", Query(POLLING, "\ufffd\0")),
    ],
)
def test_a_query_becomes_a_record(query, record):
    assert parse_query(query, LENIENT) == record


@pytest.mark.parametrize(
    "query",
    [
        "",
        "EIO=4",
        "transport=",
        "transport=foo",
        "transport=Polling",
        "transport=constructor",
        "transport=__proto__",
        "transport=webtransport",
        "transport=%00",
        "transport[]=polling",
        "transport=polling&transport=polling",
        "transport=polling&transport=websocket",
        "transport=" + "x" * 65_536,
    ],
    ids=lambda query: query[:40],
)
def test_f1_sec04_a_transport_that_is_missing_or_unknown(query):
    """400 code 0; never a silent default."""
    with pytest.raises(Rejected) as caught:
        parse_query(query, DEFAULT)

    assert caught.value.rejection is rejections.TRANSPORT_UNKNOWN


@pytest.mark.parametrize(("only", "other"), [("polling", "websocket"), ("websocket", "polling")])
def test_f1_a_transport_that_is_switched_off(only, other):
    config = ServerConfig(transports=[only])

    assert parse_query(f"transport={only}", config).transport == only
    with pytest.raises(Rejected) as caught:
        parse_query(f"transport={other}", config)
    assert caught.value.rejection is rejections.TRANSPORT_UNKNOWN


@pytest.mark.parametrize(
    "query", ["EIO=", "EIO=5", "EIO=٤", "EIO=%D9%A4", "EIO=04", "EIO=4.0", "EIO=+4", "EIO=x", "x"]
)
def test_f2_sec41_a_revision_that_is_missing_or_odd(query):
    """400 code 5; "our own bridges must not parse numbers with int()"."""
    record = parse_query(f"transport=polling&{query}", LENIENT)

    assert record.revision is None
    with pytest.raises(Rejected) as caught:
        requested_revision(record, LENIENT)
    assert caught.value.rejection is rejections.PROTOCOL_VERSION


def test_f2_a_revision_given_twice():
    with pytest.raises(Rejected) as caught:
        parse_query("transport=polling&EIO=4&EIO=4", LENIENT)

    assert caught.value.rejection is rejections.PROTOCOL_VERSION


def test_f2_eio_3_is_refused_unless_it_is_switched_on():
    record = parse_query("transport=polling&EIO=3", DEFAULT)

    with pytest.raises(Rejected) as caught:
        requested_revision(record, DEFAULT)
    assert caught.value.rejection is rejections.PROTOCOL_VERSION
    assert requested_revision(record, LENIENT) is Revision.V3


def test_eio_4_is_always_served():
    record = parse_query("transport=polling&EIO=4", DEFAULT)

    assert requested_revision(record, DEFAULT) is Revision.V4


@pytest.mark.parametrize(
    ("parameter", "rejection"),
    [
        ("sid=a", rejections.SESSION_UNKNOWN),
        ("j=1", rejections.INVALID_QUERY),
        ("b64=1", rejections.INVALID_QUERY),
    ],
)
def test_a_parameter_given_twice_means_nothing(parameter, rejection):
    with pytest.raises(Rejected) as caught:
        parse_query(f"transport=polling&{parameter}&{parameter}", LENIENT)

    assert caught.value.rejection is rejection


@pytest.mark.parametrize("index", ["", "x", "-1", "1.5", "٣", "%D9%A3", "1234567890", "0]("])
def test_f29_sec41_an_index_that_is_not_ascii_digits(index):
    """400; "only digits ever reach output"."""
    with pytest.raises(Rejected) as caught:
        parse_query(f"transport=polling&j={index}", LENIENT)

    assert caught.value.rejection is rejections.INVALID_QUERY
    # It is the client's fault, so the shell must not log it as the application's.
    assert caught.value.__cause__ is None


def test_f89_jsonp_is_off_by_default():
    with pytest.raises(Rejected) as caught:
        parse_query("transport=polling&j=0", DEFAULT)

    assert caught.value.rejection is rejections.TRANSPORT_UNKNOWN


def test_f8_a_hundred_thousand_parameters_are_not_looked_at():
    assert parse_query("&".join(["a=b"] * 63 + ["transport=polling"]), DEFAULT)
    with pytest.raises(Rejected) as caught:
        parse_query("transport=polling&" + "&".join(["a=b"] * 100_000), DEFAULT)

    assert caught.value.rejection is rejections.INVALID_QUERY


# -- the OPEN packet --------------------------------------------------------------------------


def test_the_open_packet_says_what_the_protocol_says():
    packet = open_packet("lv_VI97HAXpY6yYWAAAC", POLLING, DEFAULT, upgrade=True)

    assert packet.type is PacketType.OPEN
    assert packet.frame == (
        '0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,'
        '"pingTimeout":20000,"maxPayload":1000000}'
    )


@pytest.mark.parametrize(
    ("transport", "options", "possible", "offered"),
    [
        (POLLING, {}, True, ["websocket"]),
        # "upgrades: empty on websocket, when upgrades are off, or none enabled".
        (WEBSOCKET, {}, True, []),
        (POLLING, {"allow_upgrades": False}, True, []),
        (POLLING, {"transports": ["polling"]}, True, []),
        # Where the server that carries this session cannot do it, it must not be offered.
        (POLLING, {}, False, []),
    ],
)
def test_upgrades_are_offered_only_when_possible(transport, options, possible, offered):
    packet = open_packet("sid", transport, ServerConfig(**options), upgrade=possible)

    assert json.loads(packet.data)["upgrades"] == offered


@pytest.mark.parametrize(
    ("seconds", "milliseconds"), [(25, 25000), (0.3, 300), (0.001, 1), (1.0005, 1000), (0.29, 290)]
)
def test_times_are_integer_milliseconds(seconds, milliseconds):
    config = ServerConfig(ping_interval=seconds, ping_timeout=seconds, max_payload=7)
    fields = json.loads(open_packet("sid", POLLING, config, upgrade=True).data)

    assert fields["pingInterval"] == fields["pingTimeout"] == milliseconds
    assert isinstance(fields["pingInterval"], int)
    assert fields["maxPayload"] == 7


def test_any_sid_can_be_said():
    sid = '"\\\n\u2028\ud800'
    fields = json.loads(open_packet(sid, POLLING, DEFAULT, upgrade=True).data)

    assert fields["sid"] == sid
