"""Servers that cannot carry a WebSocket: none is offered, the log says why, and polling works."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engineio.testing import Client, LiveNetwork
from tests.conformance.harness.http import Address, Connection
from tests.conformance.harness.program import Program
from tests.conformance.harness.websocket import upgrade_fields
from tests.interop import runtimes
from tests.interop.runtimes import NodeRuntime, Order

pytestmark = [pytest.mark.deploy, pytest.mark.interop]

BIN = Path(sys.executable).parent
APP = "tests.deploy.quick:app"
SHUT = "no client is offered a WebSocket: the server keeps its sockets to itself"
SINGLE = "no client is offered a WebSocket: the server has one thread, which one WebSocket would"
SERVERS = {
    "waitress": (SHUT, (str(BIN / "waitress-serve"), "--listen={host}:{port}", APP)),
    "gunicorn-sync": (SINGLE, (str(BIN / "gunicorn"), "--bind={host}:{port}", APP)),
    "wsgiref": (SINGLE, (sys.executable, "-m", "tests.deploy.wsgiref_server")),
}
WEBSOCKET = "/engine.io/?EIO=4&transport=websocket"


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs."""

    address: Address
    program: Program
    why: str

    @property
    def network(self) -> LiveNetwork:
        return LiveNetwork(self.address.host, self.address.port)


@pytest.fixture(params=SERVERS)
async def running(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Running]:
    """The server under test, which must end by SIGTERM."""
    why, command = SERVERS[request.param]
    program = Program(command, tmp_path / "log", environment={"MODE": "threading"})
    yield Running(await asyncio.to_thread(program.start), program, why)
    ended = await asyncio.to_thread(program.stop)
    assert ended.seconds < 7
    assert "Traceback" not in program.log()


async def test_no_websocket_is_offered_and_the_log_says_why_once(running: Running) -> None:
    for _ in range(2):
        async with Client(running.network) as client:
            assert client.handshake["upgrades"] == []

    connection = await Connection.open(running.address)
    answer = await connection.request("GET", WEBSOCKET, fields=upgrade_fields())
    assert answer.status == 400
    connection.close()

    assert running.program.log().count("no client is offered a WebSocket") == 1
    assert running.why in running.program.log()


async def test_polling_works(running: Running) -> None:
    async with Client(running.network) as client:
        for number in range(3):
            await client.send(str(number))
            assert await client.receive() == str(number)


async def test_the_official_client_stays_on_polling(running: Running) -> None:
    options = {"path": "/engine.io/", "transports": ["polling", "websocket"]}
    url = f"http://{running.address}"
    order = Order(runtimes.Client.V4, "stayPolling", url, options, {"tries": False})
    result = await NodeRuntime().play(order)
    assert result == {"transport": "polling", "echo": "still here"}
