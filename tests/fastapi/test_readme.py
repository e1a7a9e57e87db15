"""The package's README is right: its code runs, and its tests pass."""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from engineio.config import ServerConfig
from fastapi_engineio import EngineIO
from fastapi_engineio.pytest_plugin import Connect
from fastapi_engineio.testing import EngineIOTestClient
from tests.fastapi.refusals import refused

PAGE = Path(__file__).parents[2] / "packages/fastapi-engineio/README.md"
TEXT = PAGE.read_text("utf-8")
CODE = "\n".join(re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))


@pytest.fixture
def page() -> Iterator[dict[str, Any]]:
    """What the code on the page defines; a module, because pydantic looks for its names there."""
    module = sys.modules["page"] = ModuleType("page")
    exec(compile(CODE, PAGE, "exec"), module.__dict__)
    yield module.__dict__
    del sys.modules["page"]


async def test_the_tests_on_the_page(page: dict[str, Any], engineio_client: Connect) -> None:
    await page["test_chat"]()
    await page["test_no_stranger_gets_in"]()
    await page["test_a_session"](engineio_client)


async def test_who_may_come_in(page: dict[str, Any], transport: str) -> None:
    options = {"path": "/realtime/private/", "transport": transport}

    assert (await refused(page["app"], **options)).status == 401
    headers = {"Authorization": "Bearer guess"}
    assert (await refused(page["app"], headers=headers, **options)).status == 403
    headers = {"Authorization": "Bearer secret"}
    answer = await refused(page["app"], headers=headers, query={"limit": "0"}, **options)
    assert answer.status == 422


async def test_messages_and_path_operations(page: dict[str, Any]) -> None:
    async with EngineIOTestClient(page["app"]) as http:
        client = await http.engineio_connect()
        await client.send("{}")
        assert (await client.receive_json())["errors"][0]["loc"] == ["text"]
        assert page["app"].state.invalid == 1

        await http.post(f"/push/{client.sid}", params={"text": "news"})
        assert await client.receive_json() == {"pushed": "news"}


def test_every_option_in_the_table_is_one() -> None:
    table = TEXT.partition("## Configuration")[2].partition("[All options]")[0]
    rows = [row for row in table.splitlines() if row.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split(" | ")[0])}
    own = set(inspect.signature(EngineIO).parameters) - {"options"}

    assert own <= named
    assert named - own <= set(ServerConfig.__dataclass_fields__)
