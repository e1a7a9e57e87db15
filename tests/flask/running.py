"""Flask's own server, started by its own command."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engineio.testing import LiveNetwork

__all__ = ["FlaskRun", "flask_run"]

PATIENCE = 30.0


class FlaskRun:
    """A ``flask run``, and what may be left of it, as a group of processes.

    Attributes:
        process: The process that was started.
        network: Where it listens.
        url: The same, for HTTP.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.network = LiveNetwork("127.0.0.1", port)
        self.url = f"http://127.0.0.1:{port}"

    def wait_until_it_answers(self) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen(self.url, timeout=PATIENCE).close()
            except urllib.error.HTTPError as answer:
                answer.close()
                return
            except OSError:
                assert self.process.poll() is None, "flask run does not start"
                assert time.monotonic() < until, "flask run does not answer"
                time.sleep(0.05)
            else:
                return

    def interrupt(self, number: signal.Signals) -> float:
        """Send a signal to all processes, as a terminal does; return the seconds to the end."""
        began = time.monotonic()
        os.killpg(self.process.pid, number)
        self.process.wait(PATIENCE)
        return time.monotonic() - began


@contextmanager
def flask_run(
    folder: Path,
    *options: str,
    app: str = "chat",
    source: Path | None = None,
    python: str = sys.executable,
) -> Iterator[FlaskRun]:
    """Run an application with ``flask --app APP run``.

    Args:
        folder: Where the file ``log`` is written.
        *options: More options of ``flask run``.
        app: The module of the application.
        source: Where that is found; None for ``folder``.
        python: The interpreter.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    flask = (python, "-m", "flask", "--app", app, "run", f"--port={port}", *options)
    # A shell has what it starts in the background ignore Ctrl-C, and so all that it starts.
    command = ("env", "--default-signal=INT", *flask)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=source or folder, stdout=log, stderr=log, start_new_session=True
        )
    running = FlaskRun(process, port)
    try:
        running.wait_until_it_answers()
        yield running
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)
