"""The codec of engineio-core, as its engine calls it."""

from __future__ import annotations

from engineio.protocol.packet import Packet, PacketType
from engineio.protocol.revision import V4

from .inputs import DATA, FRAME, ITEMS, PAYLOAD


def decode() -> object:
    """One WebSocket message to one packet."""
    return V4.decode_frame(FRAME)


def encode() -> object:
    """One message to one WebSocket message."""
    return V4.encode_frame(Packet(PacketType.MESSAGE, DATA))


def decode_payload() -> object:
    """One POST body to 16 packets."""
    return V4.decode_body(PAYLOAD, False)


def encode_payload() -> object:
    """16 messages to one polling answer."""
    return V4.encode_body([Packet(PacketType.MESSAGE, data) for data in ITEMS])
