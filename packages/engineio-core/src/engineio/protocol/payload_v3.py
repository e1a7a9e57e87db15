"""Polling payloads of EIO 3: packets with their lengths, as text or binary (protocol.md section 4).

What lives here: the two framings. What one packet looks like is the business of ``packet``.

Both decoders walk over the body once, and every length is checked before it is believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..errors import PacketError
from ..types import Data
from .packet import Packet, decode_frame_v3, decode_text_v3
from .payload import Decoded

__all__ = [
    "binary_size",
    "decode_binary",
    "decode_text",
    "encode_binary",
    "encode_text",
    "text_size",
]

# A length has no leading zero and at most nine digits, more than any body: a run of digits that
# goes on for ever is refused after ten characters (faults.md F-25, F-26, SEC-01).
_PREFIX_ASCII = re.compile(rb"(0|[1-9][0-9]{0,8}):")
_PREFIX_UTF16 = re.compile(rb"(0\0|[1-9]\0(?:[0-9]\0){0,8}):\0")
_PREFIX_BINARY = re.compile(rb"([\x00\x01])(\x00|[\x01-\x09][\x00-\x09]{0,8})\xff")

_STRING, _BINARY = b"\x00", b"\x01"
# "The decimal length as one byte per digit (value 0..9)."
_TO_DIGITS = bytes.maketrans(bytes(range(10)), b"0123456789")
_FROM_DIGITS = bytes.maketrans(b"0123456789", bytes(range(10)))


def encode_text(packets: Iterable[Packet]) -> bytes:
    """Return the text form: ``<length>:<packet>`` repeated; ``0:`` if there are no packets.

    Raises:
        UnicodeEncodeError: A text holds a lone surrogate, which has no form in UTF-8.
    """
    texts = [packet.text_v3 for packet in packets]
    return "".join([f"{_utf16_length(text)}:{text}" for text in texts]).encode() or b"0:"


def encode_binary(packets: Iterable[Packet]) -> bytes:
    """Return the binary form: a marker, the length and the content of each packet.

    Raises:
        UnicodeEncodeError: A text holds a lone surrogate.
    """
    return b"".join([_binary_item(packet.frame_v3) for packet in packets])


def _binary_item(frame: Data) -> bytes:
    marker, content = (_BINARY, frame) if isinstance(frame, bytes) else (_STRING, frame.encode())
    length = str(len(content)).encode().translate(_FROM_DIGITS)
    return b"%b%b\xff%b" % (marker, length, content)


def text_size(packet: Packet) -> int:
    """Return the bytes that ``packet`` takes in the text form; beyond ASCII it may be one less.

    Raises:
        UnicodeEncodeError: The text holds a lone surrogate.
    """
    data = packet.data
    # Binary is "b4" and four characters for each three bytes begun.
    size = 2 + (len(data) + 2) // 3 * 4 if isinstance(data, bytes) else packet.size
    return len(str(size)) + 1 + size


def binary_size(packet: Packet) -> int:
    """Return the bytes that ``packet`` takes in the binary form.

    Raises:
        UnicodeEncodeError: The text holds a lone surrogate.
    """
    size = packet.size + isinstance(packet.data, bytes)
    return 2 + len(str(size)) + size


def decode_text(body: bytes) -> Decoded:
    """Return the packets of the text form.

    A bad packet ends the decoding and leaves those before it (faults.md F-18); a body that is not
    UTF-8 holds no packets at all. Nothing is raised.
    """
    return _collect(decode_text_v3(text) for text in _texts(body))


def decode_binary(body: bytes) -> Decoded:
    """Return the packets of the binary form.

    A bad packet ends the decoding and leaves those before it (faults.md F-18). Nothing is raised.
    """
    return _collect(_binary_packets(body))


def _collect(packets: Iterator[Packet]) -> Decoded:
    collected: list[Packet] = []
    try:
        collected.extend(packets)
    except PacketError as error:
        return Decoded(collected, error)
    if not collected:
        return Decoded([], PacketError("an empty payload"))
    return Decoded(collected)


def _utf16_length(text: str) -> int:
    # "Length counts UTF-16 code units of the packet including the digit."
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _texts(body: bytes) -> Iterator[str]:
    """Yield the items of the text form.

    Lengths count UTF-16 code units, so positions are found in UTF-16, where every unit takes two
    bytes; in ASCII a unit takes one and the body can be used as it is.
    """
    if body.isascii():
        buffer, encoding, width, prefix = body, "ascii", 1, _PREFIX_ASCII
    else:
        try:
            buffer = body.decode().encode("utf-16-le")
        except UnicodeDecodeError as error:
            raise PacketError("a payload that is not UTF-8") from error
        encoding, width, prefix = "utf-16-le", 2, _PREFIX_UTF16
    position = 0
    while position < len(buffer):
        found = prefix.match(buffer, position)
        if found is None:
            raise PacketError("invalid length in a payload")
        start = found.end()
        position = start + width * int(found[1][::width])
        if position > len(buffer):
            raise PacketError("a length beyond the end of a payload")
        try:
            yield buffer[start:position].decode(encoding)
        except UnicodeDecodeError as error:
            raise PacketError("a length that splits a character") from error


def _binary_packets(body: bytes) -> Iterator[Packet]:
    position = 0
    while position < len(body):
        found = _PREFIX_BINARY.match(body, position)
        if found is None:
            raise PacketError("invalid header in a binary payload")
        start = found.end()
        position = start + int(found[2].translate(_TO_DIGITS))
        if position > len(body):
            raise PacketError("a length beyond the end of a payload")
        content = body[start:position]
        try:
            yield decode_frame_v3(content if found[1] == _BINARY else content.decode())
        except UnicodeDecodeError as error:
            raise PacketError("a string that is not UTF-8 in a binary payload") from error
