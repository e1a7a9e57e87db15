"""Under uvicorn, from its start to its stop signal."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engineio.testing import Client, LiveNetwork

APPLICATION = """
from contextlib import asynccontextmanager

from fastapi import FastAPI

from fastapi_engineio import EngineIO

eio = EngineIO()


@eio.on_disconnect
async def gone(sid, reason):
    print("gone:", reason.value, flush=True)


@asynccontextmanager
async def lifespan(app):
    print("started", flush=True)
    yield
    print("stopped", flush=True)


included = FastAPI(lifespan=lifespan)
included.include_router(eio)
mounting = FastAPI(lifespan=lifespan)
mounting.mount("/", eio)
"""


class Uvicorn:
    """An application in a process of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        (folder / "application.py").write_text(APPLICATION, "utf-8")
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.log = folder / "log"
        command = [sys.executable, "-m", "uvicorn", f"application:{name}", f"--port={self.port}"]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, "--log-level=warning"], cwd=folder, stdout=output, stderr=output
            )

    async def network(self) -> LiveNetwork:
        """Return the way to it, once it listens."""
        async with asyncio.timeout(20):
            while self.process.poll() is None:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return LiveNetwork("127.0.0.1", self.port)
        raise RuntimeError(self.log.read_text("utf-8"))


@pytest.fixture(params=["included", "mounting"])
def uvicorn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Uvicorn]:
    """The router in an application, and mounted, where its own lifespan never runs."""
    server = Uvicorn(tmp_path, request.param)
    yield server
    server.process.kill()
    server.process.wait()


@pytest.mark.parametrize("transport", ["polling", "websocket", "upgrade"])
async def test_a_stop_signal_ends_sessions_at_once(uvicorn: Uvicorn, transport: Any) -> None:
    """uvicorn itself would wait for a parked poll for ever, and close WebSockets with 1012."""
    async with Client(await uvicorn.network(), transport=transport) as client:
        await client.receive_nothing(0.2)
        uvicorn.process.terminate()
        await client.wait_closed()
        assert client.close_code == (None if transport == "polling" else 1001)
        await asyncio.to_thread(uvicorn.process.wait, 5)

    lines = uvicorn.log.read_text("utf-8").splitlines()
    assert lines == ["started", "gone: server shutdown", "stopped"]
