"""What people see and do on the demo's page, in the words of the page."""

from __future__ import annotations

import json
from typing import Literal, TypeAlias

from tests.support.browser import Browser, Page

__all__ = ["Mode", "Person", "Room"]

Mode: TypeAlias = Literal["auto", "polling", "websocket"]
"""The choices of the page's transport control."""


DESKTOP = (1280, 800)


class Person:
    """Somebody with the page open."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def arrive(self) -> None:
        """Wait until the server has taken this person in."""
        await self.page.wait_for("!document.querySelector('#picture').disabled")

    async def name(self) -> str:
        name: str = await self.page.evaluate("document.querySelector('#name').value")
        return name

    async def rename(self, name: str) -> None:
        await self.page.evaluate("document.querySelector('#name').focus()")
        await self.page.evaluate("document.querySelector('#name').select()")
        await self.page.type(name)
        await self.page.press("Enter")

    async def write(self, text: str) -> None:
        """Write into the composer, without sending."""
        await self.page.evaluate("document.querySelector('#text').focus()")
        await self.page.type(text)

    async def say(self, text: str) -> None:
        await self.write(text)
        await self.page.press("Enter")

    async def choose_transport(self, mode: Mode) -> None:
        """Choose and wait until the server has taken this person in again."""
        await self.page.evaluate(f"document.querySelector('input[value={mode}]').click()")
        await self.arrive()

    async def sees_transport(self, transport: str) -> None:
        """Wait until the page says that this transport carries the connection."""
        await self.page.wait_for(f"document.documentElement.dataset.transport === '{transport}'")

    async def sees_stage(self, stage: str) -> None:
        """Wait until the connection is ``connecting``, ``open``, ``upgrading`` or ``waiting``."""
        await self.page.wait_for(f"document.documentElement.dataset.stage === '{stage}'")

    async def sees(self, text: str, *, within: str = "#log") -> None:
        """Wait until the text stands in that part of the page."""
        part = f"document.querySelector({json.dumps(within)})"
        await self.page.wait_for(f"{part}.textContent.includes({json.dumps(text)})")

    async def messages(self) -> list[str]:
        """Return the texts in the log, oldest first."""
        texts: list[str] = await self.page.evaluate(
            "[...document.querySelectorAll('#log .text')].map((text) => text.textContent)"
        )
        return texts


class Room:
    """The demo with the people who visit it during a test."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self._browser = browser
        self._people: list[Person] = []

    async def enter(self) -> Person:
        """Return a new person who has been taken in."""
        page = await self._browser.page()
        person = Person(page)
        self._people.append(person)
        await page.set_viewport(*DESKTOP)
        await page.goto(self.url)
        await person.arrive()
        return person

    def assert_no_errors(self) -> None:
        """Assert that no page has thrown or logged an error."""
        assert [error for person in self._people for error in person.page.errors] == []
