"""WebSocket framing where a server hands over a bare socket: RFC 6455 through wsproto, with limits.

Bytes come in, messages and control frames come out, and the other way round. Nothing here reads or
writes a socket, and nothing knows Engine.IO.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from wsproto.extensions import Extension
from wsproto.frame_protocol import (
    CloseReason,
    FrameDecoder,
    FrameProtocol,
    Opcode,
    ParseFailed,
    RsvBits,
)

from ..types import Data

__all__ = [
    "Broken",
    "Closed",
    "Frame",
    "FrameReader",
    "Ping",
    "TooLarge",
    "accept_token",
    "close_frame",
    "data_frame",
    "pong_frame",
]

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
# A message of more fragments than this is an attack (faults.md F-52, SEC-24).
_MAX_FRAGMENTS = 4_096

_TEXT, _BINARY = 0x81, 0x82
_SHORT, _TWO_BYTES, _EIGHT_BYTES = 125, 126, 127


class Ping(NamedTuple):
    """A ping, which wants a pong with the same bytes."""

    payload: bytes


class Closed(NamedTuple):
    """The peer closes; ``code`` is None where it gave none."""

    code: int | None
    reason: str


class TooLarge(NamedTuple):
    """A message is over the limit, or says that it will be. Nothing can be read after it."""


class Broken(NamedTuple):
    """The peer broke the framing: close with this code. Nothing can be read after it."""

    code: int
    detail: str


Frame: TypeAlias = Data | Ping | Closed | TooLarge | Broken
"""What arrives: a message, or one of the others."""


class _Limits(Extension):
    """Looks at the head of each frame, so that nothing is kept for a message that is too long.

    wsproto shows heads to extensions only. This one is never negotiated, and changes nothing.
    """

    name = "limits"

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._fragments = 0

    def enabled(self) -> bool:
        return True

    def offer(self) -> bool | str:
        return False

    def frame_inbound_header(
        self,
        proto: FrameDecoder | FrameProtocol,
        opcode: Opcode,
        rsv: RsvBits,
        payload_length: int,
    ) -> CloseReason | RsvBits:
        if not opcode.iscontrol():
            if opcode is not Opcode.CONTINUATION:
                self._size = self._fragments = 0
            self._size += payload_length
            self._fragments += 1
            if self._size > self._limit:
                return CloseReason.MESSAGE_TOO_BIG
            if self._fragments > _MAX_FRAGMENTS:
                return CloseReason.POLICY_VIOLATION
        return RsvBits(False, False, False)


class FrameReader:
    """The incoming half of one WebSocket.

    Args:
        limit: The largest message in bytes.
    """

    __slots__ = ("_frames", "_parts", "_protocol")

    def __init__(self, limit: int) -> None:
        self._protocol = FrameProtocol(client=False, extensions=[_Limits(limit)])
        self._parts: list[Data] = []
        self._frames = self._read()

    def feed(self, data: bytes) -> None:
        """Take bytes of the connection."""
        self._protocol.receive_bytes(data)

    def next(self) -> Frame | None:
        """Return what has arrived next, or None for nothing yet."""
        return next(self._frames, None)

    def _read(self) -> Iterator[Frame | None]:
        try:
            while True:
                for frame in self._protocol.received_frames():
                    payload = frame.payload
                    if isinstance(payload, tuple):
                        code, reason = payload
                        yield Closed(None if code == CloseReason.NO_STATUS_RCVD else code, reason)
                    elif frame.opcode is Opcode.PING and isinstance(payload, bytes):
                        yield Ping(payload)
                    elif not frame.opcode.iscontrol():
                        message = self._message(payload, frame.message_finished)
                        if message is not None:
                            yield message
                yield None
        except ParseFailed as error:
            if error.code == CloseReason.MESSAGE_TOO_BIG:
                yield TooLarge()
            yield Broken(int(error.code), str(error))

    def _message(self, part: Data, finished: bool) -> Data | None:
        if finished and not self._parts:
            return part
        self._parts.append(part)
        if not finished:
            return None
        parts, self._parts = self._parts, []
        return type(part)().join(parts)  # type: ignore[arg-type]  # all of one message are of one type


def accept_token(key: str | None) -> str | None:
    """Return what answers a ``Sec-WebSocket-Key``, or None for one that is none.

    "A base64-encoded value that, when decoded, is 16 bytes in length" (RFC 6455 section 4.1).
    """
    try:
        raw = (key or "").encode("ascii")
        if len(base64.b64decode(raw, validate=True)) != 16:
            return None
    except (UnicodeEncodeError, binascii.Error):
        return None
    return base64.b64encode(hashlib.sha1(raw + _MAGIC, usedforsecurity=False).digest()).decode()


def data_frame(data: Data) -> bytes:
    """Return the frame of a message: whole, and not masked, as a server sends it."""
    if isinstance(data, str):
        head, payload = _TEXT, data.encode()
    else:
        head, payload = _BINARY, data
    size = len(payload)
    if size <= _SHORT:
        return bytes((head, size)) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", head, _TWO_BYTES, size) + payload
    return struct.pack("!BBQ", head, _EIGHT_BYTES, size) + payload


def pong_frame(payload: bytes) -> bytes:
    """Return the answer to a ping."""
    return bytes(FrameProtocol(client=False, extensions=[]).pong(payload))


def close_frame(code: int | None, reason: str = "") -> bytes:
    """Return a close frame; None for one without a code."""
    protocol = FrameProtocol(client=False, extensions=[])
    return bytes(protocol.close() if code is None else protocol.close(code, reason))
