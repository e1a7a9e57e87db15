"""Polling payloads of EIO 3: packets with their lengths, as text or binary (protocol.md section 4).

What lives here: the two framings. What one packet looks like is the business of ``packet``.

Both decoders walk over the body once, and every length is checked before it is believed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import AnyStr, TypeVar

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

AnyData = TypeVar("AnyData", bound=Data)

# A length has no leading zero and at most nine digits, more than any body: a run of digits that
# goes on for ever is refused after ten characters (faults.md F-25, F-26, SEC-01).
_PREFIX = re.compile(r"(0|[1-9][0-9]{0,8}):")
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


def decode_text(body: bytes, max_packets: int | None = None) -> Decoded:
    """Return the packets of the text form.

    A bad packet ends the decoding and leaves those before it (faults.md F-18); a body that is not
    UTF-8 holds no packets at all. Nothing is raised.

    Args:
        body: The body of a POST.
        max_packets: The most packets that are decoded; more are an error. None for no limit.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return Decoded([], PacketError("a payload that is not UTF-8"))
    # Where no character takes two units of UTF-16, positions in the text are positions in UTF-16.
    if body.isascii() or len(units := text.encode("utf-16-le")) == 2 * len(text):
        return _collect(decode_text_v3, _split(text, _PREFIX, 1), max_packets)
    return _collect(_decode_utf16, _split(units, _PREFIX_UTF16, 2), max_packets)


def decode_binary(body: bytes, max_packets: int | None = None) -> Decoded:
    """Return the packets of the binary form.

    A bad packet ends the decoding and leaves those before it (faults.md F-18). Nothing is raised.

    Args:
        body: The body of a POST.
        max_packets: The most packets that are decoded; more are an error. None for no limit.
    """
    return _collect(decode_frame_v3, _frames(body), max_packets)


def _utf16_length(text: str) -> int:
    # "Length counts UTF-16 code units of the packet including the digit."
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _collect(
    decode: Callable[[AnyData], Packet], items: Iterator[AnyData], max_packets: int | None
) -> Decoded:
    packets: list[Packet] = []
    try:
        packets.extend(map(decode, islice(items, max_packets)))
        if next(items, None) is not None:
            raise PacketError("too many packets in a payload")
    except PacketError as error:
        return Decoded(packets, error)
    return Decoded(packets, None if packets else PacketError("an empty payload"))


def _split(units: AnyStr, prefix: re.Pattern[AnyStr], width: int) -> Iterator[AnyStr]:
    """Yield the items of the text form.

    Args:
        units: The payload in UTF-16 units, each ``width`` long.
        prefix: What matches a length.
        width: The length of a unit.
    """
    position = 0
    while position < len(units):
        found = prefix.match(units, position)
        if found is None:
            raise PacketError("an impossible length in a payload")
        start = found.end()
        position = start + width * int(found[1][::width])
        if position > len(units):
            raise PacketError("a length beyond the end of a payload")
        yield units[start:position]


def _decode_utf16(units: bytes) -> Packet:
    try:
        text = units.decode("utf-16-le")
    except UnicodeDecodeError as error:
        raise PacketError("a length that splits a character") from error
    return decode_text_v3(text)


def _frames(body: bytes) -> Iterator[Data]:
    """Yield the contents of the binary form: text for strings, bytes for binary."""
    position = 0
    while position < len(body):
        found = _PREFIX_BINARY.match(body, position)
        if found is None:
            raise PacketError("an impossible header in a binary payload")
        start = found.end()
        position = start + int(found[2].translate(_TO_DIGITS))
        if position > len(body):
            raise PacketError("a length beyond the end of a payload")
        content = body[start:position]
        try:
            yield content if found[1] == _BINARY else content.decode()
        except UnicodeDecodeError as error:
            raise PacketError("a string that is not UTF-8 in a binary payload") from error
