"""Polling payloads of EIO 4: packets joined by the byte 0x1e, always text (protocol.md section 3).

What lives here: joining and splitting. What one item looks like is the business of ``packet``.

"A literal 0x1e inside text cannot be escaped: over polling it splits the packet." Nobody can mend
that on the server; such text travels as binary.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ..errors import PacketError
from .packet import Packet, decode_text

__all__ = ["Decoded", "decode_payload", "encode_payload", "payload_size"]

_SEPARATOR = "\x1e"
# A named tuple made by its own constructor takes twice the time.
_new = tuple.__new__


class Decoded(NamedTuple):
    """What a payload held.

    Attributes:
        packets: The packets before the first bad one, in order.
        error: What was wrong with that one, or None if there was none.
    """

    packets: list[Packet]
    error: PacketError | None = None


def encode_payload(packets: Iterable[Packet]) -> bytes:
    """Return the payload that carries ``packets``, of which there must be at least one.

    Raises:
        UnicodeEncodeError: A text holds a lone surrogate, which has no form in UTF-8.
    """
    return _SEPARATOR.join([packet.text for packet in packets]).encode()


def payload_size(packet: Packet) -> int:
    """Return the bytes that ``packet`` takes in a payload, one separator included.

    Raises:
        UnicodeEncodeError: The text holds a lone surrogate.
    """
    data = packet.data
    if isinstance(data, bytes):
        # The separator, the letter b, and four characters for each three bytes begun.
        return 2 + (len(data) + 2) // 3 * 4
    return 2 + (len(data) if data.isascii() else len(data.encode()))


def decode_payload(body: bytes, max_packets: int | None = None) -> Decoded:
    """Return the packets of a payload.

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
    items = text.split(_SEPARATOR, -1 if max_packets is None else max_packets)
    error = None
    if max_packets is not None and len(items) > max_packets:
        # The last item is all that was not split.
        items.pop()
        error = PacketError("too many packets in a payload")
    packets: list[Packet] = []
    for item in items:
        try:
            packets.append(decode_text(item))
        except PacketError as bad:
            return Decoded(packets, bad)
    return _new(Decoded, (packets, error))
