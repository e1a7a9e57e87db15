"""The example, as its README says, with people in front of real browsers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from engineio.testing import Client, ConnectionRejected, LiveNetwork
from tests.channels.processes import ROOT, environment, free_port, redis, serving, uvicorn
from tests.support.browser import Browser, Chromium, Page
from tests.support.chat import see

pytestmark = [pytest.mark.deploy, pytest.mark.interop]

APPLICATION = "examples.channels_chat.asgi:application"


def manage(*arguments: str) -> list[str]:
    """Return a command of the example."""
    return [sys.executable, "-m", "examples.channels_chat.manage", *arguments]


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Where the example keeps its data, after the README's second command."""
    env = {"CHAT_DATABASE": str(tmp_path / "chat.sqlite3")}
    subprocess.run(manage("migrate"), cwd=ROOT, env=environment(env), check=True)
    return env


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with Chromium() as chromium:
        yield chromium


@pytest.fixture
async def browser(chromium: Chromium) -> AsyncIterator[Browser]:
    async with Browser(chromium) as browser:
        yield browser


async def enter(browser: Browser, port: int, name: str, room: str) -> Page:
    """Let somebody come in."""
    page = await browser.open(f"http://127.0.0.1:{port}/rooms/{room}/")
    await page.click("input[name=name]")
    await page.type(name)
    await page.press("Enter")
    await page.wait_for(f"document.body?.innerText.includes('{name} is here')")
    await page.wait_for("document.body.dataset.transport === 'websocket'")
    return page


async def say(page: Page, text: str) -> None:
    """Let somebody say something."""
    await page.click("input[name=text]")
    await page.type(text)
    await page.press("Enter")


async def test_two_people_talk_in_a_room(
    browser: Browser, env: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    command = manage("runserver", "--noreload", f"127.0.0.1:{port}")
    with serving(command, port, tmp_path / "log", env):
        with pytest.raises(ConnectionRejected, match="403: b'\"log in first\"'"):
            await Client(LiveNetwork("127.0.0.1", port), path="/rooms/red/engine.io/").connect()
        ada = await enter(browser, port, "Ada", "red")
        bob = await enter(browser, port, "Bob", "red")
        eve = await enter(browser, port, "Eve", "blue")
        await see(ada, "* Bob is here")

        await say(bob, "<b>hello</b>")
        await say(eve, "elsewhere")
        for page in (ada, bob):
            await see(page, "Bob: <b>hello</b>")
        await see(eve, "Eve: elsewhere")

        await bob.close()
        await see(ada, "* Bob has left: transport close")
        seen = await ada.evaluate("document.querySelector('#lines').innerText")
        assert "elsewhere" not in seen
        assert ada.errors == eve.errors == []


async def test_two_processes_are_one_chat(
    browser: Browser, env: dict[str, str], tmp_path: Path
) -> None:
    ports = free_port(), free_port()
    with ExitStack() as servers:
        env["CHAT_REDIS"] = servers.enter_context(redis(tmp_path))
        for port in ports:
            servers.enter_context(serving(uvicorn(APPLICATION, port), port, tmp_path / "log", env))
        ada = await enter(browser, ports[0], "Ada", "red")
        bob = await enter(browser, ports[1], "Bob", "red")
        await see(ada, "* Bob is here")
        await say(ada, "hello")
        await see(bob, "Ada: hello")
