"""aiohttp's WebSocket as it is wanted here: its options, and messages without a detour.

The only module that touches what aiohttp keeps to itself. aiohttp queues each message, and a future
wakes the task that reads; that costs more than half of an echo (measured). Here a message that
nothing has to wait for is passed on as soon as it is parsed, and all others go the long way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, cast

from aiohttp import WSMessage, WSMsgType, web
from aiohttp._websocket.reader import WebSocketDataQueue
from aiohttp.http import WebSocketReader, WebSocketWriter

from engineio import Data

__all__ = ["Inlet", "WebSocketResponse", "websocket_for"]

Received: TypeAlias = Callable[[Data], Awaitable[None] | None]
"""Takes a message, and returns what must be awaited before the next."""

_TEXT, _BINARY = WSMsgType.TEXT, WSMsgType.BINARY
# As aiohttp has it: it stops reading from a client when so many bytes wait, in a way, twice.
_LIMIT = 65_536


class Inlet(WebSocketDataQueue):
    """What the parser puts frames into.

    Attributes:
        received: Takes the messages that need not wait; None until somebody reads.
        held: How many frames wait, the one included that is at work.
    """

    __slots__ = ("held", "received")

    def __init__(
        self, protocol: web.RequestHandler, limit: int, *, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(protocol, limit, loop=loop)
        self.received: Received | None = None
        self.held = 0

    def feed_data(self, data: Any, size: int) -> None:
        """Pass a message on, or let it wait behind others; the parser calls this."""
        if self.held == 0 and self.received is not None:
            kind = data.type
            if kind is _TEXT or kind is _BINARY:
                wait = self.received(data.data)
                if wait is None:
                    return
                data, size = WSMessage(WSMsgType.CONTINUATION, wait, None), 0
        self.held += 1
        super().feed_data(data, size)

    async def take(self, received: Received) -> WSMessage:
        """Pass messages on until a frame comes that is none, and return that.

        Raises:
            EofStream: The connection is gone.
            WebSocketError: The client sent what a WebSocket cannot take.
        """
        self.received = received
        while True:
            frame = await self.read()
            match frame.type:
                case WSMsgType.TEXT | WSMsgType.BINARY:
                    wait = received(frame.data)
                    if wait is not None:
                        await wait
                case WSMsgType.CONTINUATION:
                    # What had to be awaited after a message that was passed on.
                    await frame.data
                case _:
                    return cast(WSMessage, frame)
            self.held -= 1


class WebSocketResponse(web.WebSocketResponse):
    """aiohttp's own, with an `Inlet`."""

    inlet: Inlet

    def _post_start(
        self, request: web.BaseRequest, protocol: str | None, writer: WebSocketWriter
    ) -> None:
        assert self._loop is not None, "it is being prepared"
        self._ws_protocol = protocol
        self._writer = writer
        self._reader = self.inlet = Inlet(request.protocol, _LIMIT, loop=self._loop)
        self._parser = WebSocketReader(
            self.inlet, self._max_msg_size, compress=False, decode_text=True
        )
        request.protocol.set_parser(self._parser)
        request.protocol.keep_alive(False)


def websocket_for(request: web.Request, max_payload: int) -> WebSocketResponse | None:
    """Return what can carry the WebSocket that a request asks for, or None if it asks for none."""
    if request.method != "GET" or "Upgrade" not in request.headers:
        return None
    # Heartbeats are the protocol's own. aiohttp takes less than ``max_msg_size``, not as much.
    websocket = WebSocketResponse(compress=False, max_msg_size=max_payload + 1)
    return websocket if websocket.can_prepare(request) else None
