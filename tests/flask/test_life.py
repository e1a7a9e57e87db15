"""``flask run`` comes to its end: clients are told, whatever ends it."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from engineio.testing import BlockingClient
from tests.flask.running import flask_run

APP = """
import flask
from flask_engineio import EngineIO

app = flask.Flask(__name__)
eio = EngineIO(app)
eio.on("message", lambda sid, data: eio.send(sid, data))
eio.on("disconnect", lambda sid, reason: print("disconnected:", reason.value, flush=True))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where an application is."""
    (tmp_path / "chat.py").write_text(APP)
    return tmp_path


def goodbye(client: BlockingClient) -> tuple[Any, ...]:
    """Wait for the end of a session, and return how it came."""
    client.wait_closed(10)
    return [packet.type.name for packet in client.packets][-1], client.close_code


@pytest.mark.timing
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal(folder: Path, number: signal.Signals) -> None:
    with flask_run(folder) as running:
        websocket = BlockingClient(running.network, transport="websocket")
        polling = BlockingClient(running.network)
        for client in (websocket, polling):
            client.connect()
            client.send("hello")
            assert client.receive() == "hello"

        assert running.interrupt(number) < 3

        assert goodbye(websocket) == ("CLOSE", 1001)
        assert goodbye(polling) == ("CLOSE", None)
        for client in (websocket, polling):
            client.close()
        assert (folder / "log").read_text().count("server shutdown") == 2


def test_the_reloader(folder: Path) -> None:
    """It ends the process by ``sys.exit``, and the next one serves the same clients again."""
    with flask_run(folder, "--reload") as running:
        with BlockingClient(running.network, transport="websocket") as client:
            client.send("hello")
            assert client.receive() == "hello"
            module = folder / "chat.py"
            module.write_text(APP.replace("sid, data)", 'sid, f"new: {data}")', 1))
            os.utime(module, (module.stat().st_mtime + 5,) * 2)
            assert goodbye(client) == ("CLOSE", 1001)

        running.wait_until_it_answers()
        with BlockingClient(running.network, transport="websocket") as client:
            client.send("hello")
            assert client.receive() == "new: hello"
        log = (folder / "log").read_text()
        assert log.count("server shutdown") == 1
        assert "Traceback" not in log
