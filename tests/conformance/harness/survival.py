"""The postcondition of every scenario: whatever happened, the server has survived it.

A bystander exchanges numbered messages during the whole scenario; afterwards a fresh client is
served at once, everything the scenario opened is gone, every session that was let in has exactly
one end with a listed reason, and the log holds no traceback.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.conformance.harness.deployment import Ability
from tests.conformance.harness.ledger import Account, State
from tests.conformance.harness.server import Server
from tests.conformance.harness.sessions import WebSocketSession

__all__ = ["survival"]

# Written down a second time on purpose: the set is promised to be stable.
_REASONS = frozenset(
    {
        "client disconnect",
        "server disconnect",
        "ping timeout",
        "transport close",
        "transport error",
        "parse error",
        "payload too large",
        "slow client",
        "server shutdown",
    }
)
# The three of them are for one value on a machine that is busy with something else. The promises,
# 2 s, 1 s and 100 ms, are held over all values of the run (see `measures`).
_SETTLE = 12.0
"""Seconds until sessions, tasks and files are at their old numbers."""
_FRESH_CLIENT = 3.0
_LATE_CLIENT = 5.0
_LAST_HANDLERS = 2.0
_BYSTANDER_PERIOD = 0.02
_BYSTANDER_DELAY = 3.0
_BAD_WORDS = (
    "Traceback (most recent call last)",
    "was never retrieved",
    "was never awaited",
    "ASGI callable",
    "ResourceWarning",
)


class Bystander:
    """A session that has nothing to do with the scenario and must not notice it."""

    def __init__(self, session: WebSocketSession, delays: list[float]) -> None:
        self._delays = delays
        self._session = session
        self._leaving = asyncio.Event()
        self._task = asyncio.create_task(self._talk())

    async def _talk(self) -> None:
        number = 0
        while not self._leaving.is_set():
            started = time.monotonic()
            await self._echo(f"4{number}")
            self._delays.append(time.monotonic() - started)
            number += 1
            try:
                async with asyncio.timeout(_BYSTANDER_PERIOD):
                    await self._leaving.wait()
            except TimeoutError:
                # Time for the next message.
                continue

    async def _echo(self, packet: str) -> None:
        await self._session.send(packet)
        # A scenario may last for longer than the interval of the heartbeat.
        while (answer := await self._session.receive()) == "2":
            await self._session.send("3")
        assert answer == packet, f"{answer!r} in place of {packet!r}"

    async def leave(self) -> None:
        """Stop, and fail if any message was lost, reordered or late."""
        self._leaving.set()
        await self._task
        worst = max(self._delays)
        assert worst < _BYSTANDER_DELAY, f"a bystander waited {worst:.3f} s for its echo"
        await self._session.close()


@asynccontextmanager
async def survival(server: Server) -> AsyncIterator[None]:
    """Hold the server to the postcondition after the scenario in the ``with`` block."""
    logged = len(server.harness.log())
    before = await server.state()
    bystander = Bystander(await server.websocket(), server.measures.echoes)
    yield
    try:
        await bystander.leave()
        await _fresh_client(server)
    finally:
        # What a failed scenario leaves open must not fail the next one.
        await server.leave()
    await _back_to_normal(server, before)
    for key in server.keys:
        _check_account(await _settled(server, key))
    await server.leave()
    _check_log(server, server.harness.log()[logged:])


async def _fresh_client(server: Server) -> None:
    started = time.monotonic()
    session = await server.polling()
    await session.echo("fresh")
    seconds = time.monotonic() - started
    limit = _LATE_CLIENT
    if server.can(Ability.PROMPT_ACCEPT):
        limit = _FRESH_CLIENT
        server.measures.welcomes.append(seconds)
    assert seconds < limit, f"a fresh client waited {seconds:.3f} s for its echo"


async def _back_to_normal(server: Server, before: State) -> None:
    started = time.monotonic()
    await server.until(server.state, lambda now: server.is_back_at(before, now), within=_SETTLE)
    server.measures.clearances.append(time.monotonic() - started)


async def _settled(server: Server, key: str) -> Account:
    """Return an account when the last handlers, which may be in threads, have written into it."""
    with contextlib.suppress(AssertionError):
        return await server.until(
            lambda: server.account(key),
            lambda account: len(account.goodbyes) >= len(account.connects),
            within=_LAST_HANDLERS,
        )
    return await server.account(key)


def _check_account(account: Account) -> None:
    ends = sorted(goodbye.sid for goodbye in account.goodbyes)
    assert ends == sorted(account.connects), f"not one end for each session: {account}"
    for goodbye in account.goodbyes:
        assert goodbye.reason in _REASONS, f"{goodbye.reason!r} is no listed reason"


def _check_log(server: Server, log: str) -> None:
    for expected in server.expected_errors:
        assert expected in log, f"{expected!r} was not logged:\n{log}"
    if server.reads_log and not server.expected_errors:
        found = [word for word in _BAD_WORDS if word in log]
        assert not found, f"the server logged {found}:\n{log}"
