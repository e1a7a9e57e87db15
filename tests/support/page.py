"""One page of the browser: what a test can do with it and see of it.

`tests.support.browser` opens pages; nothing here may know what they show.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests.support.devtools import PATIENCE, BrowserError, DevTools, Listener

__all__ = ["Asset", "Page"]

_LOOK_AGAIN = 0.02

_DROP = """(selector, name, type, encoded) => {
  const target = document.querySelector(selector);
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type }));
  for (const event of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(
      new DragEvent(event, { bubbles: true, cancelable: true, composed: true, dataTransfer }),
    );
  }
}"""
_CENTRE = """(selector) => {
  const target = document.querySelector(selector);
  target.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  const box = target.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
}"""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that the browser is given in place of an answer from the network."""

    media_type: str
    content: bytes


class Page:
    """One page: what a test can do with it and see of it.

    Use `Browser.page` or `Browser.open` to get one.
    """

    def __init__(self, devtools: DevTools, session: str, person: str) -> None:
        self.errors: list[str] = []
        """Uncaught exceptions and what the page wrote with ``console.error``, as text."""
        self.is_closed = False
        """Whether the test has closed it."""
        self._devtools = devtools
        self._session = session
        self._person = person
        self._loaded = asyncio.Event()
        self._assets: dict[str, Asset] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def prepare(self) -> None:
        """Start listening to the page; done by `Browser.page`."""
        self._listen("Page.loadEventFired", lambda _: self._loaded.set())
        self._listen("Runtime.exceptionThrown", self._on_exception)
        self._listen("Runtime.consoleAPICalled", self._on_console)
        self._listen("Fetch.requestPaused", self._on_request)
        await self._call("Page.enable")
        await self._call("Runtime.enable")
        # The page behaves as if it were in front, whatever other pages do.
        await self._call("Emulation.setFocusEmulationEnabled", {"enabled": True})

    async def close(self) -> None:
        """Close the page as a person closes the window; its cookies and connections go with it."""
        self._devtools.forget(self._session)
        await self._devtools.call(
            "Target.disposeBrowserContext", {"browserContextId": self._person}
        )
        self.is_closed = True

    # Where it is.

    async def goto(self, url: str, *, timeout: float = PATIENCE) -> None:
        """Show ``url`` and wait for its ``load`` event, at most ``timeout`` seconds.

        Raises:
            BrowserError: It cannot be loaded, or not in time.
        """
        self._loaded.clear()
        answer = await self._call("Page.navigate", {"url": url})
        if "errorText" in answer:
            raise BrowserError(f"{url}: {answer['errorText']}")
        await self._wait_for_load(url, timeout)

    async def reload(self, *, timeout: float = PATIENCE) -> None:
        """Load the page again and wait for its ``load`` event."""
        self._loaded.clear()
        await self._call("Page.reload")
        await self._wait_for_load("reload", timeout)

    async def _wait_for_load(self, what: str, timeout: float) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._loaded.wait()
        except TimeoutError as error:
            raise BrowserError(f"{what}: not loaded within {timeout} s") from error

    async def serve(self, assets: Mapping[str, Asset], *, under: str) -> None:
        """Answer requests for the paths in ``assets`` here, on whatever host the page asks.

        Args:
            assets: The files by their path.
            under: What all of the paths begin with; nothing else is touched.
        """
        self._assets.update(assets)
        await self._call("Fetch.enable", {"patterns": [{"urlPattern": f"http://*{under}*"}]})

    # What it runs.

    async def evaluate(self, expression: str, *, timeout: float = PATIENCE) -> Any:
        """Return the value of a JavaScript expression, awaited if it is a promise, as JSON.

        Raises:
            BrowserError: It throws, or takes longer than ``timeout`` seconds.
        """
        answer = await self._call(
            "Runtime.evaluate",
            {
                "expression": expression,
                "awaitPromise": True,
                "returnByValue": True,
                "userGesture": True,
            },
            timeout=timeout,
        )
        if "exceptionDetails" in answer:
            raise BrowserError(_told(answer["exceptionDetails"]))
        return answer["result"].get("value")

    async def call(self, function: str, *arguments: Any, timeout: float = PATIENCE) -> Any:
        """Call a JavaScript function expression with JSON values and return its result."""
        values = ", ".join(map(json.dumps, arguments))
        return await self.evaluate(f"({function})({values})", timeout=timeout)

    async def wait_for(self, expression: str, *, timeout: float = 10.0) -> Any:
        """Evaluate the expression again and again until it is true, and return its value.

        Raises:
            BrowserError: It is still false after ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        while not (value := await self.evaluate(expression)):
            if time.monotonic() > deadline:
                raise BrowserError(
                    f"still false after {timeout} s: {expression}; page errors: {self.errors}"
                )
            await asyncio.sleep(_LOOK_AGAIN)
        return value

    # What a person does.

    async def click(self, selector: str) -> None:
        """Click in the middle of the first element that ``selector`` finds."""
        x, y = await self.call(_CENTRE, selector)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            await self._call(
                "Input.dispatchMouseEvent",
                {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1},
            )

    async def type(self, text: str) -> None:
        """Write ``text`` where the focus is."""
        await self._call("Input.insertText", {"text": text})

    async def press(self, key: Literal["Enter", "Escape", "Tab"]) -> None:
        """Press and release a key."""
        code = {"Enter": 13, "Escape": 27, "Tab": 9}[key]
        event = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        text = {"text": "\r"} if key == "Enter" else {}
        await self._call("Input.dispatchKeyEvent", {"type": "keyDown", **event, **text})
        await self._call("Input.dispatchKeyEvent", {"type": "keyUp", **event})

    async def drop_file(self, selector: str, name: str, media_type: str, content: bytes) -> None:
        """Drop a file onto the first element that ``selector`` finds."""
        await self.call(_DROP, selector, name, media_type, base64.b64encode(content).decode())

    # What it looks like.

    async def set_viewport(
        self, width: int, height: int, *, scale: float = 1, mobile: bool = False
    ) -> None:
        """Give the page a screen of so many CSS pixels, with ``scale`` device pixels each."""
        await self._call(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile},
        )

    async def set_color_scheme(self, scheme: Literal["light", "dark"]) -> None:
        """Set what ``prefers-color-scheme`` says."""
        await self._call(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )

    async def screenshot(self, path: Path, *, full_page: bool = False) -> None:
        """Write a PNG of what is visible, or of the whole page."""
        answer = await self._call(
            "Page.captureScreenshot", {"format": "png", "captureBeyondViewport": full_page}
        )
        path.write_bytes(base64.b64decode(answer["data"]))

    # Inside.

    async def _call(
        self,
        method: str,
        parameters: dict[str, Any] | None = None,
        *,
        timeout: float = PATIENCE,
    ) -> dict[str, Any]:
        return await self._devtools.call(method, parameters, session=self._session, timeout=timeout)

    def _listen(self, method: str, listener: Listener) -> None:
        self._devtools.listen(method, listener, session=self._session)

    def _on_exception(self, event: dict[str, Any]) -> None:
        self.errors.append(_told(event["exceptionDetails"]))

    def _on_console(self, event: dict[str, Any]) -> None:
        if event["type"] in {"error", "assert"}:
            parts = [part.get("description", part.get("value")) for part in event["args"]]
            self.errors.append(" ".join(map(str, parts)))

    def _on_request(self, event: dict[str, Any]) -> None:
        task = asyncio.create_task(self._answer(event["requestId"], event["request"]["url"]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: str, url: str) -> None:
        path = "/" + url.split("//", 1)[1].partition("/")[2].partition("?")[0]
        asset = self._assets.get(path)
        if asset is None:
            await self._call("Fetch.continueRequest", {"requestId": request})
            return
        await self._call(
            "Fetch.fulfillRequest",
            {
                "requestId": request,
                "responseCode": 200,
                "responseHeaders": [{"name": "Content-Type", "value": asset.media_type}],
                "body": base64.b64encode(asset.content).decode(),
            },
        )


def _told(details: dict[str, Any]) -> str:
    """Return what the browser says about an exception."""
    told: str = details.get("exception", {}).get("description", details["text"])
    return told
