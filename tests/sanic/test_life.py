"""From the start of an application to its end, in the order in which Sanic does things."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Any

import pytest

import engineio
from engineio.testing import Client, LiveNetwork
from sanic_engineio import EngineIO
from sanic_engineio.testing import serve
from tests.sanic.running import new_app, settled


@pytest.mark.parametrize("transport", ["polling", "websocket", "upgrade"])
async def test_clients_are_told_before_sanic_waits_for_them(transport: Any) -> None:
    app = new_app()
    eio = EngineIO(app)
    ended: list[Any] = []

    @eio.on_disconnect
    async def gone(sid: str, reason: engineio.Reason) -> None:
        ended.append(reason)

    async with serve(app) as network:
        client = Client(network, transport=transport)
        await client.connect()
        await settled(eio, client.sid, transport)

    assert client.closed
    assert client.close_code == (None if transport == "polling" else 1001)
    assert ended == [engineio.Reason.SERVER_SHUTDOWN]
    await client.close()


async def test_no_server_waits_for_the_clients_of_another() -> None:
    """A client that takes no part holds up its own server, and both for that time only."""
    app = new_app()
    servers = [
        EngineIO(app, path=f"/{name}/", name=name, shutdown_timeout=1.0) for name in ("one", "two")
    ]
    loop = asyncio.get_running_loop()

    async with serve(app) as network:
        writers = [await silent(network, f"/{eio.name}/") for eio in servers]
        began = loop.time()
    took = loop.time() - began

    assert took < 1.0
    for writer in writers:
        writer.close()


async def silent(network: LiveNetwork, path: str) -> asyncio.StreamWriter:
    """Open a WebSocket that never answers anything."""
    reader, writer = await asyncio.open_connection(network.host, network.port)
    head = f"GET {path}?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
    key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    writer.write(f"{head}Upgrade: websocket\r\n{key}\r\n".encode())
    assert b" 101 " in await reader.readline()
    return writer


async def test_nothing_is_left(transport: Any) -> None:
    app = new_app()
    EngineIO(app)
    before = asyncio.all_tasks()
    async with serve(app) as network, Client(network, transport=transport):
        pass
    async with asyncio.timeout(2):
        while asyncio.all_tasks() - before:  # noqa: ASYNC110  # nothing tells when a task is over
            await asyncio.sleep(0.01)


async def test_a_response_timeout_that_polls_do_not_survive() -> None:
    app = new_app(RESPONSE_TIMEOUT=20)
    EngineIO(app)

    with pytest.raises(engineio.ConfigError, match="RESPONSE_TIMEOUT is 20 s and ping_interval 25"):
        async with serve(app):
            pass


async def test_an_asgi_server_is_told_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    """It does not start."""
    app = new_app()
    EngineIO(app)
    events: list[Any] = [{"type": "lifespan.shutdown"}, {"type": "lifespan.startup"}]
    sent: list[str] = []

    async def receive() -> Any:
        return events.pop()

    async def send(event: Any) -> None:
        sent.append(event["type"])

    await app({"type": "lifespan"}, receive, send)

    assert sent[0] == "lifespan.startup.failed"
    assert "engineio.ASGIApp(" in caplog.text


WORKERS = """
import sys
from sanic import Sanic
from sanic_engineio import EngineIO

app = Sanic("workers")
app.config.ENGINEIO_ALLOW_WORKERS = "allow" in sys.argv
transports = ["websocket"] if "websocket" in sys.argv else ["polling", "websocket"]
EngineIO(app, transports=transports)

@app.after_server_start
async def started(app):
    print("started", flush=True)

if __name__ == "__main__":
    app.run(port={port}, workers={workers}, motd=False)
"""


@pytest.mark.parametrize(
    ("workers", "argument", "starts"),
    [(1, "", True), (2, "", False), (2, "allow", True), (2, "websocket", True)],
)
def test_several_workers(
    workers: int, argument: str, starts: bool, unused_tcp_port: int, tmp_path: Any
) -> None:
    """Each would have sessions of its own, on one port: that stops with an explanation."""
    program = tmp_path / "program.py"
    program.write_text(WORKERS.format(port=unused_tcp_port, workers=workers))

    ran = subprocess.Popen(
        [sys.executable, program, argument],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert ran.stdout is not None
    lines = []
    with ran:
        for line in ran.stdout:
            lines.append(line)
            if "started" in line:
                break
        with suppress(ProcessLookupError):
            os.killpg(ran.pid, signal.SIGKILL)

    output = "".join(lines)
    assert ("started" in output) is starts
    assert ("2 workers share a port" in output) is (not starts or argument == "allow")
