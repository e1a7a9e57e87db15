"""Processes on a CPU of their own: the server of a side, started as a user would, and its load.

What lives here ends what it started, by its process id, however the run ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .scenarios import Scenario
from .sides import ROOT, Side

_START_TIMEOUT = 20.0
_STOP_TIMEOUT = 10.0


class RunError(Exception):
    """A server did not start, or a load failed; the message has what it printed."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Which CPU is whose. On a machine with one CPU both are the same, and the figures are poor."""

    server: int
    load: int

    @classmethod
    def choose(cls) -> Placement:
        """The first and the last CPU that this process may use."""
        cpus = sorted(os.sched_getaffinity(0))
        return cls(cpus[0], cpus[-1])


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that accepts connections."""

    pid: int
    port: int


@contextlib.contextmanager
def serving(side: Side, application: str, cpu: int) -> Iterator[RunningServer]:
    """Start a server, wait until it listens; end it when the block is left.

    Raises:
        RunError: It ended or did not listen in time.
    """
    port = _free_port()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            side.command(application, port),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=lambda: os.sched_setaffinity(0, {cpu}),
        )
        try:
            if not _listens(process, port):
                output.seek(0)
                raise RunError(f"{side.name} did not start: {output.read()[-2000:]}")
            yield RunningServer(process.pid, port)
        finally:
            _end(process)


def load(
    scenario: Scenario, servers: Sequence[RunningServer], cpu: int
) -> list[list[dict[str, float]]]:
    """Put servers under load, in turn; returns the metrics of each slice, for each server.

    Raises:
        RunError: The load failed or took too long.
    """
    order = {
        "scenario": scenario.load,
        "options": scenario.options,
        "slices": scenario.slices,
        "thrown_away": scenario.thrown_away,
        "servers": [(server.port, server.pid) for server in servers],
    }
    command = [sys.executable, "-m", "benchmarks.load", json.dumps(order)]
    return _printed(command, cpu, scenario.timeout)


def measure_itself(side: Side, cpu: int, timeout: float) -> dict[str, float]:
    """Run a side that needs no load.

    Raises:
        RunError: It failed or took too long.
    """
    return _printed(side.command("", 0), cpu, timeout)


def _printed(command: list[str], cpu: int, timeout: float) -> Any:
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            preexec_fn=lambda: os.sched_setaffinity(0, {cpu}),
        )
    except subprocess.TimeoutExpired as error:
        raise RunError(f"no figures within {timeout:.0f} s") from error
    if done.returncode:
        raise RunError(done.stderr[-2000:].strip())
    return json.loads(done.stdout)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _listens(process: subprocess.Popen[bytes] | subprocess.Popen[str], port: int) -> bool:
    deadline = time.monotonic() + _START_TIMEOUT
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        time.sleep(0.05)
    return False


def _end(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
