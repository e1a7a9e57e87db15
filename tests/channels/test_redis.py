"""Two processes, a client at each, and a real Redis between them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

import pytest

from engineio.testing import Client, ConnectionRejected, LiveNetwork
from tests.channels.processes import free_port, redis, serving, uvicorn

pytestmark = pytest.mark.deploy


async def test_a_group_message_reaches_the_clients_of_both_processes(tmp_path: Path) -> None:
    ports = [free_port(), free_port()]
    with ExitStack() as servers:
        env = {"REDIS_URL": servers.enter_context(redis(tmp_path))}
        processes = [
            servers.enter_context(
                serving(
                    uvicorn("tests.channels.redis_app:app", port), port, tmp_path / f"{port}", env
                )
            )
            for port in ports
        ]
        async with AsyncExitStack() as stack:
            clients = []
            for port in ports:
                for transport in ("polling", "websocket"):
                    client = Client(LiveNetwork("127.0.0.1", port), transport=transport)
                    clients.append((port, await stack.enter_async_context(client)))
            pids = dict(zip(ports, (process.pid for process in processes), strict=True))

            for number, (port, speaker) in enumerate(clients):
                await speaker.send(f"line {number}")
                heard = await asyncio.gather(*(one.receive_json() for _, one in clients))
                assert heard == [
                    {"text": f"line {number}", "from": pids[port], "to": pids[at]}
                    for at, _ in clients
                ]

    for port in ports:
        log = (tmp_path / f"{port}").read_text()
        assert "Traceback" not in log, log


async def test_a_redis_that_goes_away_ends_the_sessions(tmp_path: Path) -> None:
    """Nobody is left connected to a chat in which nothing is heard any more."""
    port = free_port()
    with ExitStack() as around:
        database = ExitStack()
        env = {"REDIS_URL": database.enter_context(redis(tmp_path))}
        command: Any = uvicorn("tests.channels.redis_app:app", port)
        around.enter_context(serving(command, port, tmp_path / "log", env))
        async with Client(LiveNetwork("127.0.0.1", port), transport="websocket") as client:
            await client.send("hello")
            assert (await client.receive_json())["text"] == "hello"
            database.close()
            await client.wait_closed(20)
            assert client.close_code is not None
        with pytest.raises(ConnectionRejected, match="503"):
            await Client(LiveNetwork("127.0.0.1", port)).connect()
    # There may be thousands of clients, and it is no fault of the application.
    log = (tmp_path / "log").read_text()
    assert "the channel layer is gone" in log
    assert "Traceback" not in log
