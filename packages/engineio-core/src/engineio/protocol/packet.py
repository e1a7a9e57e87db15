"""The packet: the unit of the protocol on every transport (protocol.md section 1).

What lives here: the value, and its form as one WebSocket frame or one text item of a polling
payload. How packets are joined into polling payloads lives in ``payload`` and ``payload_v3``.
"""

from __future__ import annotations

import binascii
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

from ..errors import PacketError
from ..types import Data

__all__ = [
    "CLOSE",
    "NOOP",
    "PING",
    "Packet",
    "PacketType",
    "SharedPacket",
    "decode_base64",
    "decode_frame",
    "decode_frame_v3",
    "decode_text",
    "decode_text_v3",
    "is_over",
]


class PacketType(IntEnum):
    """The packet types; each is one ASCII digit on the wire."""

    OPEN = 0
    CLOSE = 1
    PING = 2
    PONG = 3
    MESSAGE = 4
    UPGRADE = 5
    NOOP = 6


_TYPES: dict[str, PacketType] = {str(int(kind)): kind for kind in PacketType}
_DIGITS = tuple(_TYPES)
_MESSAGE = PacketType.MESSAGE
# A named tuple made by its own constructor takes twice the time, and every message is one.
_new = tuple.__new__


class Packet(NamedTuple):
    """One packet. Binary data is always a message: "EIO4 has no type for binary".

    Attributes:
        type: The packet type.
        data: Text, or bytes for a binary message.
    """

    type: PacketType
    data: Data = ""

    @property
    def size(self) -> int:
        """The bytes this packet takes in a WebSocket frame of EIO 4."""
        data = self.data
        if isinstance(data, bytes):
            return len(data)
        return 1 + (len(data) if data.isascii() else len(data.encode()))

    @property
    def frame(self) -> Data:
        """The WebSocket message of EIO 4: digit and text, or the raw bytes."""
        data = self.data
        return data if isinstance(data, bytes) else _DIGITS[self.type] + data

    @property
    def frame_v3(self) -> Data:
        """The WebSocket message of EIO 3: binary starts with the type as a byte."""
        data = self.data
        return b"\x04" + data if isinstance(data, bytes) else _DIGITS[self.type] + data

    @property
    def text(self) -> str:
        """The text item of an EIO 4 polling payload: binary is ``b`` and base64."""
        data = self.data
        if isinstance(data, bytes):
            return "b" + binascii.b2a_base64(data, newline=False).decode("ascii")
        return _DIGITS[self.type] + data

    @property
    def text_v3(self) -> str:
        """The text item of an EIO 3 payload, and its WebSocket form under ``b64``."""
        data = self.data
        if isinstance(data, bytes):
            return "b4" + binascii.b2a_base64(data, newline=False).decode("ascii")
        return _DIGITS[self.type] + data


class SharedPacket(Packet):
    """A packet for many sessions: each of its forms is computed once, whoever asks first."""

    size = cached_property(lambda self: Packet(*self).size)
    frame = cached_property(lambda self: Packet(*self).frame)
    frame_v3 = cached_property(lambda self: Packet(*self).frame_v3)
    text = cached_property(lambda self: Packet(*self).text)
    text_v3 = cached_property(lambda self: Packet(*self).text_v3)


CLOSE = Packet(PacketType.CLOSE)
NOOP = Packet(PacketType.NOOP)
PING = Packet(PacketType.PING)


def decode_base64(text: str) -> bytes:
    """Decode standard base64 with padding, strictly.

    Raises:
        PacketError: There is a character outside the alphabet, or the padding is wrong.
    """
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    # ValueError: a character beyond ASCII.
    except ValueError as error:
        raise PacketError("invalid base64 in a binary packet") from error
    # The strict mode lets padding through that completes nothing.
    if len(data) + text.count("=") != len(text) // 4 * 3:
        raise PacketError("superfluous padding in a binary packet")
    return data


def decode_text(text: str) -> Packet:
    """Decode the text form of an EIO 4 packet (polling item or WebSocket text frame).

    Raises:
        PacketError: ``text`` is empty, its first character is no packet type, or it is a binary
            packet with invalid base64.
    """
    kind = _TYPES.get(text[:1])
    if kind is not None:
        return _new(Packet, (kind, text[1:]))
    if text[:1] == "b":
        return Packet(_MESSAGE, decode_base64(text[1:]))
    raise PacketError("empty packet" if not text else "unknown packet type")


def decode_text_v3(text: str) -> Packet:
    """Decode the text form of an EIO 3 packet: binary is ``b``, the type digit 4, and base64.

    Raises:
        PacketError: As for `decode_text`, or the type of a binary packet is not message.
    """
    if text[:1] != "b":
        return decode_text(text)
    if text[1:2] != "4":
        raise PacketError("a binary packet that is not a message")
    return Packet(_MESSAGE, decode_base64(text[2:]))


def decode_frame(data: Data) -> Packet:
    """Decode one EIO 4 WebSocket message.

    Raises:
        PacketError: As for `decode_text`.
    """
    return _new(Packet, (_MESSAGE, data)) if isinstance(data, bytes) else decode_text(data)


def decode_frame_v3(data: Data) -> Packet:
    """Decode one EIO 3 WebSocket message: binary starts with the byte 0x04.

    Raises:
        PacketError: As for `decode_text_v3`, or the first byte of a binary frame is not 4.
    """
    if isinstance(data, str):
        return decode_text_v3(data)
    if data[:1] != b"\x04":
        raise PacketError("a binary packet that is not a message")
    return Packet(_MESSAGE, data[1:])


def is_over(data: Data, limit: int) -> bool:
    """Whether one WebSocket message takes more than ``limit`` bytes."""
    if isinstance(data, bytes) or data.isascii() or len(data) > limit:
        return len(data) > limit
    return len(data.encode("utf-8", "surrogatepass")) > limit
