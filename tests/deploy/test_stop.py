"""SIGTERM while official clients are connected, on every server that the project names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.deployments import ACCEPTING, DEPLOYMENTS
from tests.conformance.harness.deployment import Ability, Deployment, ServerProcess
from tests.conformance.harness.program import Exit
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
async def doomed(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Doomed]:
    """A server that the test will stop."""
    doomed = Doomed(request.param, tmp_path)
    await doomed.start()
    yield doomed
    await doomed.clean_up()


class Doomed:
    """A server that is started to be stopped."""

    def __init__(self, row: Deployment, folder: Path) -> None:
        self.harness = ServerProcess(row, folder)
        self._is_running = False

    async def start(self) -> None:
        self.server = Server(await asyncio.to_thread(self.harness.start), self.harness)
        self._is_running = True

    async def stop(self) -> Exit:
        self._is_running = False
        return await asyncio.to_thread(self.harness.stop)

    async def clean_up(self) -> None:
        self.server.hang_up()
        if self._is_running:
            await self.stop()


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


async def test_every_client_is_told_and_the_server_ends(doomed: Doomed) -> None:
    peers = [Peer(client, NodeRuntime(), doomed.server) for client, _, _ in GROUPS]
    async with asyncio.TaskGroup() as group:
        endings = [
            group.create_task(peer.play("standBy", transports, count=count, say=HUSH))
            for peer, (_, transports, count) in zip(peers, GROUPS, strict=True)
        ]
        for peer, (_, _, count) in zip(peers, GROUPS, strict=True):
            await settled(peer, count)
        ended = await doomed.stop()

    assert ended.seconds < GRACE
    for (client, transports, count), ending in zip(GROUPS, endings, strict=True):
        if doomed.harness.can(Ability.LETS_FINISH) and (
            transports is POLLING or doomed.harness.can(Ability.LAST_FRAMES)
        ):
            assert ending.result() == [told(client, transports)] * count
        else:
            reasons = {each["reason"] for each in ending.result()}
            assert reasons <= {"transport close", "transport error"}
