"""A connection to a browser by the DevTools protocol: commands go out, answers and events come in.

Only the wire lives here; what a page can do is in `tests.support.browser`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from typing import Any, Self, TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

__all__ = ["BrowserError", "DevTools", "Listener"]

Listener: TypeAlias = Callable[[dict[str, Any]], None]
"""Called with an event's parameters."""

PATIENCE = 30.0
"""Seconds that a command may take, unless the caller says otherwise."""


class BrowserError(Exception):
    """The browser could not do what it was asked to do, or the page's script failed."""


class DevTools:
    """One connection, shared by the pages that were opened through it."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._listeners: dict[tuple[str | None, str], list[Listener]] = {}
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, address: str) -> Self:
        """Connect to the WebSocket address that the browser names."""
        # A screenshot is one message of any size; and no proxy stands between here and here.
        socket = await connect(
            address, max_size=None, ping_interval=None, compression=None, proxy=None
        )
        return cls(socket)

    async def close(self) -> None:
        """Leave the browser, which goes on running."""
        await self._socket.close()
        await self._reader

    async def call(
        self,
        method: str,
        parameters: dict[str, Any] | None = None,
        *,
        session: str | None = None,
        timeout: float = PATIENCE,
    ) -> dict[str, Any]:
        """Send a command and return its result.

        Raises:
            BrowserError: The browser refused, left, or did not answer within ``timeout`` seconds.
        """
        number = next(self._numbers)
        command: dict[str, Any] = {"id": number, "method": method, "params": parameters or {}}
        if session is not None:
            command["sessionId"] = session
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send(json.dumps(command))
            async with asyncio.timeout(timeout):
                return await answer
        except TimeoutError as error:
            raise BrowserError(f"{method}: no answer within {timeout} s") from error
        except ConnectionClosed as error:
            raise BrowserError(f"{method}: the browser has gone") from error
        finally:
            del self._answers[number]

    def listen(self, method: str, listener: Listener, *, session: str | None = None) -> None:
        """Call ``listener`` for every such event of a page, or of the browser."""
        self._listeners.setdefault((session, method), []).append(listener)

    def forget(self, session: str) -> None:
        """Call no listener of this page any more."""
        for key in [key for key in self._listeners if key[0] == session]:
            del self._listeners[key]

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                self._take(json.loads(text))
        except ConnectionClosed:
            # The browser died: whoever waits hears of it below.
            pass
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(BrowserError("the browser has gone"))

    def _take(self, message: dict[str, Any]) -> None:
        if "id" not in message:
            for listener in self._listeners.get((message.get("sessionId"), message["method"]), []):
                listener(message["params"])
            return
        answer = self._answers.get(message["id"])
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(BrowserError(str(message["error"])))
        else:
            answer.set_result(message["result"])
