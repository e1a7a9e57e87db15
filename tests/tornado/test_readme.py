"""The package's README is right: its code runs, and its tests pass."""

import asyncio
import os
import re
import signal
import socket
import sys
import unittest
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import tornado.web

from engineio.config import ServerConfig
from engineio.testing import Client, ConnectionRejected, LiveNetwork
from tornado_engineio.pytest_plugin import Connect
from tornado_engineio.testing import EngineIOTestServer

PAGE = Path(__file__).parents[2] / "packages/tornado-engineio/README.md"
TEXT = PAGE.read_text("utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
ROUTES = {"pattern", "handler", "kwargs", "name", "eio", "path"}


@pytest.fixture
def page() -> dict[str, Any]:
    """What the code on the page defines."""
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile("\n".join(SNIPPETS), PAGE, "exec"), names)
    return names


async def test_the_tests_on_the_page(page: dict[str, Any], engineio_client: Connect) -> None:
    await page["test_only_who_has_logged_in"]()
    await page["test_echo"](engineio_client)


def test_the_test_case_on_the_page(page: dict[str, Any]) -> None:
    result = unittest.TestResult()
    page["ChatTest"]("test_chat").run(result)
    assert (result.testsRun, result.errors, result.failures) == (1, [], [])


async def test_the_handler_that_notifies(page: dict[str, Any]) -> None:
    async with EngineIOTestServer(page["make_app_with_push"]()) as server:
        client = await server.engineio_connect()
        await server.fetch("/notify", method="POST", body=urlencode({"text": "news"}))
        assert await client.receive() == "news"


async def test_the_handler_for_jupyter(page: dict[str, Any], transport: str) -> None:
    """In the place of Jupyter's a class that, like that, has a ``prepare`` of its own."""

    class JupyterHandler(tornado.web.RequestHandler):
        async def prepare(self) -> None:
            self.current_user = self.get_query_argument("token", None)
            if self.current_user is None:
                raise tornado.web.HTTPError(403)

    app = tornado.web.Application(page["jupyter_routes"](page["eio"], JupyterHandler))
    async with EngineIOTestServer(app) as server:
        with pytest.raises(ConnectionRejected, match="403"):
            await server.engineio_connect("/chat/engine.io/", transport=transport)
        query = {"token": "x", "name": "Ada"}
        client = await server.engineio_connect("/chat/engine.io/", transport=transport, query=query)
        await client.send("hello")
        assert await client.receive() == "Ada: hello"


async def test_the_program_runs_and_stops_as_it_is_told(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = tmp_path / "chat.py"
    assert ".listen(8888)" in SNIPPETS[0]
    program.write_text(SNIPPETS[0].replace("8888", f"{port}, '127.0.0.1'"), "utf-8")
    process = await asyncio.create_subprocess_exec(sys.executable, str(program), env=os.environ)
    try:
        client = Client(LiveNetwork("127.0.0.1", port), transport="websocket")
        async with asyncio.timeout(15):
            while True:
                try:
                    await client.connect()
                    break
                except ConnectionRejected:
                    client = Client(LiveNetwork("127.0.0.1", port), transport="websocket")
                    await asyncio.sleep(0.05)
            await client.send("hello")
            assert await client.receive() == "somebody: hello"
            process.send_signal(signal.SIGTERM)
            await client.wait_closed()
            assert client.close_code == 1001
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_every_option_in_the_table_is_one() -> None:
    table = TEXT.partition("## Configuration")[2].partition("[All options]")[0]
    rows = [row for row in table.splitlines() if row.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split(" | ")[0])}

    assert named - ROUTES <= set(ServerConfig.__dataclass_fields__)
    assert "ping_interval" in named
