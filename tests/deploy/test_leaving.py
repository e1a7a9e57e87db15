"""Python exits, without a signal that could have been heard: clients are told nevertheless."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engineio.protocol.packet import PacketType
from engineio.testing import Client, LiveNetwork
from engineio.testing.machine import ClientTransport
from tests.conformance.harness.http import Address, Connection
from tests.conformance.harness.program import Program

pytestmark = pytest.mark.deploy

COMMAND = (sys.executable, "-m", "tests.deploy.leaving")
HANDSHAKE = "/engine.io/?EIO=4&transport=polling"
# The timer of all sessions is one.
IDLE = "1"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A server that is not running yet."""
    return Program(COMMAND, tmp_path / "log")


@pytest.fixture
async def address(program: Program) -> AsyncIterator[Address]:
    """Where it listens, once it runs."""
    yield await asyncio.to_thread(program.start)
    program.close()


async def connected(address: Address, transport: ClientTransport) -> Client:
    client = Client(LiveNetwork(address.host, address.port), transport=transport)
    await client.connect()
    return client


async def idle(client: Client) -> None:
    """Wait until no worker thread is left: from Python 3.12 on none can be started at the end."""
    async with asyncio.timeout(10):
        while True:
            await client.send("workers")
            if await client.receive() == IDLE:
                return


async def test_everybody_is_told(program: Program, address: Address) -> None:
    between_polls = await Connection.open(address)
    assert (await between_polls.request("GET", HANDSHAKE)).status == 200
    polling, websocket = await connected(address, "polling"), await connected(address, "websocket")
    await idle(websocket)

    await websocket.send("leave")
    for client in (polling, websocket):
        await client.wait_closed()
        assert client.packets[-1].type is PacketType.CLOSE
        await client.close()
    assert websocket.close_code == 1001
    assert (await asyncio.to_thread(program.wait)).status == 3
    between_polls.close()
    assert program.log().count("disconnected: server shutdown") == 3
    assert "Traceback" not in program.log()


async def test_a_copy_of_the_process_leaves_the_clients_alone(
    program: Program, address: Address
) -> None:
    """It has the same signal handlers and the same sockets, and may be stopped at any time."""
    polling, websocket = await connected(address, "polling"), await connected(address, "websocket")
    for client in (websocket, polling):
        await client.send("fork")
        assert await client.receive() == str(-signal.SIGTERM)
    for client in (websocket, polling):
        await client.send("workers")
        await client.receive()
        await client.close()
    assert "shutdown" not in program.log()


async def test_a_copy_of_the_process_may_serve_as_well(program: Program, address: Address) -> None:
    """What is at rest in the one that it was copied from is not there: worker threads above all."""
    polling, websocket = await connected(address, "polling"), await connected(address, "websocket")
    await polling.send("workers")
    await polling.receive()
    await websocket.send("copy")
    port = await websocket.receive()

    copy = await connected(Address(address.host, int(port)), "websocket")
    async with asyncio.timeout(10):
        # Its timer is at work, and what it had not heard of was not told.
        while sum(packet.type is PacketType.PING for packet in copy.packets) < 2:
            await copy.send("workers")
            await copy.receive()
    await copy.send_raw("4leave")
    await copy.wait_closed()
    for client in (copy, polling, websocket):
        await client.close()
    assert "disconnected: server shutdown" not in program.log()
