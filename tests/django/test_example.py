"""The example in a real browser: people log in and talk, and what they said is in the database."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.django.running import Program, run, serving
from tests.support.browser import Browser, Chromium, Page
from tests.support.chat import keep_socket, see, upgraded

pytestmark = pytest.mark.interop

EXAMPLE = "examples.django_chat"
SERVERS = {
    # WSGI with WebSocket, as a developer runs it, and ASGI.
    "runserver": f"{EXAMPLE}.manage runserver --noreload {{port}}",
    "uvicorn": f"uvicorn --port={{port}} --log-level=warning {EXAMPLE}.asgi:application",
}


@pytest.fixture(params=SERVERS)
def program(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Program]:
    """The example, with a database of its own."""
    environment = {"CHAT_DATABASE": str(tmp_path / "chat.sqlite3")}
    run(f"{EXAMPLE}.manage migrate", environment)
    with serving(SERVERS[request.param], environment, tmp_path / "log") as program:
        yield program


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser for the people."""
    with Chromium() as chromium:
        async with Browser(chromium) as browser:
            yield browser


async def come_in(page: Page, name: str, password: str = "secret") -> None:
    """Log in as a person does."""
    await page.evaluate("document.querySelector('#login').reset()")
    for field, text in (("name", name), ("password", password)):
        await page.click(f"#login [name={field}]")
        await page.type(text)
    await page.press("Enter")


async def test_people_log_in_and_talk(program: Program, browser: Browser, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{program.port}/"
    ada = await browser.open(url)
    # Nobody gets in without a login.
    answer = "fetch('/engine.io/?EIO=4&transport=polling').then((answer) => answer.status)"
    assert await ada.evaluate(answer) == 403
    await come_in(ada, "Ada")
    await ada.wait_for("!document.querySelector('#say').hidden")
    bob = await browser.open(url)
    await keep_socket(bob)
    await come_in(bob, "Ada", "a guess")
    await see(bob, "this name has another password")
    await come_in(bob, "Bob")
    await see(ada, "Bob is here")

    await bob.click("#say [name=text]")
    await bob.type("<b>hello</b>")
    await bob.press("Enter")
    for page in (ada, bob):
        await see(page, "Bob: <b>hello</b>")

    # Who comes later sees what was said before.
    eve = await browser.open(url)
    await come_in(eve, "Eve")
    await see(eve, "Bob: <b>hello</b>")
    await upgraded(bob)
    await bob.close()
    await see(ada, "Bob has left")
    assert ada.errors == []
    with sqlite3.connect(tmp_path / "chat.sqlite3") as database:
        lines = database.execute("SELECT text FROM chat_message").fetchall()
    database.close()
    assert lines == [("<b>hello</b>",)]
