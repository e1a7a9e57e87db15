"""Each program of examples/servers is started as its README says, and echoes on both transports."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

FOLDER = Path(__file__).parents[2] / "examples/servers"
BIN = Path(sys.executable).parent
PORT = "{port}"
GUNICORN = (str(BIN / "gunicorn"), "-w", "1", "-b", "127.0.0.1:{port}")
COMMANDS = {
    "threads": (sys.executable, "threads.py"),
    "gevent_server": (sys.executable, "gevent_server.py"),
    "gevent_websocket": (sys.executable, "gevent_websocket.py"),
    "eventlet_server": (sys.executable, "eventlet_server.py"),
    "gunicorn_gevent": (*GUNICORN, "-k", "gevent", "gunicorn_gevent:app"),
    "gunicorn_threads": (*GUNICORN, "-k", "gthread", "--threads", "100", "gunicorn_threads:app"),
    "latency": (
        str(BIN / "uwsgi"), "--http-socket", "127.0.0.1:{port}", "--gevent", "1000", "--master",
        "--die-on-term", "--wsgi-file", "latency.py", "--callable", "app",
    ),
}  # fmt: skip


def get(url: str, body: bytes | None = None) -> str:
    headers = {"Content-Type": "text/plain;charset=UTF-8"}
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        text: str = response.read().decode()
        return text


@pytest.fixture(scope="module", params=COMMANDS)
def address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Start the program and return where it listens; it must end by SIGTERM."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [part.format(port=port) for part in COMMANDS[request.param]]
    log = tmp_path_factory.mktemp("server") / "log"
    environment = {**os.environ, "PORT": port, "PYTHONWARNINGS": "ignore"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=FOLDER,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + 20
        while not _answers(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield f"127.0.0.1:{port}"
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        assert "Traceback" not in log.read_text()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(port: str) -> bool:
    try:
        get(f"http://127.0.0.1:{port}/")
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    return True


def test_it_echoes_over_polling_and_websocket(address: str) -> None:
    # Flask's own application is still there where there is one.
    with contextlib.suppress(urllib.error.HTTPError):
        assert get(f"http://{address}/") == "hello from Flask"
    opening = get(f"http://{address}/engine.io/?EIO=4&transport=polling")
    handshake = json.loads(opening[1:])
    assert handshake["upgrades"] == ["websocket"]
    session = f"http://{address}/engine.io/?EIO=4&transport=polling&sid={handshake['sid']}"
    assert get(session, b"4over polling") == "ok"
    assert get(session) == "4over polling"

    with connect(f"ws://{address}/engine.io/?EIO=4&transport=websocket") as websocket:
        assert str(websocket.recv(timeout=5)).startswith("0{")
        for message in ("4over websocket", b"\x01\x02", "4" + "x" * 300_000):
            websocket.send(message)
            assert websocket.recv(timeout=5) == message


def test_a_refused_websocket_is_over_at_once(address: str) -> None:
    """gevent-websocket accepts every client itself; ours can only close it then."""
    url = f"ws://{address}/engine.io/?EIO=4&transport=websocket&sid=unknown"
    with pytest.raises((InvalidStatus, ConnectionClosedError)) as caught, connect(url) as websocket:
        websocket.recv(timeout=5)

    if isinstance(caught.value, ConnectionClosedError):
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1008
