"""The package's README is right: its code runs, and its tests pass."""

import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from aiohttp_engineio.pytest_plugin import Connect
from aiohttp_engineio.testing import EngineIOTestClient
from engineio.config import ServerConfig

PAGE = Path(__file__).parents[2] / "packages/aiohttp-engineio/README.md"
TEXT = PAGE.read_text("utf-8")
CODE = "\n".join(re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))


@pytest.fixture
def page() -> dict[str, Any]:
    """What the code on the page defines."""
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(CODE, PAGE, "exec"), names)
    return names


async def test_the_tests_on_the_page(page: dict[str, Any], engineio_client: Connect) -> None:
    await page["test_chat"]()
    await page["test_echo"](engineio_client)


async def test_the_handler_that_notifies(page: dict[str, Any]) -> None:
    app = page["make_app"]()
    app.router.add_post("/notify", page["notify"])

    async with EngineIOTestClient(TestServer(app)) as http:
        client = await http.engineio_connect()
        await http.post("/notify", data="news")
        assert await client.receive() == "news"


def test_every_option_in_the_table_is_one() -> None:
    table = TEXT.partition("## Configuration")[2].partition("[All options]")[0]
    named = {
        name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split(" | ")[0])
    }

    assert named - {"path", "key", "setup", "app"} <= set(ServerConfig.__dataclass_fields__)
    assert "ping_interval" in named
