"""Projects on real servers, each in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Program", "environment_with", "run", "serving"]

ROOT = Path(__file__).parents[2]
_START_TIMEOUT = 30.0


@dataclass(frozen=True)
class Program:
    """A server that runs.

    Attributes:
        process: Its process.
        port: Its port on the loopback address.
        log: Where it writes.
    """

    process: subprocess.Popen[bytes]
    port: int
    log: Path


def run(command: str, environment: Mapping[str, str], folder: Path = ROOT) -> None:
    """Run a Python module with its arguments to its end."""
    done = subprocess.run(
        [sys.executable, "-m", *command.split()],
        cwd=folder,
        env=environment_with(environment),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def serving(
    command: str,
    environment: Mapping[str, str],
    log: Path,
    *,
    folder: Path = ROOT,
    python: str | Path = sys.executable,
) -> Iterator[Program]:
    """Run a Python module that serves, until the block is over.

    Args:
        command: The module and its arguments, with ``{port}`` for the port.
        environment: What is added to the environment.
        log: Where its output goes.
        folder: Where it runs.
        python: The interpreter.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [python, "-m", *command.format(port=port).split()],
            cwd=folder,
            env=environment_with(environment),
            stdout=file,
            stderr=file,
        )
    program = Program(process, port, log)
    try:
        _wait(program)
        yield program
    finally:
        process.terminate()
        process.wait(20)


def environment_with(added: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of this process without its project, and with what is added."""
    given = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return {**given, **added}


def _wait(program: Program) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{program.port}/", timeout=5).close()
        except urllib.error.HTTPError:
            # A page that is not there is an answer.
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            late = program.process.poll() is not None or time.monotonic() > deadline
            assert not late, f"the server does not start: {program.log.read_text()}"
            time.sleep(0.05)
        else:
            return
