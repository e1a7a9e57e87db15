"""The demo as a user starts it, and people who look at it in headless Chromium."""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.demo.room import Room
from tests.support.browser import Browser, Chromium

ROOT = Path(__file__).resolve().parents[2]
LOOPBACK = "127.0.0.1"
START_TIMEOUT = 30.0
STOP_TIMEOUT = 10.0


class Demo:
    """The demo's server, on one port for as long as the test runs."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "demo.log"
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            self.address = f"{LOOPBACK}:{probe.getsockname()[1]}"

    def start(self) -> None:
        """Start the server and wait until it listens."""
        command = _command(self.address.rpartition(":")[2])
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_TIMEOUT
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"the demo does not start:\n{self.log()}")
            time.sleep(0.05)

    def _listens(self) -> bool:
        host, port = self.address.split(":")
        with socket.socket() as probe:
            return probe.connect_ex((host, int(port))) == 0

    def stop(self) -> None:
        """Stop the server as Ctrl+C and init systems do; one that does not end is killed."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._process = None

    def log(self) -> str:
        """Return everything that the server has written."""
        return self._log.read_text(errors="replace")


def _command(port: str) -> list[str]:
    """The command that ``scripts/demo`` ends with."""
    script = (ROOT / "scripts/demo").read_text("utf-8").replace("\\\n", "")
    words = shlex.split(script.rpartition("exec .venv/bin/")[2].replace('"$@"', ""))
    return [sys.executable, "-m", *(port if word == "$port" else word for word in words)]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(tmp_path)
    demo.start()
    yield demo
    demo.stop()
    assert "Traceback" not in demo.log(), demo.log()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    with Chromium() as chromium:
        yield chromium


@pytest.fixture
async def room(chromium: Chromium, demo: Demo) -> AsyncIterator[Room]:
    async with Browser(chromium) as browser:
        room = Room(browser, f"http://{demo.address}/")
        yield room
        room.assert_no_errors()
