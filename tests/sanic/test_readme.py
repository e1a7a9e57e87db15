"""The package's README is right: its code runs, and its tests pass."""

import re
from pathlib import Path
from typing import Any

import pytest
from sanic import Sanic

from engineio.config import ServerConfig
from engineio.testing import ConnectionRejected
from sanic_engineio.pytest_plugin import Connect
from sanic_engineio.testing import EngineIOTestClient

PAGE = Path(__file__).parents[2] / "packages/sanic-engineio/README.md"
TEXT = PAGE.read_text("utf-8")
CODE = "\n".join(re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the code on the page defines."""
    # Each test runs it once more, and Sanic would miss a name of its own.
    monkeypatch.setattr(Sanic, "test_mode", True)
    names: dict[str, Any] = {"__name__": "page"}
    # Under no name of a file: Sanic would look for the source of handlers there.
    exec(compile(CODE, "<page>", "exec"), names)
    return names


async def test_the_tests_on_the_page(page: dict[str, Any], engineio_client: Connect) -> None:
    await page["test_chat"]()
    await page["test_echo"](engineio_client)


async def test_the_handler_that_notifies(page: dict[str, Any]) -> None:
    async with EngineIOTestClient(page["app"]) as http:
        client = await http.engineio_connect()
        await http.request("POST", "/notify", b"news")
        assert await client.receive() == "news"


async def test_the_other_applications(page: dict[str, Any], engineio_client: Connect) -> None:
    async with engineio_client(page["make_api"]("api"), "/v1/realtime/live/"):
        pass
    with pytest.raises(ConnectionRejected, match="401: b'log in first'"):
        async with engineio_client(page["make_private_app"]("private")):
            pass


def test_every_option_in_the_table_is_one() -> None:
    table = TEXT.partition("## Configuration")[2].partition("[All options]")[0]
    named = {
        name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split(" | ")[0])
    }

    assert named - {"path", "name"} - {"EngineIO"} <= set(ServerConfig.__dataclass_fields__)
    assert "ping_interval" in named
