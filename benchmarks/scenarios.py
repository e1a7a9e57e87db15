"""The scenarios: what is measured, at which size, and which of its metrics is the headline."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Measure(StrEnum):
    """How a figure of one side is compared with the same figure of another."""

    RATIO = "x"
    DIFFERENCE = "above"
    VALUE = "alone"


@dataclass(frozen=True, slots=True)
class Metric:
    """One column of a table.

    Attributes:
        key: Its name in a result file.
        title: What the reader sees, with the unit.
        digits: Decimal places.
    """

    key: str
    title: str
    digits: int = 1


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing to measure.

    Attributes:
        name: Unique name, also on the command line.
        title: What the reader sees.
        metrics: The columns; the first is the headline, of which ratios are made.
        load: The module of ``benchmarks.load`` that makes the load; empty where a side measures
            itself (the codecs).
        application: The application of the server.
        measure: How sides are compared.
        options: Options of the load that differ from its defaults.
        default: Whether it runs when none is named.
        slices: How many slices of each side are measured in a round.
        thrown_away: How many come before them, to warm up.
        together: Whether all sides of a round run at the same time and take turns; otherwise one
            side has the machine for itself.
        timeout: Seconds after which a load has failed.
    """

    name: str
    title: str
    metrics: tuple[Metric, ...]
    load: str
    application: str = "echo"
    measure: Measure = Measure.RATIO
    options: dict[str, Any] = field(default_factory=dict)
    default: bool = True
    slices: int = 6
    thrown_away: int = 2
    together: bool = True
    timeout: float = 120.0


_P99 = Metric("p99_ms", "p99 ms")
_PEAK = Metric("peak_rss_mib", "peak RSS MiB")


def _rate(noun: str) -> Metric:
    return Metric("rate", f"{noun}/s", 0)


_ECHO = (Metric("cpu_us", "CPU per message, µs"), _rate("messages"), _P99, _PEAK)
_POLLING = (
    Metric("cpu_request_us", "CPU per request, µs"),
    Metric("cpu_us", "CPU per message, µs"),
    Metric("requests_per_message", "requests per message", 2),
    _rate("messages"),
    _P99,
    _PEAK,
)

SCENARIOS = [
    Scenario("echo", "WebSocket echo, 100 sessions, 64 B", _ECHO, "echo"),
    Scenario(
        "polling",
        "Long-polling echo, 50 sessions, 4 messages of 64 B a payload, POST then GET",
        _POLLING,
        "polling",
    ),
    Scenario(
        "polling-parked",
        "Long-polling echo, 50 sessions, 4 messages of 64 B a payload, GET waiting during the POST",
        _POLLING,
        "polling",
        options={"parked": True},
    ),
    Scenario(
        "broadcast",
        "Broadcast of 64 B to 200 WebSockets",
        (Metric("cpu_us", "CPU per delivery, µs"), _rate("deliveries"), _P99, _PEAK),
        "broadcast",
        application="broadcast",
    ),
    Scenario(
        "connect",
        "WebSocket connect, open packet, close; 20 at a time",
        (Metric("cpu_us", "CPU per session, µs"), _rate("sessions"), _P99, _PEAK),
        "connect",
    ),
    Scenario(
        "idle",
        "2 000 idle WebSocket sessions",
        (
            Metric("rss_kib", "RSS per session, KiB"),
            Metric("pss_kib", "PSS per session, KiB"),
            Metric("tasks", "tasks, greenlets or threads per session", 2),
            Metric("timers", "timers per session", 2),
            _PEAK,
        ),
        "idle",
        measure=Measure.DIFFERENCE,
        slices=1,
        thrown_away=0,
        together=False,
    ),
    Scenario(
        "heartbeat",
        "15 000 silent WebSocket sessions for one ping interval of 25 s",
        (
            Metric("server_percent", "CPU, % of one core", 2),
            Metric("cpu_us", "CPU per session, µs"),
            _PEAK,
        ),
        "heartbeat",
        measure=Measure.DIFFERENCE,
        default=False,
        slices=1,
        thrown_away=0,
        together=False,
        timeout=180.0,
    ),
    Scenario(
        "echo-crowded",
        "WebSocket echo, 100 sessions, 64 B, beside 9 900 idle sessions",
        _ECHO,
        "echo",
        options={"idle": 9900},
        default=False,
        together=False,
    ),
    Scenario(
        "codec",
        "The codec alone",
        (
            Metric("decode_us", "decode a text message, µs", 2),
            Metric("encode_us", "encode a text message, µs", 2),
            Metric("decode_payload_us", "decode a payload of 16, µs", 2),
            Metric("encode_payload_us", "encode a payload of 16, µs", 2),
        ),
        "",
        measure=Measure.VALUE,
    ),
]
