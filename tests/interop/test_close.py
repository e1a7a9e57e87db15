"""However a session ends, both sides learn it, once, and the client can come back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.harness.deployment import Ability, Deployment, ServerProcess
from tests.conformance.harness.http import Address
from tests.conformance.harness.server import Server
from tests.interop.peer import POLLING, UPGRADE, Peer, Transports
from tests.interop.runtimes import Client, Runtime
from tests.support.chaos_proxy import ChaosProxy

pytestmark = pytest.mark.interop

LOSS = {"transport close", "transport error"}
"""The reasons for the loss of a connection; which of the two depends on what was in flight."""

GOODBYE = "client disconnect"
"""A polling client that loses a request may still say this, on a new connection."""

START = 20.0
"""Seconds until a client runs and is connected."""

HUSH = "!send 0"
"""A message that the application does not answer, so that a poll stays parked."""


async def settled(server: Server, key: str) -> None:
    """Wait until the server has heard `HUSH` and serves nothing but a poll or a WebSocket."""
    await server.until(
        lambda: server.account(key), lambda account: HUSH in account.messages, within=START
    )
    await server.busy(key)


async def while_playing(scenario: Awaitable[Any], meanwhile: Callable[[], Awaitable[None]]) -> Any:
    """Return the result of a scenario during which something happens."""
    async with asyncio.TaskGroup() as both:
        result = both.create_task(_as_coroutine(scenario))
        both.create_task(_as_coroutine(meanwhile()))
    return result.result()


async def _as_coroutine(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


async def test_the_server_closes(peer: Peer, transports: Transports) -> None:
    result = await peer.play("farewell", transports, say="!close")
    assert result == {"transport": transports[-1], "reason": "transport close"}
    account = await peer.server.disconnected(peer.key)
    assert account.reason == "server disconnect"


async def test_the_client_closes(peer: Peer, transports: Transports) -> None:
    result = await peer.play("leave", transports)
    assert result == {"reason": "forced close"}
    account = await peer.server.disconnected(peer.key)
    # Over a WebSocket the official clients say nothing: they just close it.
    polling = transports[-1] == "polling"
    assert account.reason == ("client disconnect" if polling else "transport close")


async def test_a_client_comes_back_as_a_new_session(peer: Peer, transports: Transports) -> None:
    answers = await peer.play("comeBack", transports, times=3)
    assert answers == ["visit 0", "visit 1", "visit 2"]
    account = await peer.server.disconnected(peer.key)
    assert len(set(account.connects)) == 3


async def test_the_client_is_gone(peer: Peer, transports: Transports) -> None:
    """Its tab is closed, or its process killed: nothing is said."""
    playing = asyncio.create_task(peer.play("farewell", transports, say=HUSH))
    await settled(peer.server, peer.key)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    account = await peer.server.disconnected(peer.key)
    assert account.reason in {*LOSS, GOODBYE}


async def test_a_lost_connection(peer: Peer, transports: Transports) -> None:
    server = peer.server
    async with ChaosProxy(server.address.port) as proxy:

        async def lose() -> None:
            await settled(server, peer.key)
            proxy.cut()

        via = Address("127.0.0.1", proxy.port)
        scenario = peer.play("surviveLoss", transports, via=via, say=HUSH, period=50, tries=40)
        result = await while_playing(scenario, lose)
        assert result["reason"] in LOSS
        assert result["echo"] == "back"
        account = await server.disconnected(peer.key)
        assert account.goodbyes[0].reason in {*LOSS, GOODBYE}


async def test_a_dead_connection(peer: Peer, transports: Transports) -> None:
    """Nothing arrives any more, nothing is closed: both sides notice the missing heartbeat."""
    server = peer.server
    async with ChaosProxy(server.address.port) as proxy:

        async def die() -> None:
            await settled(server, peer.key)
            proxy.stall()

        via = Address("127.0.0.1", proxy.port)
        scenario = peer.play("farewell", transports, profile="legacy-heartbeat", via=via, say=HUSH)
        result = await while_playing(scenario, die)
        assert result == {"transport": transports[-1], "reason": "ping timeout"}
        account = await server.disconnected(peer.key)
        assert account.reason == "ping timeout"


@pytest.mark.parametrize("transports", [POLLING, UPGRADE], ids="-".join)
async def test_the_server_is_restarted(
    deployment: Deployment,
    client: Client,
    runtime: Runtime,
    transports: Transports,
    tmp_path: Path,
) -> None:
    """Every client learns it at once, and is welcome again as soon as the new server runs."""
    with (
        closing(ServerProcess(deployment, tmp_path)) as old,
        closing(ServerProcess(deployment, tmp_path)) as new,
    ):
        server = Server(await asyncio.to_thread(old.start), old)
        peer = Peer(client, runtime, server)
        async with ChaosProxy(server.address.port) as proxy:

            async def restart() -> None:
                await settled(server, peer.key)
                ended = await asyncio.to_thread(old.stop)
                assert ended.seconds < 5, "one client kept the server from ending"
                address = await asyncio.to_thread(new.start)
                proxy.target = address.port

            via = Address("127.0.0.1", proxy.port)
            scenario = peer.play("surviveLoss", transports, via=via, say=HUSH, period=50, tries=200)
            result = await while_playing(scenario, restart)
    assert result["echo"] == "back"
    # Who was told knows more than who lost a connection.
    told = {"transport close"} if old.can(Ability.LETS_FINISH) else LOSS
    assert result["reason"] in told
