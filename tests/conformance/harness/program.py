"""A server program in a process of its own: started on a free port, and stopped by SIGTERM."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.harness.http import Address

__all__ = ["ROOT", "Exit", "Program"]

ROOT = Path(__file__).resolve().parents[3]
_START_TIMEOUT = 30.0
_STOP_TIMEOUT = 15.0
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Exit:
    """How a server ended: its status and the seconds that this was waited for."""

    status: int
    seconds: float


class Program:
    """One run of a server.

    Args:
        command: The command line; ``{host}`` and ``{port}`` are filled in.
        output: The file that gets its standard output and error.
        folder: Where it runs.
        environment: More environment variables; ``PORT`` is always set.
        path: What is asked for until there is an answer.
    """

    def __init__(
        self,
        command: Sequence[str],
        output: Path,
        *,
        folder: Path = ROOT,
        environment: Mapping[str, str] | None = None,
        path: str = "/",
    ) -> None:
        self._command = command
        self._output = output
        self._folder = folder
        self._environment = environment or {}
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that was started, which may be the master of others."""
        return self._running().pid

    def start(self) -> Address:
        """Start the server on a free port and wait until it answers a request.

        Raises:
            RuntimeError: It ended, or did not answer in time.
        """
        address = Address(_LOOPBACK, _free_port())
        command = [part.format(host=address.host, port=address.port) for part in self._command]
        own = {"PORT": str(address.port), "PYTHONUNBUFFERED": "1"}
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=self._folder,
                env={**_inherited(), **own, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A group of its own: a worker must not outlive a server that had to be killed.
                start_new_session=True,
            )
        self._wait_until_it_answers(f"http://{address}{self._path}")
        return address

    def _wait_until_it_answers(self, url: str) -> None:
        process = self._running()
        deadline = time.monotonic() + _START_TIMEOUT
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                self._kill()
                raise RuntimeError(f"{' '.join(self._command)} does not start:\n{self.log()}")
            time.sleep(0.05)

    def stop(self) -> Exit:
        """Send SIGTERM, as an init system does, and wait; a server that stays is killed."""
        self._running().terminate()
        return self.wait()

    def wait(self) -> Exit:
        """Wait for the end of a server that ends by itself; one that stays is killed."""
        process = self._running()
        started = time.monotonic()
        try:
            status = process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            status = self._kill()
        self._process = None
        return Exit(status, time.monotonic() - started)

    def close(self) -> None:
        """Stop the server if it still runs, as it does when a test has failed."""
        if self._process is not None:
            self.stop()

    def log(self) -> str:
        """Return what the server wrote to its standard output and error."""
        return self._output.read_text(errors="replace")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError(f"{' '.join(self._command)} is not running")
        return self._process

    def _kill(self) -> int:
        process = self._running()
        with suppress(ProcessLookupError):
            # It may have ended by itself, and left a worker or nobody.
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def _inherited() -> dict[str, str]:
    # The tests of the packages for Django choose settings for the process in which they run.
    return {name: text for name, text in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
