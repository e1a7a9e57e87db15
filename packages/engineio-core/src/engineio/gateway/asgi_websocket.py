"""The WebSocket half of the ASGI gateway: one connection as a port of the asyncio shell.

Nothing here decides anything about the protocol. What differs between ASGI servers and matters here
is written where it matters.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from types import CoroutineType
from typing import Any

from ..aio.driver import Driver
from ..aio.port import WebSocketPort
from ..aio.stream_port import StreamPort
from ..http.response import Response
from ..types import Data
from .asgi_scope import GONE, STREAM_EXTENSION, Event, Receive, Scope, Send, raw_headers, request_of

__all__ = ["deny", "serve_websocket"]

logger = logging.getLogger(__name__)

# RFC 6455 section 7.4.1: "1000 indicates a normal closure".
_NORMAL = 1000
# RFC 6455 section 7.4.1: "an unexpected condition that prevented it from fulfilling the request".
_FAILED = 1011

# Servers whose own `send` asks nowhere in which task it runs, so that its first step may be taken
# in any. What an application wraps around it may well ask, for a timeout for example.
_TASKLESS = ("uvicorn.protocols.websockets.",)


async def serve_websocket(driver: Driver, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket until it is gone."""
    if (await receive())["type"] != "websocket.connect":
        return
    extension = (scope.get("extensions") or {}).get(STREAM_EXTENSION)
    port: _ASGIWebSocket | StreamPort
    if extension is None:
        port = _ASGIWebSocket(driver, send)
    else:
        port = StreamPort(driver)
        extension["take_over"](port, port.limit)
    try:
        decision = await driver.websocket(request_of(scope), port)
    except asyncio.CancelledError:
        if not port.aborted:
            raise
        return
    if isinstance(decision, Response):
        # Some servers raise where the client did not wait for its answer.
        with suppress(*GONE):
            await deny(scope, send, decision)
        return
    try:
        await send({"type": "websocket.accept", "headers": [*raw_headers(decision)]})
    except BaseException as error:
        driver.closed(port, None, "the client left during the handshake")
        if not (port.aborted or isinstance(error, GONE)):
            raise
        return
    if isinstance(port, StreamPort):
        await port.gone()
    else:
        port.accepted()
        await port.read(receive)


async def deny(scope: Scope, send: Send, response: Response) -> None:
    """Refuse a WebSocket, with the response where the server can send one.

    A server that cannot answers 403; daphne would hang if it were sent the response anyway.
    """
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [*raw_headers(response.headers), (b"content-length", b"%d" % len(response.body))]
    status = {"status": response.status, "headers": headers}
    await send({"type": "websocket.http.response.start", **status})
    await send({"type": "websocket.http.response.body", "body": response.body})
    # uvicorn takes an application that returns before its next turn for one that answered nothing,
    # and logs an error for each client that was refused.
    await asyncio.sleep(0)


class _ASGIWebSocket(WebSocketPort):
    """One WebSocket connection.

    A ``send`` that the server takes at once is done when `write` returns; one that has to wait goes
    on in a task, and the engine hears of it through `Driver.drained`.

    Attributes:
        aborted: Whether `abort` has cancelled the task that serves the connection.
    """

    __slots__ = (
        "_closing",
        "_driver",
        "_held",
        "_interruption",
        "_is_taskless",
        "_pending",
        "_send",
        "_task",
        "_writing",
        "aborted",
    )

    def __init__(self, driver: Driver, send: Send) -> None:
        super().__init__()
        self._driver = driver
        self._send = send
        self._is_taskless = (getattr(send, "__module__", None) or "").startswith(_TASKLESS)
        self._pending: Sequence[Data] = ()
        # Nothing may be sent before the accept, and nothing but `read` may be interrupted.
        self._writing = True
        self._closing: Event | None = None
        self._held = True
        self._interruption: asyncio.Future[None] | None = None
        self.aborted = False
        self._task = asyncio.current_task()

    def accepted(self) -> None:
        """Take note that the accept is out, and so whatever waited for it may follow."""
        self._writing = self._held = False
        if self._closing is None:
            self._driver.accepted(self)
        else:
            self._close(self._closing)

    async def read(self, receive: Receive) -> None:
        """Pass on what arrives until the connection is gone."""
        received, port = self._driver.received, self
        try:
            while True:
                try:
                    event = await receive()
                    if event["type"] != "websocket.receive":
                        break
                    data = event.get("text")
                    wait = received(port, event["bytes"] if data is None else data)
                    if wait is not None:
                        self._held = True
                        await wait
                        self._held = False
                except asyncio.CancelledError:
                    self._held = False
                    if not await self._let_close_out():
                        raise
        except BaseException:
            self._driver.closed(self, None, "the server cancelled the connection")
            if not self.aborted:
                raise
            # It was `abort` that cancelled this task: returning is what drops the connection.
            return
        # Whatever the server does in this task from now on is not ours to cancel.
        self._task = None
        code = event.get("code")
        # Servers give an enum, a plain int, or for some kinds of loss nothing.
        self._driver.closed(self, None if code is None else int(code), event.get("reason") or "")

    def write(self, frames: Sequence[Data]) -> bool:
        """Send messages; False if one of them, and so the rest, has to wait."""
        for index, frame in enumerate(frames):
            if not self.write_one(frame):
                self._pending = frames[index + 1 :]
                return False
        return True

    def write_one(self, frame: Data) -> bool:
        """Send one message; False if it has to wait."""
        kind = "text" if isinstance(frame, str) else "bytes"
        sending: Any = self._send({"type": "websocket.send", kind: frame})
        try:
            if self._is_taskless:
                waiting = sending.send(None)
                self._driver.runner.go_on(sending, waiting, self._written)
                is_out = False
            else:
                is_out = self._start(sending, self._written)
        except StopIteration:
            is_out = True
        except Exception as error:  # whatever a middleware raises, others go on
            if not isinstance(error, GONE):
                logger.error("a WebSocket message could not be sent", exc_info=error)
            # Soon and not now: the engine must first hear that this frame is not out, or it would
            # not count as undelivered.
            asyncio.get_running_loop().call_soon(self._lost, error)
            is_out = False
        self._writing = not is_out
        return is_out

    def hang_up(self, code: int, reason: str) -> None:
        """Send the close frame, after what is being written."""
        self._closing = {"type": "websocket.close", "code": code, "reason": reason}
        if not self._writing:
            self._close(self._closing)

    def abort(self) -> None:
        """End the task that serves the connection, and with it the connection."""
        self.aborted = True
        if self._task is not None:
            self._task.cancel()

    def _start(self, sending: Any, finished: Callable[[BaseException | None], None]) -> bool:
        if type(sending) is not CoroutineType:
            sending = _awaiting(sending)
        return self._driver.runner.start(sending, finished)

    def _written(self, error: BaseException | None) -> None:
        self._writing = False
        if error is not None:
            self._lost(error)
            if not isinstance(error, (*GONE, asyncio.CancelledError)):
                raise error
            return
        if not self.write(self._pending):
            return
        self._pending = ()
        if self._closing is not None:
            self._close(self._closing)
        else:
            self._driver.drained(self)

    def _close(self, event: Event) -> None:
        try:
            is_out = self._start(self._send(event), self._closed)
        except GONE as error:
            self._lost(error)
            return
        except Exception:
            # daphne raises here: it lets applications close with 1000 and 3000 to 4999 only.
            if event["code"] == _NORMAL:
                raise
            self._close({**event, "code": _NORMAL})
            return
        if not is_out and not self._held and self._task is not None:
            # granian sends no close while a `receive` waits, so that has to end first.
            self._interruption = asyncio.get_running_loop().create_future()
            self._task.cancel()

    async def _let_close_out(self) -> bool:
        """Return True when the close is out, or False if it was not that which interrupted."""
        interruption = self._interruption
        if interruption is None or self._task is None or self._task.uncancel():
            return False
        await interruption
        self._interruption = None
        return True

    def _closed(self, error: BaseException | None) -> None:
        """The close frame is out, or the connection was gone: `read` hears of either."""
        if self._interruption is not None and not self._interruption.done():
            self._interruption.set_result(None)

    def _lost(self, error: BaseException) -> None:
        self._driver.closed(self, None, f"the connection broke while writing: {error}")
        if self._closing is None:
            # It need not be the client that has gone: daphne raises for a message over its limit.
            self._closing = {"type": "websocket.close", "code": _FAILED, "reason": ""}
            # The engine does not know of this close, and so sets it no deadline.
            timeout = self._driver.engine.config.close_timeout
            asyncio.get_running_loop().call_later(timeout, self.abort)
            self._close(self._closing)
        else:
            self.abort()


async def _awaiting(awaitable: Awaitable[None]) -> None:
    """Make a coroutine of what a server that is not written in Python returns."""
    await awaitable
