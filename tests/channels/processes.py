"""Programs that tests start, and stop: servers of their own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

__all__ = ["ROOT", "environment", "free_port", "redis", "serving", "uvicorn"]

ROOT = Path(__file__).resolve().parents[2]
_LOOPBACK = "127.0.0.1"
_PATIENCE = 60.0


def free_port() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what a program of its own finds: not the Django project of this process."""
    found = {**os.environ, **(more or {})}
    found.pop("DJANGO_SETTINGS_MODULE", None)
    return found


@contextmanager
def serving(
    command: list[str], port: int, log: Path, env: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program that listens on a port, for the length of a block.

    Raises:
        RuntimeError: It does not start; the message has what it wrote.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + _PATIENCE
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command} does not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Run a Redis server that keeps nothing, and give its URL.

    Raises:
        RuntimeError: There is no Redis here.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise RuntimeError("redis-server is missing: run scripts/setup redis, which installs it")
    port = free_port()
    command = [program, "--bind", _LOOPBACK, "--port", str(port), "--save", "", "--appendonly"]
    with serving([*command, "no", "--dir", str(folder)], port, folder / "redis.log"):
        yield f"redis://{_LOOPBACK}:{port}/0"


def uvicorn(application: str, port: int) -> list[str]:
    """Return the command that serves an application."""
    options = ["--host", _LOOPBACK, "--port", str(port), "--log-level", "warning"]
    return [sys.executable, "-m", "uvicorn", application, *options]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((_LOOPBACK, port)) == 0
