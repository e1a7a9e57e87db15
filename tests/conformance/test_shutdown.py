"""SIGTERM (fault F-78): a process of its own for each scenario, because none survives it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.conformance.harness.deployment import Ability, Deployment, Harness, ServerProcess
from tests.conformance.harness.http import request_bytes
from tests.conformance.harness.program import Exit
from tests.conformance.harness.server import Server
from tests.conformance.harness.sessions import ParkedPoll, WebSocketSession
from tests.conformance.harness.websocket import Closed

_LIMIT = 5.0
"""Seconds from the stop signal to the end of the process."""
_OWN_TIME = 2.0
"""What a server may take for its own end that waits until the application's time is used up."""
_NOTICE = 1.0
"""What a server may take to notice the stop signal that only looks for it now and then."""

_CLIENTS = 100
"""As many polls and as many WebSockets."""


@dataclass(slots=True)
class Doomed:
    """A server that the scenario will stop."""

    server: Server
    harness: Harness
    is_running: bool = True

    @property
    def limit(self) -> float:
        """Seconds from the stop signal to the end of this server's process."""
        own_time = 0.0 if self.harness.can(Ability.PROMPT_STOP) else _OWN_TIME
        return _LIMIT + own_time + self.until_noticed

    @property
    def until_noticed(self) -> float:
        """Seconds in which this server looks for the stop signal once."""
        return 0.0 if self.harness.can(Ability.PROMPT_NOTICE) else _NOTICE

    async def stop(self) -> Exit:
        """Stop it while its clients go on."""
        self.is_running = False
        return await asyncio.to_thread(self.harness.stop)

    async def parked_polls(self, count: int) -> list[ParkedPoll]:
        """Open sessions with a poll that is held."""
        key = self.server.new_key()
        sessions = [await self.server.polling(key=key) for _ in range(count)]
        polls = [await session.send_poll() for session in sessions]
        await self.server.busy(key, count)
        return polls


@pytest.fixture
async def doomed(
    deployment: Deployment, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Doomed]:
    """A running server of the scenario's own."""
    harness = ServerProcess(deployment, tmp_path_factory.mktemp("doomed"))
    server = Server(await asyncio.to_thread(harness.start), harness)
    doomed = Doomed(server, harness)
    yield doomed
    server.hang_up()
    if doomed.is_running:
        await doomed.stop()
    if harness.can(Ability.QUIET_STOP):
        assert "Traceback" not in harness.log()


@pytest.mark.timing
async def test_f78_every_client_is_told(doomed: Doomed) -> None:
    """Polls are answered `1`, WebSockets get `1` and 1001; the server is gone within 5 s."""
    if not doomed.server.can(Ability.LETS_FINISH):
        await doomed.parked_polls(_CLIENTS)
        assert (await doomed.stop()).seconds < _LIMIT
        return
    polls = await doomed.parked_polls(_CLIENTS)
    websockets = [await doomed.server.websocket() for _ in range(_CLIENTS)]

    async with asyncio.TaskGroup() as group:
        stopping = group.create_task(doomed.stop())
        answers = [group.create_task(poll.packets(within=_LIMIT)) for poll in polls]
        goodbyes = [group.create_task(_goodbye(session)) for session in websockets]

    assert [answer.result() for answer in answers] == [["1"]] * _CLIENTS
    if doomed.server.can(Ability.LAST_FRAMES):
        assert [goodbye.result() for goodbye in goodbyes] == [("1", 1001)] * _CLIENTS
    assert stopping.result().seconds < doomed.limit
    assert doomed.harness.log().count("disconnected: server shutdown") == 2 * _CLIENTS


async def _goodbye(session: WebSocketSession) -> tuple[str, int]:
    packets = ""
    try:
        while True:
            packets += str(await session.receive(within=2 * _LIMIT))
    except Closed as end:
        session.connection.close()
        return packets, end.code


@pytest.mark.timing
async def test_f78_a_server_without_clients_is_gone_at_once(doomed: Doomed) -> None:
    """Nothing to wait for, nothing waited for."""
    ended = await doomed.stop()

    assert ended.seconds < 2 + doomed.until_noticed
    assert ended.status in {0, -signal.SIGTERM}


@pytest.mark.timing
async def test_f78_a_client_that_does_not_take_part(doomed: Doomed) -> None:
    """A WebSocket that never answers the close holds up the exit for a bounded time only."""
    await doomed.server.websocket()

    ended = await doomed.stop()

    assert ended.seconds < doomed.limit


async def test_f78_no_new_session_while_stopping(doomed: Doomed) -> None:
    """New handshakes: 503, or no connection at all; never a session that is lost at once."""
    kept = await doomed.server.connect()
    await kept.request("GET", "/ledger")
    poll = (await doomed.parked_polls(1))[0]
    stopping = asyncio.create_task(doomed.stop())
    await poll.connection.ended(within=_LIMIT)

    await kept.write(request_bytes("GET", doomed.server.target()))
    answer = await kept.ended()

    assert answer == b"" or answer.startswith(b"HTTP/1.1 503")
    await stopping
