"""The server under test, started once, and held to the postcondition after every scenario."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from tests.conformance.application.profiles import PROFILES
from tests.conformance.deployments import DEPLOYMENTS, SELDOM
from tests.conformance.harness.deployment import Deployment, Harness, ServerProcess
from tests.conformance.harness.http import PATIENCE, Address
from tests.conformance.harness.ledger import State
from tests.conformance.harness.measures import Measures
from tests.conformance.harness.server import Server
from tests.conformance.harness.survival import survival

_MEASURES = "measures"
_START = 10.0
"""Seconds after which a server that has answered is complete."""
_IDLE_CONNECTION = 10.0
"""Seconds after which every server has noticed that an idle connection was closed."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs for the whole session.

    Attributes:
        address: Where it listens.
        harness: What can be asked about it.
        measures: How long it made the clients of all scenarios wait.
    """

    address: Address
    harness: Harness
    measures: Measures = field(default_factory=Measures)


def _rows() -> list[Any]:
    return [
        pytest.param(row, id=row.name, marks=[pytest.mark.soak] if row.name in SELDOM else [])
        for row in DEPLOYMENTS
    ]


@pytest.fixture(scope="session", params=_rows())
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """The row of the server under test."""
    row: Deployment = request.param
    return row


@pytest.fixture(scope="session")
def running(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The server under test, started once for all scenarios."""
    harness = ServerProcess(deployment, tmp_path_factory.mktemp("server"))
    address = harness.start()
    try:
        before = _settled_state(address)
        running = Running(address, harness)
        yield running
        _check_final_state(address, before)
        # Here, because this fails the run, also in one of several processes; a report would not.
        assert running.measures.problems() == []
    finally:
        harness.stop()


def _check_final_state(address: Address, before: State) -> None:
    # What a single scenario may leave as a spare must not add up.
    deadline = time.monotonic() + _IDLE_CONNECTION
    while not (after := _state(address)).is_back_at(before, servers=len(PROFILES)):
        assert time.monotonic() < deadline, f"{before} became {after}"
        time.sleep(0.2)


def _settled_state(address: Address) -> State:
    # A server that answers may still be starting its other threads, each with files of its own.
    state = _state(address)
    deadline = time.monotonic() + _START
    while True:
        time.sleep(0.2)
        state, before = _state(address), state
        if state == before:
            return state
        assert time.monotonic() < deadline, f"{before} became {state}, and nobody has come yet"


def _state(address: Address) -> State:
    with urllib.request.urlopen(f"http://{address}/ledger", timeout=PATIENCE) as response:
        return State(**json.load(response))


@pytest.fixture
async def server(
    running: Running, deployment: Deployment, request: pytest.FixtureRequest
) -> AsyncIterator[Server]:
    """The server under test as one scenario sees it, held to the postcondition afterwards."""
    server = Server(running.address, running.harness)
    try:
        async with survival(server):
            yield server
    finally:
        server.hang_up()
        running.measures.add(server.measures)
        measured = (deployment.name, asdict(server.measures))
        request.node.user_properties.append((_MEASURES, measured))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the scenarios of one server together where several processes run them."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec is not None and "deployment" in callspec.params:
            item.add_marker(pytest.mark.xdist_group(callspec.params["deployment"].name))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show how long each server made its clients wait."""
    measured: dict[str, Measures] = {}
    for report in terminalreporter.getreports(""):
        for name, value in getattr(report, "user_properties", ()):
            if name == _MEASURES and report.when == "teardown":
                measured.setdefault(value[0], Measures()).add(Measures(**value[1]))
    for name, measures in measured.items():
        terminalreporter.write_line(f"{name}: {measures.summary()}")
