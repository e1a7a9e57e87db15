"""The page fits a phone and a desktop, in light and dark, and works without a mouse."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from tests.demo.picture import noisy_png
from tests.demo.room import Person, Room

pytestmark = pytest.mark.interop

PHONE = 800
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
PEOPLE = "document.querySelector('#people')"
LOG = "document.querySelector('#log')"
LONG = "https://example.org/" + "a-path-without-any-break/" * 12
FOCUSED = (
    "(document.activeElement.value || document.activeElement.id || document.activeElement.href)"
)


@pytest.mark.parametrize(("width", "height"), [(360, 740), (820, 1180), (1280, 800)])
async def test_nothing_overflows(room: Room, width: int, height: int, tmp_path: Path) -> None:
    ada, ben = await room.enter(), await room.enter()
    await ada.page.set_viewport(width, height, scale=2, mobile=width < 500)
    await ben.rename("W" * 24)
    await ben.say(LONG)
    await ben.page.drop_file("#log", "noise.png", "image/png", noisy_png(900, 600))
    await ada.page.wait_for("document.querySelector('.picture img')?.naturalWidth > 0")
    await ada.say("An answer")
    await ada.sees("An answer")
    backgrounds = set()
    for scheme in SCHEMES:
        await ada.page.set_color_scheme(scheme)
        backgrounds.add(await ada.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        await assert_fits(ada, width, height)
        await ada.page.screenshot(tmp_path / f"{scheme}.png")
    assert len(backgrounds) == 2
    if width < PHONE:
        await ada.page.click("#toggle")
        await ada.sees("W" * 24, within="#people")
        await ada.page.wait_for(f"{PEOPLE}.getBoundingClientRect().height > 0")
        await assert_fits(ada, width, height)
        await ada.page.screenshot(tmp_path / "details.png")


async def assert_fits(person: Person, width: int, height: int) -> None:
    """Assert that nothing is wider than the window and that the composer is inside it."""
    page = person.page
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    wide = "[...document.querySelectorAll('body *')].filter((it) => it.checkVisibility()"
    wide += f" && it.getBoundingClientRect().right > {width} + 0.5).map((it) => it.outerHTML)"
    assert await page.evaluate(wide) == []
    assert await page.evaluate(f"{LOG}.scrollWidth <= {LOG}.clientWidth")
    # The newest message is in view.
    await page.wait_for(f"{LOG}.scrollHeight - {LOG}.scrollTop - {LOG}.clientHeight < 2")
    bottom = await page.evaluate("document.querySelector('#send').getBoundingClientRect().bottom")
    assert height - 40 < bottom <= height


async def test_everything_can_be_reached_and_done_by_keyboard(room: Room) -> None:
    ada, ben = await room.enter(), await room.enter()
    await ben.say("something to scroll to")
    await ada.sees("something to scroll to")
    await ada.page.evaluate("document.activeElement.blur()")
    reached = []
    for _ in range(5):
        await ada.page.press("Tab")
        reached.append(await ada.page.evaluate(FOCUSED))
    assert reached == ["auto", await ada.name(), "log", "picture", "text"]
    await ada.page.type("sent without a mouse")
    await ada.page.press("Enter")
    await ben.sees("sent without a mouse")


async def test_every_control_has_a_name(room: Room) -> None:
    ada = await room.enter()
    unnamed = """[...document.querySelectorAll("button, input:not([type=file]), textarea")].filter(
      (it) => !(it.ariaLabel || it.textContent.trim() || it.labels?.[0]?.textContent.trim()))
      .map((it) => it.outerHTML)"""
    assert await ada.page.evaluate(unnamed) == []
