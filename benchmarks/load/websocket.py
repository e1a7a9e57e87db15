"""A WebSocket session of Engine.IO, as cheap as asyncio allows: ready-made bytes, no task.

What lives here knows the transport and the open and ping packets, but no scenario.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from .target import LoadError, Target
from .wire import CLOSE, PING, PONG, frame, split_frames, upgrade_request

_PING, _PONG = b"2", frame(b"3")
_GOODBYE = frame(b"\x03\xe8", CLOSE)
# Below every server's accept backlog.
_AT_ONCE = 50


class WebSocketSession(asyncio.Protocol):
    """One session. Answers pings of both layers; hands every other packet to ``on_packet``.

    Args:
        request: The opening handshake.
        on_packet: Called with the session and the packet (type digit first) for each one after
            the open packet.
    """

    def __init__(
        self, request: bytes, on_packet: Callable[[WebSocketSession, bytes], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self._closed: asyncio.Future[None] = loop.create_future()
        self._closing = False
        self.sent_at = 0.0
        self._request = request
        self._on_packet = on_packet
        self._upgraded = False
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the handshake."""
        # uvloop's transports do not inherit from asyncio's.
        self._transport = cast(asyncio.WriteTransport, transport)
        self.send = self._transport.write
        self.send(self._request)

    def data_received(self, data: bytes) -> None:
        """Split what the server sent into packets."""
        data = self._rest + data
        if not self._upgraded:
            head, end, rest = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = data
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._fail(f"the server refused the WebSocket: {head[:40]!r}")
                return
            self._upgraded, data = True, rest
        frames, self._rest = split_frames(data)
        for opcode, packet in frames:
            self._received(opcode, packet)

    def connection_lost(self, exc: Exception | None) -> None:
        """Accept the end if it was asked for.

        Raises:
            LoadError: It was not: a load that loses sessions measures something else.
        """
        self._closed.set_result(None)
        if not self._closing:
            raise LoadError("the server closed a session")

    async def close(self) -> None:
        """Begin the closing handshake, and wait until the server has ended the connection."""
        self._closing = True
        self.send(_GOODBYE)
        await self._closed

    def _received(self, opcode: int, packet: bytes) -> None:
        if opcode == PING:
            self.send(frame(packet, PONG))
        elif opcode == CLOSE:
            return
        elif packet == _PING:
            self.send(_PONG)
        elif self.opened.done():
            self._on_packet(self, packet)
        elif packet[:1] == b"0":
            self.opened.set_result(None)
        else:
            self._fail(f"the first packet is not open: {packet[:40]!r}")

    def _fail(self, message: str) -> None:
        if not self.opened.done():
            self.opened.set_exception(LoadError(message))


def ignore(session: WebSocketSession, packet: bytes) -> None:
    """An ``on_packet`` for sessions that only have to be there."""


async def open_sessions(
    target: Target,
    count: int,
    on_packet: Callable[[WebSocketSession, bytes], None] = ignore,
) -> list[WebSocketSession]:
    """Open ``count`` sessions and wait for all their open packets.

    Raises:
        LoadError: The server refused one.
    """
    request = upgrade_request(target.port)
    loop = asyncio.get_running_loop()
    sessions: list[WebSocketSession] = []

    async def open_one() -> WebSocketSession:
        _, session = await loop.create_connection(
            lambda: WebSocketSession(request, on_packet), "127.0.0.1", target.port
        )
        await session.opened
        return session

    while len(sessions) < count:
        batch = min(_AT_ONCE, count - len(sessions))
        sessions += await asyncio.gather(*(open_one() for _ in range(batch)))
    return sessions
