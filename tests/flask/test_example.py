"""The example: people log in and talk, over both transports, and in a real browser."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from engineio.testing import ConnectionRejected
from examples.flask_chat.app import create_app
from flask_engineio.pytest_plugin import Connect
from tests.flask.running import FlaskRun, flask_run
from tests.support.browser import Browser, Chromium
from tests.support.page import Page

ROOT = Path(__file__).parents[2]


def test_two_people_talk(engineio_client: Connect, transport: str) -> None:
    app = create_app()
    people = {name: app.test_client() for name in ("Ada", "Bob")}
    with pytest.raises(ConnectionRejected, match="401"):
        engineio_client(app, transport=transport)
    for name, http in people.items():
        http.post("/login", data={"name": name})

    ada = engineio_client(app, people["Ada"], transport=transport)
    bob = engineio_client(app, people["Bob"], transport=transport)
    while (line := ada.receive_json())["text"] != "Bob is here":
        assert line["text"] == "Ada is here"

    bob.send("<b>hello</b>")
    assert ada.receive_json() == {"from": "Bob", "text": "<b>hello</b>"}
    assert people["Ada"].post("/announce", data="closing time").get_json() == {"told": 2}
    assert ada.receive_json() == {"from": None, "text": "closing time"}
    bob.close()
    assert "Bob has left" in ada.receive_json()["text"]


def test_a_name_is_needed() -> None:
    assert create_app().test_client().post("/login", data={"name": " "}).status_code == 400


# -- in a browser ------------------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> Iterator[FlaskRun]:
    """The example, started as its README says."""
    app = "examples.flask_chat.app"
    assert f"flask --app {app} run" in (ROOT / "examples/flask_chat/README.md").read_text("utf-8")
    with flask_run(tmp_path, app=app, source=ROOT) as running:
        yield running
    assert "Traceback" not in (tmp_path / "log").read_text("utf-8")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    with Chromium() as chromium:
        async with Browser(chromium) as browser:
            yield browser


async def come_in(browser: Browser, url: str, name: str) -> Page:
    """Open the page as somebody, and log in."""
    page = await browser.open(url)
    await page.click("#login input")
    await page.type(name)
    await page.click("#login button")
    await page.wait_for("!document.querySelector('#say').hidden")
    return page


async def see(page: Page, text: str) -> None:
    """Wait until the page shows a line."""
    await page.wait_for(f"document.querySelector('#lines').innerText.includes({text!r})")


@pytest.mark.interop
async def test_two_people_in_a_browser(served: FlaskRun, browser: Browser) -> None:
    ada = await come_in(browser, served.url, "Ada")
    bob = await come_in(browser, served.url, "Bob")
    await see(ada, "* Bob is here")

    await bob.click("#say input")
    await bob.type("<b>hello</b>")
    await bob.press("Enter")
    for page in (ada, bob):
        await see(page, "Bob: <b>hello</b>")

    await bob.close()
    await see(ada, "* Bob has left")
    assert ada.errors == []
