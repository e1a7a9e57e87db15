"""The matrix of the interoperability tests: servers, official clients and runtimes.

A new server or framework adds its row to the conformance suite, and its name here if the matrix
is to run on it every day.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.conformance.deployments import DEPLOYMENTS
from tests.conformance.harness.deployment import Deployment, ServerProcess
from tests.conformance.harness.server import Server
from tests.conformance.harness.survival import survival
from tests.interop.peer import EVERY_WAY, Peer, Transports
from tests.interop.runtimes import ChromiumRuntime, Client, NodeRuntime, Runtime
from tests.interop.tally import Tally
from tests.support.browser import Browser, Chromium

EVERYDAY = {"uvicorn-sansio", "aiohttp"}
"""The servers that `scripts/test` runs the matrix on; `scripts/soak` runs it on all others."""

USED_PROFILES = ("default", "interop", "legacy", "legacy-heartbeat")


def _rows() -> list[Any]:
    return [
        pytest.param(row, id=row.name, marks=[] if row.name in EVERYDAY else [pytest.mark.soak])
        for row in DEPLOYMENTS
    ]


@pytest.fixture(scope="session", params=_rows())
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """The row of the server under test."""
    row: Deployment = request.param
    return row


@pytest.fixture(scope="session")
def running(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server under test, started once for all tests."""
    harness = ServerProcess(deployment, tmp_path_factory.mktemp("server"))
    server = Server(harness.start(), harness)
    asyncio.run(_wake(server))
    yield server
    harness.stop()


async def _wake(server: Server) -> None:
    """Use every profile once: what a server starts with its first session stays until it stops."""
    for profile in USED_PROFILES:
        await server.polling(profile)
    await server.leave()


@pytest.fixture
async def server(running: Server) -> AsyncIterator[Server]:
    """The server under test as one test sees it, held to the postcondition afterwards."""
    server = Server(running.address, running.harness)
    try:
        async with survival(server):
            yield server
    finally:
        server.hang_up()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """One browser for all tests."""
    with Chromium() as chromium:
        yield chromium


@pytest.fixture
async def browser(chromium: Chromium) -> AsyncIterator[Browser]:
    """A connection to the browser, which takes the test's pages with it."""
    async with Browser(chromium) as browser:
        yield browser


@pytest.fixture(params=["node", "chromium"])
def runtime(request: pytest.FixtureRequest) -> Runtime:
    """Where the client runs."""
    if request.param == "node":
        return NodeRuntime()
    return ChromiumRuntime(request.getfixturevalue("browser"))


@pytest.fixture(params=Client, ids=lambda client: f"eio{client.revision}")
def client(request: pytest.FixtureRequest) -> Client:
    """Which official client it is."""
    client: Client = request.param
    return client


@pytest.fixture
def peer(client: Client, runtime: Runtime, server: Server) -> Peer:
    """An official client that the test sends to the server."""
    return Peer(client, runtime, server)


@pytest.fixture(params=EVERY_WAY, ids="-".join)
def transports(request: pytest.FixtureRequest) -> Transports:
    """The transports that the client may use."""
    transports: Transports = request.param
    return transports


TOTAL = pytest.StashKey[Tally]()


@pytest.fixture(scope="session")
def total(request: pytest.FixtureRequest) -> Tally:
    """What all tests of the session have counted together; shown at its end."""
    return request.config.stash.setdefault(TOTAL, Tally())


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what the tests over a bad network have counted."""
    tally = config.stash.get(TOTAL, None)
    if tally is not None:
        terminalreporter.section("over a bad network")
        terminalreporter.line(str(tally))
