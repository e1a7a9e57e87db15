"""WebSocket frames as a server writes them (RFC 6455 section 5): whole messages, never masked.

For gateways that hand frames to a transport themselves. Nothing here reads a frame.
"""

from __future__ import annotations

from struct import Struct

from ..types import Data

__all__ = ["close_frame", "data_frame"]

# The first byte: FIN and the opcode.
_TEXT, _BINARY, _CLOSE = 0x81, 0x82, 0x88

# Most messages are short, and a table is quicker than packing.
_SHORT = 126
_SHORT_TEXT = tuple(bytes((_TEXT, size)) for size in range(_SHORT))
_medium = Struct("!BBH").pack
_long = Struct("!BBQ").pack
_code = Struct("!H").pack

# A control frame carries at most 125 bytes, two of them for the code.
_LONGEST_REASON = 123


def data_frame(message: Data) -> bytes:
    """Return the frame of a text or binary message.

    Raises:
        UnicodeEncodeError: The text holds a lone surrogate, which has no form in UTF-8.
    """
    if isinstance(message, bytes):
        return _frame(_BINARY, message)
    payload = message.encode()
    size = len(payload)
    return _SHORT_TEXT[size] + payload if size < _SHORT else _frame(_TEXT, payload)


def close_frame(code: int | None, reason: str = "") -> bytes:
    """Return a close frame; ``reason`` is cut to what fits, and without ``code`` there is none."""
    if code is None:
        return _frame(_CLOSE, b"")
    text = reason.encode()[:_LONGEST_REASON].decode(errors="ignore").encode()
    return _frame(_CLOSE, _code(code) + text)


def _frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < _SHORT:
        return bytes((first, size)) + payload
    if size < 65_536:
        return _medium(first, 126, size) + payload
    return _long(first, 127, size) + payload
