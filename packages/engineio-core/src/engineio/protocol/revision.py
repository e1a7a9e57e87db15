"""The two protocol revisions as tables of functions, so that nobody branches on a number.

A session gets its `Codec` at the handshake and keeps it. EIO 3 has two: its polling payloads are
binary when a packet is, unless the client asked for base64 (``b64``, or JSONP).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from ..types import Data, Revision
from . import payload, payload_v3
from .packet import Packet, decode_frame, decode_frame_v3
from .payload import Decoded

__all__ = ["BINARY", "TEXT", "V3", "V3_BASE64", "V4", "Codec", "codec_for"]

TEXT = "text/plain; charset=UTF-8"
BINARY = "application/octet-stream"
# "A POST with application/octet-stream is refused (400, session closed)" in EIO 4.
_TYPES_V4 = frozenset({"", "text/plain"})
_TYPES_V3 = _TYPES_V4 | {BINARY}
# A body of max_payload may hold so many tiny packets that decoding them takes a second, and nobody
# sends that many (faults.md F-19: 100 000 are delivered; SEC-01: in bounded time).
_MAX_PACKETS = 100_000


@dataclass(frozen=True, slots=True)
class Codec:
    """How packets of one revision look.

    Attributes:
        revision: The revision.
        decode_frame: One WebSocket message to one packet, or `PacketError`.
        encode_frame: One packet to one WebSocket message.
        body_types: The media types a POST may have; ``""`` stands for none given.
        decode_body: A POST body and whether it is declared as binary, to packets.
        encode_body: Packets to a polling answer and its content type.
        payload_size: The bytes a packet takes in a polling answer, at the most.
        separator: How many of them only join it to the next, so that the last packet of an answer
            takes so many less.
    """

    revision: Revision
    decode_frame: Callable[[Data], Packet]
    encode_frame: Callable[[Packet], Data]
    body_types: frozenset[str]
    decode_body: Callable[[bytes, bool], Decoded]
    encode_body: Callable[[list[Packet]], tuple[bytes, str]]
    payload_size: Callable[[Packet], int]
    separator: int


def _decode_body_v4(body: bytes, binary: bool) -> Decoded:
    return payload.decode_payload(body, _MAX_PACKETS)


def _encode_body_v4(packets: list[Packet]) -> tuple[bytes, str]:
    return payload.encode_payload(packets), TEXT


def _decode_body_v3(body: bytes, binary: bool) -> Decoded:
    decode = payload_v3.decode_binary if binary else payload_v3.decode_text
    return decode(body, _MAX_PACKETS)


def _encode_body_v3(packets: list[Packet]) -> tuple[bytes, str]:
    # "Binary form (used when any packet is binary and the client did not send b64)."
    if any(isinstance(packet.data, bytes) for packet in packets):
        return payload_v3.encode_binary(packets), BINARY
    return payload_v3.encode_text(packets), TEXT


def _encode_body_v3_base64(packets: list[Packet]) -> tuple[bytes, str]:
    return payload_v3.encode_text(packets), TEXT


def _size_v3(packet: Packet) -> int:
    # Which form a payload takes depends on its other packets, so the larger one counts.
    return max(payload_v3.text_size(packet), payload_v3.binary_size(packet))


V4 = Codec(
    Revision.V4,
    decode_frame,
    attrgetter("frame"),
    _TYPES_V4,
    _decode_body_v4,
    _encode_body_v4,
    payload.payload_size,
    1,
)
V3 = Codec(
    Revision.V3,
    decode_frame_v3,
    attrgetter("frame_v3"),
    _TYPES_V3,
    _decode_body_v3,
    _encode_body_v3,
    _size_v3,
    0,
)
V3_BASE64 = Codec(
    Revision.V3,
    decode_frame_v3,
    attrgetter("text_v3"),
    _TYPES_V3,
    _decode_body_v3,
    _encode_body_v3_base64,
    payload_v3.text_size,
    0,
)


def codec_for(revision: Revision, *, base64: bool) -> Codec:
    """Return the codec of a session; ``base64`` says that the client cannot take binary."""
    if revision is Revision.V4:
        return V4
    return V3_BASE64 if base64 else V3
