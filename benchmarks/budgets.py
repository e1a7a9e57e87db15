"""The budget: which figure may be how large. A run reports it and never fails by it."""

from __future__ import annotations

from dataclasses import dataclass

from .scenarios import Measure
from .sides import Kind


@dataclass(frozen=True, slots=True)
class Budget:
    """One line of the budget.

    Attributes:
        name: Its name in the documents.
        scenario: The scenario.
        metric: The metric.
        limit: The most it may be.
        measure: How it is compared.
        against: With which kind of side; the reference is a stack of its own, all others are those
            of the same stack, or of the one that `ELSEWHERE` names.
        stacks: The stacks it holds for; empty for all.
    """

    name: str
    scenario: str
    metric: str
    limit: float
    measure: Measure = Measure.RATIO
    against: Kind = Kind.BARE
    stacks: frozenset[str] = frozenset()


_AGAINST_PEER = frozenset({"uvicorn", "uvicorn-engineio", "uvicorn-wsproto", "aiohttp"})
_ON_WSGI = frozenset({"pywsgi", "werkzeug"})

BUDGETS = [
    Budget("B1", "echo", "cpu_us", 1.15),
    Budget("B2", "echo", "cpu_us", 0.7, against=Kind.REFERENCE, stacks=frozenset({"aiohttp"})),
    Budget("B3", "echo", "cpu_us", 0.2, against=Kind.PEER, stacks=_AGAINST_PEER),
    Budget("B3", "echo", "cpu_us", 0.5, against=Kind.PEER, stacks=_ON_WSGI),
    Budget("B4", "polling", "cpu_request_us", 1.3),
    Budget("B5", "broadcast", "cpu_us", 1.0, against=Kind.REFERENCE),
    Budget("B6", "idle", "rss_kib", 3.0, Measure.DIFFERENCE),
    Budget("B6", "idle", "tasks", 0.0, Measure.DIFFERENCE),
    Budget("B6", "idle", "timers", 0.0, Measure.DIFFERENCE),
    Budget("B7", "heartbeat", "server_percent", 5.0, Measure.DIFFERENCE),
    Budget("B8", "connect", "cpu_us", 1.5),
    Budget("B10", "codec", "decode_us", 1.0, Measure.VALUE),
    Budget("B10", "codec", "encode_us", 1.0, Measure.VALUE),
    Budget("B10", "codec", "decode_payload_us", 8.0, Measure.VALUE),
    Budget("B10", "codec", "encode_payload_us", 8.0, Measure.VALUE),
]
