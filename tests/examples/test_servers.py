"""Each program of examples/servers is started as its README says, and serves until SIGTERM."""

from __future__ import annotations

import contextlib
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.conformance.harness.program import ROOT, Program
from tests.interop.runtimes import Client, NodeRuntime, Order

pytestmark = pytest.mark.interop

FOLDER = ROOT / "examples/servers"
BIN = Path(sys.executable).parent
OLD_BIN = Path(f"{sys.prefix}-gunicorn-eventlet/bin")
"""Where the gunicorn is that has an eventlet worker; scripts/setup makes it."""

BIND = ("-w", "1", "-b", "{host}:{port}")
COMMANDS = {
    "threads": (sys.executable, "threads.py"),
    "gevent_server": (sys.executable, "gevent_server.py"),
    "gevent_websocket": (sys.executable, "gevent_websocket.py"),
    "eventlet_server": (sys.executable, "eventlet_server.py"),
    "gunicorn_gevent": (str(BIN / "gunicorn"), *BIND, "-k", "gevent", "gunicorn_gevent:app"),
    "gunicorn_threads": (
        *(str(BIN / "gunicorn"), *BIND, "-k", "gthread"),
        *("--threads", "100", "gunicorn_threads:app"),
    ),
    "gunicorn_eventlet": (
        *(str(OLD_BIN / "gunicorn"), *BIND, "-k", "eventlet"),
        *("--no-control-socket", "gunicorn_eventlet:app"),
    ),
    "latency": (
        *(str(BIN / "uwsgi"), "--http-socket", "{host}:{port}", "--gevent", "1000"),
        *("--master", "--die-on-term", "--wsgi-file", "latency.py", "--callable", "app"),
    ),
}
TELLS_NOBODY = {"latency"}
"""uWSGI ends its workers before Python hears of the signal."""

GRACE = 7.0
POLLING = "/engine.io/?EIO=4&transport=polling"
WEBSOCKET = "/engine.io/?EIO=4&transport=websocket"


def get(url: str, body: bytes | None = None) -> str:
    headers = {"Content-Type": "text/plain;charset=UTF-8"}
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        text: str = response.read().decode()
        return text


def open_session(address: str) -> str:
    """Open a session over polling and return its address."""
    handshake = json.loads(get(f"http://{address}{POLLING}")[1:])
    assert handshake["upgrades"] == ["websocket"]
    return f"http://{address}{POLLING}&sid={handshake['sid']}"


def read_to_the_end(websocket: ClientConnection) -> None:
    while True:
        websocket.recv(timeout=5)


def make_program(name: str, folder: Path) -> Program:
    return Program(
        COMMANDS[name],
        folder / "log",
        folder=FOLDER,
        # What eventlet and gunicorn say of eventlet.
        environment={"PYTHONWARNINGS": "ignore"},
    )


@pytest.fixture(scope="module", params=COMMANDS)
def address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Start the program and return where it listens."""
    program = make_program(request.param, tmp_path_factory.mktemp("server"))
    yield str(program.start())
    program.stop()
    assert "Traceback" not in program.log()


def test_it_echoes_over_polling_and_websocket(address: str) -> None:
    # Flask's own application is still there where there is one.
    with contextlib.suppress(urllib.error.HTTPError):
        assert get(f"http://{address}/") == "hello from Flask"
    session = open_session(address)
    assert get(session, b"4over polling") == "ok"
    assert get(session) == "4over polling"
    assert get(session, b"1") == "ok"

    with connect(f"ws://{address}{WEBSOCKET}") as websocket:
        assert str(websocket.recv(timeout=5)).startswith("0{")
        for message in ("4over websocket", b"\x01\x02", "4" + "x" * 300_000):
            websocket.send(message)
            assert websocket.recv(timeout=5) == message


@pytest.mark.parametrize(
    "transports", [("polling",), ("websocket",), ("polling", "websocket")], ids="-".join
)
async def test_it_serves_the_official_client(address: str, transports: tuple[str, ...]) -> None:
    options = {"path": "/engine.io/", "transports": transports}
    args = {"messages": [{"text": "é€😀"}, {"binary": 65_536}]}
    order = Order(Client.V4, "echo", f"http://{address}/", options, args)

    result = await NodeRuntime().play(order)

    assert result == {"transport": transports[-1], "wrong": []}


def test_a_refused_websocket_is_over_at_once(address: str) -> None:
    """gevent-websocket accepts every client itself; ours can only close it then."""
    url = f"ws://{address}{WEBSOCKET}&sid=unknown"
    with pytest.raises((InvalidStatus, ConnectionClosedError)) as caught, connect(url) as websocket:
        websocket.recv(timeout=5)

    if isinstance(caught.value, ConnectionClosedError):
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1008


@pytest.mark.parametrize("name", COMMANDS)
def test_a_client_is_told_of_its_end(name: str, tmp_path: Path) -> None:
    program = make_program(name, tmp_path)
    address = program.start()
    with connect(f"ws://{address}{WEBSOCKET}") as websocket:
        websocket.recv(timeout=5)
        ended = program.stop()
        with pytest.raises(ConnectionClosed) as closed:
            read_to_the_end(websocket)

    assert ended.seconds < GRACE
    received = closed.value.rcvd
    code = None if received is None else received.code
    assert code == (None if name in TELLS_NOBODY else 1001)
