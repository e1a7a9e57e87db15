"""Servers that import the application and fork then: nothing may be running by that time.

What the import started would stay behind in the master: its thread, and with it all heartbeats.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from engineio.protocol.packet import PacketType
from engineio.testing import Client, LiveNetwork
from engineio.testing.machine import ClientTransport
from tests.conformance.harness.program import Program

pytestmark = pytest.mark.deploy

BIN = Path(sys.executable).parent
APP = "tests.deploy.quick:app"
GUNICORN = (
    # Its control socket has a thread in the master, which is none of ours.
    *(str(BIN / "gunicorn"), "--preload", "--no-control-socket"),
    *("--bind={host}:{port}", APP),
)
UWSGI = (
    *(str(BIN / "uwsgi"), "--master", "--die-on-term"),
    *("--http-socket={host}:{port}", f"--module={APP}"),
)
SERVERS = {
    "gunicorn-gthread": ("threading", (*GUNICORN, "--worker-class=gthread", "--threads=10")),
    "gunicorn-gevent": ("gevent", (*GUNICORN, "--worker-class=gevent")),
    "uwsgi-threads": ("threading", (*UWSGI, "--threads=10")),
    "uwsgi-gevent": ("gevent_uwsgi", (*UWSGI, "--gevent=100")),
}
TRANSPORTS: tuple[ClientTransport, ...] = ("polling", "websocket", "upgrade")
HEARTBEATS = 3
PATIENCE = 10.0


@pytest.fixture(params=SERVERS)
async def program(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Program]:
    """A server that is not running yet; it is stopped in the end."""
    mode, command = SERVERS[request.param]
    program = Program(command, tmp_path / "log", environment={"MODE": mode})
    yield program
    ended = await asyncio.to_thread(program.stop)
    assert ended.seconds < PATIENCE
    assert "Traceback" not in program.log()


async def beating(client: Client) -> None:
    """Wait for some heartbeats: the timer of all sessions runs where the session lives."""
    async with asyncio.timeout(PATIENCE):
        while True:
            pings = sum(packet.type is PacketType.PING for packet in client.packets)
            if pings >= HEARTBEATS:
                break
            await asyncio.sleep(0.05)


async def test_nothing_starts_before_the_first_request(program: Program) -> None:
    address = await asyncio.to_thread(program.start)
    master = psutil.Process(program.pid)
    assert master.num_threads() == 1

    for transport in TRANSPORTS:
        network = LiveNetwork(address.host, address.port)
        async with Client(network, transport=transport) as client:
            await client.send("hello")
            assert await client.receive() == "hello"
            await beating(client)

    assert master.num_threads() == 1, "a session lives in the master"
