"""A WebSocket client (RFC 6455) that can break every rule of the framing.

Nothing here knows Engine.IO. What the server sends is held to the rules: a masked frame, a reserved
bit or a fragmented control frame fails the scenario.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from dataclasses import dataclass
from enum import IntEnum

from tests.conformance.harness.http import PATIENCE, Connection, Fields, Response, request_bytes

__all__ = [
    "Closed",
    "Frame",
    "Opcode",
    "WebSocket",
    "close_payload",
    "encode_frame",
    "upgrade_fields",
]

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
ABNORMAL = 1006
"""The code of a connection that ended without a close frame (RFC 6455 section 7.1.5)."""
NO_STATUS = 1005
"""The code of a close frame without one."""


class Opcode(IntEnum):
    """The frame types of RFC 6455."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame from the server."""

    opcode: Opcode
    payload: bytes
    fin: bool = True


class Closed(Exception):
    """The WebSocket has ended.

    Attributes:
        code: The close code; 1005 for a close frame without one, 1006 for no close frame at all.
        reason: The text beside it.
    """

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"closed with code {code} {reason!r}")
        self.code = code
        self.reason = reason


def encode_frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = True,
    length: int | None = None,
) -> bytes:
    """Return the bytes of one frame; ``length`` declares another length than the payload has."""
    declared = len(payload) if length is None else length
    mask_bit = 0x80 if masked else 0
    head = bytearray([fin << 7 | rsv << 4 | opcode])
    if declared < 126:
        head.append(mask_bit | declared)
    elif declared < 65_536:
        head.append(mask_bit | 126)
        head += declared.to_bytes(2, "big")
    else:
        head.append(mask_bit | 127)
        head += declared.to_bytes(8, "big")
    if not masked:
        return bytes(head) + payload
    mask = os.urandom(4)
    return bytes(head) + mask + _masked(payload, mask)


def _masked(payload: bytes, mask: bytes) -> bytes:
    # As one big number: a byte at a time would make the client slower than the server under test.
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def close_payload(code: int, reason: str = "") -> bytes:
    """Return the payload of a close frame."""
    return code.to_bytes(2, "big") + reason.encode()


def upgrade_fields(key: str = "MDEyMzQ1Njc4OWFiY2RlZg==") -> list[tuple[str, str]]:
    """Return the header fields that ask for a WebSocket."""
    return [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", key),
    ]


class WebSocket:
    """One open WebSocket. Messages that the server compressed are returned as they came.

    Attributes:
        connection: The TCP connection below, for bytes that are no frame.
        response: The 101 answer.
    """

    def __init__(self, connection: Connection, response: Response) -> None:
        self.connection = connection
        self.response = response
        self.ended: Closed | None = None
        self._reserved = 0x30 if response.header("sec-websocket-extensions") else 0x70

    @classmethod
    async def ask(
        cls,
        connection: Connection,
        target: str,
        *,
        fields: Fields = (),
        behind: bytes = b"",
    ) -> WebSocket | Response:
        """Ask for a WebSocket; return it, or the response that refuses it.

        Args:
            connection: A fresh connection.
            target: Path and query.
            fields: More header fields.
            behind: Bytes sent in one segment with the request, before the answer is known.
        """
        key = base64.b64encode(os.urandom(16)).decode()
        head = request_bytes("GET", target, fields=[*upgrade_fields(key), *fields])
        await connection.write(head + behind)
        response = await connection.response()
        if response.status != 101:
            return response
        digest = hashlib.sha1(key.encode() + _MAGIC, usedforsecurity=False).digest()
        assert response.header("sec-websocket-accept") == base64.b64encode(digest).decode()
        return cls(connection, response)

    async def send(self, *messages: str | bytes) -> None:
        """Send messages, one frame each, in one write."""
        await self.connection.write(b"".join(map(_message_frame, messages)))

    async def frame(self, opcode: int, payload: bytes = b"", **options: bool | int) -> None:
        """Send one frame as `encode_frame` makes it."""
        data = encode_frame(opcode, payload, **options)  # type: ignore[arg-type] # bool and int
        await self.connection.write(data)

    async def receive(self, *, within: float = PATIENCE) -> str | bytes:
        """Return the next message, answering pings on the way.

        Raises:
            Closed: The WebSocket ended instead.
        """
        async with asyncio.timeout(within):
            message = await self._data_frame()
            opcode, data = message.opcode, message.payload
            while not message.fin:
                message = await self._data_frame()
                assert message.opcode is Opcode.CONTINUATION
                data += message.payload
        return data.decode() if opcode is Opcode.TEXT else data

    async def closed(self, *, within: float = PATIENCE) -> Closed:
        """Wait for the end, throwing away the messages before it, and say how it ended."""
        try:
            async with asyncio.timeout(within):
                while True:
                    await self._data_frame()
        except Closed as end:
            self.connection.close()
            return end

    async def read_frame(self, *, within: float = PATIENCE) -> Frame:
        """Return the next frame of any kind.

        Raises:
            Closed: The TCP connection ended without a close frame.
        """
        async with asyncio.timeout(within):
            return await self._read_frame()

    async def _data_frame(self) -> Frame:
        while True:
            frame = await self._read_frame()
            if frame.opcode is Opcode.CLOSE:
                raise await self._acknowledge(frame.payload)
            if frame.opcode is Opcode.PING:
                await self.frame(Opcode.PONG, frame.payload)
            elif frame.opcode is not Opcode.PONG:
                return frame

    async def _acknowledge(self, payload: bytes) -> Closed:
        if self.ended is None:
            self.ended = _closed(payload)
            await self.frame(Opcode.CLOSE, payload[:2])
        return self.ended

    async def _read_frame(self) -> Frame:
        if self.ended is not None:
            raise self.ended
        try:
            return await self._parse_frame()
        except EOFError as error:
            self.ended = Closed(ABNORMAL)
            raise self.ended from error

    async def _parse_frame(self) -> Frame:
        read = self.connection.read_exactly
        first, second = await read(2)
        assert not first & self._reserved, "the server set a reserved bit"
        assert not second & 0x80, "the server masked a frame"
        size = second
        if second >= 126:
            size = int.from_bytes(await read(2 if second == 126 else 8), "big")
        frame = Frame(Opcode(first & 0x0F), await read(size), bool(first & 0x80))
        if frame.opcode >= Opcode.CLOSE:
            assert frame.fin, "the server fragmented a control frame"
            assert size < 126, "the server sent a control frame over 125 bytes"
        return frame

    async def close(self, code: int = 1000, reason: str = "") -> Closed:
        """Close from this side and return the server's answer."""
        await self.frame(Opcode.CLOSE, close_payload(code, reason))
        return await self.closed()


def _message_frame(message: str | bytes) -> bytes:
    if isinstance(message, str):
        return encode_frame(Opcode.TEXT, message.encode())
    return encode_frame(Opcode.BINARY, message)


def _closed(payload: bytes) -> Closed:
    if len(payload) < 2:
        return Closed(NO_STATUS)
    return Closed(int.from_bytes(payload[:2], "big"), payload[2:].decode())
