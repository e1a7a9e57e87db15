"""Headless Chromium for tests: a process that a whole test session shares, and pages in it.

::

    @pytest.fixture(scope="session")
    def chromium() -> Iterator[Chromium]:
        with Chromium() as chromium:
            yield chromium

    @pytest.fixture
    async def browser(chromium: Chromium) -> AsyncIterator[Browser]:
        async with Browser(chromium) as browser:
            yield browser

    async def test_greeting(browser: Browser) -> None:
        page = await browser.open("http://127.0.0.1:8000/")
        await page.click("#greet")
        await page.wait_for("document.body.innerText.includes('hello')")

Every page is a person of its own: it shares no cookie, storage or cache with the others. What can
be done with a page is in `tests.support.page`. Nothing here may know what the pages show.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.devtools import BrowserError, DevTools
from tests.support.page import Asset, Page

__all__ = ["Asset", "Browser", "BrowserError", "Chromium", "Page"]

_COMMANDS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A container's /dev/shm is too small for large pages.
    "--disable-dev-shm-usage",
    # Several pages at once are several people in front of their screens, not background tabs.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    # `Page.serve` gives pages that come from no address: they may talk to the loopback address too.
    "--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets",
    "--remote-debugging-port=0",
)
_START_TIMEOUT = 60.0
_STOP_TIMEOUT = 10.0
_LOOK_AGAIN = 0.02


class Chromium:
    """The browser's process, with a profile of its own that is thrown away.

    Raises:
        RuntimeError: On entry, when no Chromium is installed or it does not start.
    """

    address: str
    """The WebSocket address of the DevTools protocol, once it runs."""

    def __enter__(self) -> Self:
        command = next(filter(None, map(shutil.which, _COMMANDS)), None)
        if command is None:
            raise RuntimeError("Chromium is missing: run scripts/setup, which installs it")
        self._profile = tempfile.TemporaryDirectory(
            prefix="engineio-chromium-", ignore_cleanup_errors=True
        )
        folder = Path(self._profile.name)
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [command, *_FLAGS, f"--user-data-dir={folder}", "about:blank"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own: none of its helpers outlives it.
                start_new_session=True,
            )
        try:
            self.address = self._wait_for_address(folder)
        except BaseException:
            self._stop()
            raise
        return self

    def _wait_for_address(self, folder: Path) -> str:
        told = folder / "DevToolsActivePort"
        deadline = time.monotonic() + _START_TIMEOUT
        while True:
            port, _, path = (told.read_text() if told.exists() else "").partition("\n")
            if path:
                return f"ws://127.0.0.1:{port}{path.strip()}"
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = (folder / "log").read_text(errors="replace")
                raise RuntimeError(f"Chromium does not start: {log}")
            time.sleep(_LOOK_AGAIN)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._profile.cleanup()


class Browser:
    """A test's connection to the browser; on exit the pages that it opened are gone."""

    def __init__(self, chromium: Chromium) -> None:
        self._chromium = chromium
        self._pages: list[Page] = []

    async def __aenter__(self) -> Self:
        self._devtools = await DevTools.open(self._chromium.address)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            for page in self._pages:
                if not page.is_closed:
                    await page.close()
        finally:
            await self._devtools.close()

    async def page(self) -> Page:
        """Return a new empty page of a new person."""
        created = await self._devtools.call("Target.createBrowserContext")
        person: str = created["browserContextId"]
        target = await self._devtools.call(
            "Target.createTarget", {"url": "about:blank", "browserContextId": person}
        )
        attached = await self._devtools.call(
            "Target.attachToTarget", {"targetId": target["targetId"], "flatten": True}
        )
        page = Page(self._devtools, attached["sessionId"], person)
        self._pages.append(page)
        await page.prepare()
        return page

    async def open(self, url: str) -> Page:
        """Return a new page of a new person that shows ``url``."""
        page = await self.page()
        await page.goto(url)
        return page
