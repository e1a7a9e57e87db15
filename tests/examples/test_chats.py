"""The chats that need no database, started as their READMEs say, in a real browser."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.conformance.harness.program import ROOT, Program
from tests.support.browser import Browser, Chromium
from tests.support.chat import keep_socket, see, upgraded
from tests.support.page import Page

pytestmark = pytest.mark.interop

EXAMPLES = ROOT / "examples"
COMMANDS = {
    "aiohttp_chat": ("python -m examples.aiohttp_chat.app", ()),
    "fastapi_chat": ("uvicorn examples.fastapi_chat.app:app", ("--port", "{port}")),
    "flask_chat": ("flask --app examples.flask_chat.app run", ("--port", "{port}")),
    "sanic_chat": ("python -m examples.sanic_chat.app", ()),
    "tornado_chat": ("python -m examples.tornado_chat.app", ()),
}
"""What the README says, and what a test has to add to it."""


@pytest.fixture(params=COMMANDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Start the example and return the address of its page."""
    command, more = COMMANDS[request.param]
    assert f"    {command} " in (EXAMPLES / request.param / "README.md").read_text("utf-8")
    words = command.removeprefix("python -m ").split()
    program = Program((sys.executable, "-m", *words, *more), tmp_path / "log")
    yield f"http://{program.start()}/"
    assert program.stop().seconds < 7
    assert "Traceback" not in program.log()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    with Chromium() as chromium:
        async with Browser(chromium) as browser:
            yield browser


async def come_in(browser: Browser, url: str, name: str) -> Page:
    """Open the page as somebody, and log in."""
    page = await browser.open(url)
    await keep_socket(page)
    await page.click("#login input")
    await page.type(name)
    await page.press("Enter")
    await page.wait_for("!document.querySelector('#say').hidden")
    await upgraded(page)
    return page


async def test_two_people_talk(url: str, browser: Browser) -> None:
    ada = await come_in(browser, url, "Ada")
    bob = await come_in(browser, url, "Bob")
    await see(ada, "* Bob is here")

    await bob.click("#say input")
    await bob.type("<b>hello</b>")
    await bob.press("Enter")
    for page in (ada, bob):
        await see(page, "Bob: <b>hello</b>")

    await bob.close()
    await see(ada, "* Bob has left")
    assert ada.errors == []
