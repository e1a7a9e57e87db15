"""Turning what applications send into message data, and back, for both shells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .types import Data, JSONModule

__all__ = ["message_data", "received_data"]


def message_data(data: Any, json: JSONModule) -> Data:
    """Return the text or bytes that a message carries.

    Args:
        data: Text, any bytes-like value, or a dict (or other mapping), list or tuple, which becomes
            JSON text.
        json: What writes the JSON.

    Raises:
        TypeError: ``data`` has another type, or contains something that JSON cannot say.
    """
    match data:
        case str() | bytes():
            return data
        case bytearray() | memoryview():
            return bytes(data)
        case dict() | list() | tuple():
            text = json.dumps(data)
            return text if isinstance(text, str) else text.decode()
        case Mapping():
            # The json module writes no other mapping.
            return message_data(dict(data), json)
        case _:
            raise TypeError(f"a message is str, bytes, dict or list, not {type(data).__name__}")


def received_data(data: Data, decode_json: bool, json: JSONModule) -> Any:
    """Return what a message handler gets for incoming ``data``.

    With ``decode_json`` that is a dict or list for text that is a JSON object or array, and the
    same ``str`` or ``bytes`` in all other cases.

    Args:
        data: The message.
        decode_json: The option of that name.
        json: What reads the JSON.
    """
    if not decode_json or isinstance(data, bytes) or data[:1] not in ("{", "["):
        return data
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data
