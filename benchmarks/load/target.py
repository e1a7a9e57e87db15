"""The server under load, as all scenarios see it, and figures over latencies."""

from __future__ import annotations

from dataclasses import dataclass

from .meter import Meter


@dataclass(frozen=True, slots=True)
class Target:
    """A server that listens on 127.0.0.1.

    Attributes:
        port: Its TCP port.
        meter: Reads what its process uses.
    """

    port: int
    meter: Meter


class LoadError(Exception):
    """The server did not behave as the scenario needs: the figures would mean nothing."""


def percentiles(latencies: list[float]) -> dict[str, float]:
    """Median and 99th percentile of ``latencies`` (seconds), in milliseconds."""
    ordered = sorted(latencies)
    return {
        "p50_ms": ordered[len(ordered) // 2] * 1e3,
        "p99_ms": ordered[len(ordered) * 99 // 100] * 1e3,
    }
