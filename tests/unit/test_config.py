"""Options: defaults, aliases, and what is refused with which words."""

import dataclasses
import functools
import json
import math
import types

import pytest

from engineio.config import ServerConfig
from engineio.errors import ConfigError


def build(**options):
    return ServerConfig.build(options)


def test_g19_defaults_are_the_safe_ones():
    config = build()

    assert (config.ping_interval, config.ping_timeout) == (25, 20)
    assert config.max_payload == 1_000_000
    assert config.transports == ("polling", "websocket")
    assert config.allow_upgrades
    assert not config.allow_eio3
    assert not config.allow_jsonp
    assert config.cors_allowed_origins is None
    assert config.cookie is None
    assert config.trusted_proxies == ()
    assert config.json is json
    assert not config.decode_json
    assert not config.async_handlers
    assert (config.send_queue_bytes, config.send_queue_packets) == (1_048_576, 1_000)
    assert config.send_queue_policy == "wait"


def test_a_configuration_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        build().max_payload = 1


def test_an_option_has_the_name_that_users_know():
    assert build(max_http_buffer_size=5).max_payload == 5


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"ping_intervall": 5}, "'ping_intervall'; did you mean ping_interval"),
        ({"max_http_buffersize": 5}, "did you mean max_http_buffer_size"),
        ({"xyzzy": 5}, "unknown option 'xyzzy'$"),
        (
            {"max_payload": 5, "max_http_buffer_size": 5},
            r"'max_payload' is given twice \(as 'max_http_buffer_size' too\)",
        ),
    ],
)
def test_an_unknown_option_is_refused_with_near_matches(options, complaint):
    with pytest.raises(ConfigError, match=complaint):
        ServerConfig.build(options)


DURATIONS = [
    "ping_interval",
    "ping_timeout",
    "connect_timeout",
    "first_request_timeout",
    "upgrade_timeout",
    "body_timeout",
    "write_timeout",
    "close_timeout",
    "shutdown_timeout",
]
COUNTS = [
    "max_payload",
    "max_concurrent_handlers",
    "send_queue_bytes",
    "send_queue_packets",
    "receive_queue_bytes",
    "receive_queue_packets",
    "max_sessions",
    "max_sessions_per_address",
]
COUNTS_FROM_ZERO = ["compression_threshold", "max_packets_per_poll"]
FLAGS = [
    "allow_upgrades",
    "allow_eio3",
    "allow_jsonp",
    "cors_credentials",
    "http_compression",
    "decode_json",
    "async_handlers",
]


@pytest.mark.parametrize("name", DURATIONS)
@pytest.mark.parametrize("value", [1, 0.5, 0.001, 86_400])
def test_a_duration_is_in_seconds(name, value):
    assert getattr(build(**{name: value}), name) == value


@pytest.mark.parametrize("name", DURATIONS)
@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan, True, "5", None, 1j], ids=repr)
def test_a_duration_is_over_zero_and_ends(name, value):
    with pytest.raises(ConfigError, match=name):
        build(**{name: value})


@pytest.mark.parametrize("name", COUNTS + COUNTS_FROM_ZERO)
def test_a_count_is_a_whole_number(name):
    assert getattr(build(**{name: 7}), name) == 7
    for value in (-1, 1.0, math.nan, True, "5", b"5"):
        with pytest.raises(ConfigError, match=name):
            build(**{name: value})


def test_only_some_counts_may_be_zero_or_none():
    for name in COUNTS:
        with pytest.raises(ConfigError, match=f"{name} must be at least 1"):
            build(**{name: 0})
    for name in COUNTS_FROM_ZERO:
        assert getattr(build(**{name: 0}), name) == 0
        with pytest.raises(ConfigError, match=name):
            build(**{name: None})
    for name in ("max_sessions", "max_sessions_per_address"):
        assert getattr(build(**{name: None}), name) is None


@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_is_a_truth_value(name):
    assert getattr(build(**{name: True}), name) is True
    assert getattr(build(**{name: False}), name) is False
    for value in (0, 1, None, "false"):
        with pytest.raises(ConfigError, match=f"{name} must be True or False"):
            build(**{name: value})


@pytest.mark.parametrize("name", ["ping_interval", "ping_timeout"])
def test_a_heartbeat_counts_in_milliseconds(name):
    with pytest.raises(ConfigError, match="millisecond"):
        build(**{name: 0.0009})


def test_a_heartbeat_fits_the_timers_of_clients():
    build(ping_interval=2_147_000, ping_timeout=483)

    with pytest.raises(ConfigError, match="24 days"):
        build(ping_interval=2_147_000, ping_timeout=484)


@pytest.mark.parametrize(
    ("given", "transports"),
    [
        ("websocket", ("websocket",)),
        (["polling"], ("polling",)),
        (["websocket", "polling"], ("polling", "websocket")),
        (("polling", "polling"), ("polling",)),
        ({"websocket"}, ("websocket",)),
    ],
)
def test_transports_are_named_in_any_way(given, transports):
    assert build(transports=given).transports == transports


@pytest.mark.parametrize(
    "value", ["", [], "webtransport", ["polling", "x"], [None], [["polling"]], 5, None], ids=repr
)
def test_impossible_transports_are_refused(value):
    with pytest.raises(ConfigError, match="transports"):
        build(transports=value)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("send_queue_policy", ["wait", "close", "drop_oldest", "drop_newest"], ["block", "", None]),
        ("sync_handlers", ["thread", "inline"], ["process", True]),
    ],
)
def test_a_choice_is_one_of_its_names(name, good, bad):
    for value in good:
        assert getattr(build(**{name: value}), name) == value
    for value in bad:
        with pytest.raises(ConfigError, match=f"{name} must be one of"):
            build(**{name: value})


@pytest.mark.parametrize("name", ["allow_request", "generate_id"])
def test_a_hook_is_a_function_or_none(name):
    assert getattr(build(**{name: str}), name) is str
    assert getattr(build(**{name: None}), name) is None
    for value in (5, "f", True):
        with pytest.raises(ConfigError, match=f"{name} must be a function"):
            build(**{name: value})


class Asker:
    """An object whose call returns a coroutine."""

    async def __call__(self, request):
        """Be asked."""


async def ask(request):
    """Be asked."""


@pytest.mark.parametrize("name", ["allow_request", "generate_id"])
@pytest.mark.parametrize(
    "function", [ask, Asker(), functools.partial(ask), functools.partial(Asker())]
)
def test_a_coroutine_function_would_refuse_everybody(name, function):
    """What it returns is neither True nor a str, so no request would ever pass."""
    with pytest.raises(ConfigError, match=f"{name} must be a plain function, not a coroutine"):
        build(**{name: function})


def test_a_json_module_has_both_functions():
    module = types.SimpleNamespace(dumps=json.dumps, loads=json.loads)

    assert build(json=module).json is module
    with pytest.raises(ConfigError, match="has no loads"):
        build(json=types.SimpleNamespace(dumps=json.dumps, loads=None))
    with pytest.raises(ConfigError, match="has no dumps and no loads"):
        build(json="json")


def test_other_values_for_some_options():
    config = build(ping_interval=20, max_payload=10)

    other = config.with_options({"max_http_buffer_size": 20})

    assert (other.ping_interval, other.max_payload) == (20, 20)
    assert config.max_payload == 10
    with pytest.raises(ConfigError, match="did you mean ping_interval"):
        config.with_options({"ping_intervall": 1})
    with pytest.raises(ConfigError, match="ping_interval must be over 0"):
        config.with_options({"ping_interval": -1})
