"""What waits costs next to nothing: no thread and no database connection for a parked poll."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest

from engineio.testing import Client, LiveNetwork
from tests.django.running import Program, run, serving

_SITE = "tests.django.site"
SERVERS = {
    "uvicorn": f"uvicorn --port={{port}} --log-level=warning {_SITE}.served:asgi",
    "gthread": f"gunicorn --threads=250 --bind=127.0.0.1:{{port}} {_SITE}.served:wsgi",
}
DATABASE = "site.sqlite3"
# Under WSGI each of them has a thread.
CLIENTS = {"uvicorn": 200, "gthread": 50}


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    """Under ASGI and WSGI."""
    return str(request.param)


@pytest.fixture(scope="module")
def program(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The project, with a database in a file."""
    folder = tmp_path_factory.mktemp(server)
    environment = {"TEST_DATABASE": str(folder / DATABASE)}
    run(f"django migrate --settings={_SITE}.settings", environment)
    with serving(SERVERS[server], environment, folder / "log") as program:
        yield program


def worker(program: Program) -> psutil.Process:
    """Return the process that serves: gunicorn has one around it."""
    process = psutil.Process(program.process.pid)
    children = process.children()
    return children[0] if children else process


def connections(program: Program) -> int:
    """Return how many connections to the database the process holds: each has the file open."""
    return sum(Path(each.path).name.startswith(DATABASE) for each in worker(program).open_files())


async def settled(program: Program) -> int:
    """Wait until all handlers are over; return how many threads there are."""
    threads = -1
    async with asyncio.timeout(60):
        while threads != (threads := worker(program).num_threads()) or connections(program):  # noqa: ASYNC110  # nothing tells
            # A worker that is idle for a second ends.
            await asyncio.sleep(1.2)
    return threads


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_clients_that_wait_hold_no_connection_and_under_asgi_no_thread(
    program: Program, server: str, transport: Any
) -> None:
    network = LiveNetwork("127.0.0.1", program.port)
    async with AsyncExitStack() as clients:

        async def connect() -> Client:
            return await clients.enter_async_context(Client(network, transport=transport))

        # The handlers for those who have just left may still write.
        await settled(program)
        first = await connect()
        before = await settled(program)
        for _ in range(CLIENTS[server] - 1):
            await connect()
        after = await settled(program)

        assert connections(program) == 0
        if server == "uvicorn":
            # The threads of the pool that runs plain handlers stay; none belongs to a session.
            assert after - before < CLIENTS[server] / 10
        # They are served all the same, and nothing is left of that.
        await first.send("hello")
        assert await first.receive() == "1 hello"
        await settled(program)
