"""SIGTERM while official clients are connected, on every server that the project names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.deployments import ACCEPTING, DEPLOYMENTS
from tests.conformance.harness.deployment import Ability, ServerProcess
from tests.conformance.harness.server import Server
from tests.interop.peer import POLLING, UPGRADE, WEBSOCKET, Peer, Transports
from tests.interop.runtimes import Client, NodeRuntime

pytestmark = [pytest.mark.deploy, pytest.mark.interop]

GROUPS = (
    (Client.V4, POLLING, 25),
    (Client.V3, POLLING, 25),
    (Client.V4, UPGRADE, 25),
    (Client.V3, WEBSOCKET, 25),
)
"""50 parked polls and 50 WebSockets, half of the latter after an upgrade."""

HUSH = "!send 0"
"""A message that the application does not answer, so that a poll stays parked."""

START = 30.0
"""Seconds in which all clients must be connected."""

GRACE = 7.0
"""Seconds: `shutdown_timeout`, and what a server takes for its own end."""


@pytest.fixture(params=[*DEPLOYMENTS, ACCEPTING], ids=lambda row: row.name)
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Server]:
    """A running server that the test will stop."""
    with closing(ServerProcess(request.param, tmp_path)) as harness:
        server = Server(await asyncio.to_thread(harness.start), harness)
        yield server
        server.hang_up()


async def settled(peer: Peer, count: int) -> None:
    """Wait until nothing is going on but one poll or WebSocket for each session."""
    said = [HUSH] * count
    server = peer.server
    await server.until(
        lambda: server.account(peer.key), lambda now: list(now.messages) == said, within=START
    )
    await server.busy(peer.key, count)


def told(client: Client, transports: Transports) -> dict[str, Any]:
    """What a client knows that was told of the end."""
    is_code_known = client is Client.V4 and transports[-1] == "websocket"
    return {"reason": "transport close", "code": 1001 if is_code_known else None}


async def test_every_client_is_told_and_the_server_ends(server: Server) -> None:
    peers = [Peer(client, NodeRuntime(), server) for client, _, _ in GROUPS]
    async with asyncio.TaskGroup() as group:
        endings = [
            group.create_task(peer.play("standBy", transports, count=count, say=HUSH))
            for peer, (_, transports, count) in zip(peers, GROUPS, strict=True)
        ]
        for peer, (_, _, count) in zip(peers, GROUPS, strict=True):
            await settled(peer, count)
        ended = await asyncio.to_thread(server.harness.stop)

    assert ended.seconds < GRACE
    for (client, transports, count), ending in zip(GROUPS, endings, strict=True):
        if server.can(Ability.LETS_FINISH) and (
            transports is POLLING or server.can(Ability.LAST_FRAMES)
        ):
            assert ending.result() == [told(client, transports)] * count
        else:
            reasons = {each["reason"] for each in ending.result()}
            assert reasons <= {"transport close", "transport error"}
    if server.can(Ability.QUIET_STOP):
        assert "Traceback" not in server.harness.log()
