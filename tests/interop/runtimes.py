"""Where the official clients run: in Node.js and in a page of Chromium, both by `play`.

The scenarios are written once, in ``client/``. Nothing here may know what a scenario does.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urljoin

from tests.support.browser import Asset, Browser, BrowserError

__all__ = ["ChromiumRuntime", "Client", "NodeRuntime", "Order", "Runtime", "ScenarioError"]

_FOLDER = Path(__file__).parent
_SCENARIOS = _FOLDER / "client"
_PACKAGES = _FOLDER / "node_modules"
_PAGE = "/official-client/"
_PATIENCE = 120.0
"""Seconds that a whole scenario may take; its own waits are shorter and say more."""


class Client(StrEnum):
    """An official client, by the name of its npm package."""

    V4 = "engine.io-client"
    V3 = "engine.io-client-v3"

    @property
    def revision(self) -> int:
        """The protocol revision that it speaks."""
        return {Client.V4: 4, Client.V3: 3}[self]

    @property
    def bundle(self) -> Path:
        """The file that it ships for browsers."""
        name = {Client.V4: "dist/engine.io.js", Client.V3: "engine.io.js"}[self]
        return _PACKAGES / self.value / name


@dataclass(frozen=True, slots=True)
class Order:
    """What a client is asked to do.

    Attributes:
        client: Which client.
        scenario: The scenario's name in ``client/scenarios.js``.
        url: The server's address.
        options: The options that the client is created with.
        args: The scenario's own arguments.
    """

    client: Client
    scenario: str
    url: str
    options: Mapping[str, Any]
    args: Mapping[str, Any]


class ScenarioError(AssertionError):
    """A client could not play its scenario; the text is what it said."""


class Runtime(Protocol):
    """Where a client runs."""

    async def play(self, order: Order) -> Any:
        """Play a scenario and return its result.

        Raises:
            ScenarioError: The scenario threw, or did not come to an end.
        """


class NodeRuntime:
    """Node.js: a process of its own for each scenario.

    Raises:
        RuntimeError: Node.js or the npm packages are missing.
    """

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None:
            raise RuntimeError("Node.js is missing: run scripts/setup, which installs it")
        _check_packages()
        self._command = (node, str(_SCENARIOS / "node.js"))

    async def play(self, order: Order) -> Any:
        """Play a scenario and return its result."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                output, errors = await process.communicate(json.dumps(asdict(order)).encode())
        except TimeoutError as error:
            raise ScenarioError(f"{order.scenario}: no end after {_PATIENCE} s") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise ScenarioError(errors.decode(errors="replace"))
        return json.loads(output)


class ChromiumRuntime:
    """A page for each scenario, which loads the client's own bundle for browsers.

    Args:
        browser: Where the page is opened.
        origin: Whose page it is; without one it is the server's own.

    Raises:
        RuntimeError: The npm packages are missing.
    """

    def __init__(self, browser: Browser, origin: str | None = None) -> None:
        _check_packages()
        self._browser = browser
        self._origin = origin

    async def play(self, order: Order) -> Any:
        """Play a scenario and return its result."""
        page = await self._browser.page()
        try:
            await page.serve(_assets(order.client), under=_PAGE)
            await page.goto(urljoin(self._origin or order.url, f"{_PAGE}page.html"))
            try:
                result = await page.call("(order) => play(order)", asdict(order), timeout=_PATIENCE)
            except BrowserError as error:
                raise ScenarioError(str(error)) from error
            assert not page.errors, page.errors
            return result
        finally:
            await page.close()


def _assets(client: Client) -> dict[str, Asset]:
    """Return the page and what it loads, as a user's site would serve them."""
    scripts = {file.name: file for file in _SCENARIOS.glob("*.js")}
    scripts["engine.io.js"] = client.bundle
    page = Asset("text/html", (_SCENARIOS / "page.html").read_bytes())
    return {f"{_PAGE}page.html": page} | {
        f"{_PAGE}{name}": Asset("text/javascript", file.read_bytes())
        for name, file in scripts.items()
    }


def _check_packages() -> None:
    missing = [client.value for client in Client if not client.bundle.exists()]
    if missing:
        raise RuntimeError(f"npm packages are missing ({', '.join(missing)}): run scripts/setup")
