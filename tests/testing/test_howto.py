"""The page about testing is right: every test on it runs, and passes."""

import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from engineio.testing import Client

PAGE = Path(__file__).parents[2] / "docs/howto/testing.md"
CODE = "\n".join(
    re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
)
NAMES = re.findall(r"^async def (test_\w+)", CODE, re.MULTILINE)


def test_there_are_tests_on_the_page() -> None:
    assert len(NAMES) == len(set(NAMES)) >= 6


@pytest.mark.parametrize("name", NAMES)
async def test_what_the_page_says(name: str) -> None:
    page: dict[str, Any] = {}
    exec(compile(CODE, PAGE, "exec"), page)
    if name == "test_echo":
        # On the page it comes before the application refuses strangers.
        page["eio"].on("connect", lambda sid: True)

    await page[name]()


def test_every_public_name_of_the_client_is_on_the_page() -> None:
    public = {name for name, _ in inspect.getmembers(Client) if not name.startswith("_")}
    text = PAGE.read_text("utf-8")

    assert {name for name in public if not re.search(rf"\b{name}\b", text)} == set()
