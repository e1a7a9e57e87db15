"""One WebSocket on the asyncio side: what a gateway has to offer, and what it gets."""

from __future__ import annotations

import asyncio

from .. import ports
from ..http.response import Header, Response

__all__ = ["WebSocketPort"]


class WebSocketPort(ports.WebSocketPort):
    """The base of a gateway's WebSocket.

    A gateway makes one, passes it to `Driver.websocket`, and accepts or refuses the WebSocket as
    that returns. Then it calls `Driver.accepted` once, `Driver.received` for every message, and in
    the end `Driver.closed`.

    Attributes:
        decision: Whether the engine lets it in (for the driver).
    """

    __slots__ = ("decision",)

    def __init__(self) -> None:
        super().__init__()
        self.decision: asyncio.Future[tuple[Header, ...] | Response] | None = None
