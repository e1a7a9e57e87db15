"""The codec of python-engineio, as its sockets call it. Runs in .venv-peers."""

from __future__ import annotations

from importlib import import_module

from .inputs import DATA, FRAME, ITEMS, PAYLOAD

# By name: the type checker and the build take `engineio` for engineio-core, which has neither.
_packet = import_module("engineio.packet")
_payload = import_module("engineio.payload")
_MESSAGE = _packet.MESSAGE
_Packet = _packet.Packet
_Payload = _payload.Payload


def decode() -> object:
    """One WebSocket message to one packet."""
    return _Packet(encoded_packet=FRAME)


def encode() -> object:
    """One message to one WebSocket message."""
    return _Packet(_MESSAGE, data=DATA).encode()


def decode_payload() -> object:
    """One POST body to 16 packets."""
    return _Payload(encoded_payload=PAYLOAD.decode())


def encode_payload() -> object:
    """16 messages to one polling answer."""
    return _Payload(packets=[_Packet(_MESSAGE, data=data) for data in ITEMS]).encode().encode()
