"""WebSocket frames (RFC 6455 section 5), as a server reads and writes them.

What lives here is pure: bytes go in, messages come out, and the other way round. No extension is
known, so a reserved bit is an error, and a message counts as it is on the wire. What to do about an
error, a ping or a close is the caller's decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ..types import Data

__all__ = [
    "Close",
    "Event",
    "FrameError",
    "FrameReader",
    "Ping",
    "Pong",
    "close_frame",
    "message_frame",
    "ping_frame",
    "pong_frame",
]

_TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x1, 0x2, 0x8, 0x9, 0xA
_FIN = 0x80
_WHOLE_TEXT, _WHOLE_BINARY = _FIN | _TEXT, _FIN | _BINARY

# "All control frames MUST have a payload length of 125 bytes or less" (section 5.5); 126 and 127
# stand for a length of two and of eight bytes (section 5.2).
_SHORTEST_LONG = 126
_TWO_BYTES = 0xFFFF

# A message may come in as many fragments as its client likes, and each costs time and no bytes of
# the limit if it is empty (faults.md F-52, SEC-24).
_MOST_FRAGMENTS = 4_096

# Section 7.4.1, and what the registry has added since. 1004 to 1006 and 1015 "MUST NOT be set".
_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
_OWN_CODES = range(3000, 5000)

PROTOCOL_ERROR, INVALID_TEXT, POLICY, TOO_BIG = 1002, 1007, 1008, 1009

_SHORT_TEXT = tuple(bytes((_WHOLE_TEXT, size)) for size in range(_SHORTEST_LONG))
_from_bytes = int.from_bytes


class FrameError(Exception):
    """The peer broke the rules: the connection has failed.

    Attributes:
        code: The close code that says so.
        reason: The same for people.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{reason} ({code})")
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Ping:
    """The peer asks for a pong with the same payload."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Pong:
    """The peer answers a ping, or none."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """The peer closes.

    Attributes:
        code: Its close code, None if it gave none.
        reason: The text beside it.
    """

    code: int | None
    reason: str


Event: TypeAlias = Data | Ping | Pong | Close
"""What the peer says: a text message is a ``str``, a binary one ``bytes``."""


class FrameReader:
    """Reads the frames of a client.

    Feed it bytes with `feed`, then take events from `next_event` until that returns None.

    Args:
        limit: The largest message, in bytes.
    """

    __slots__ = (
        "_at",
        "_data",
        "_fragments",
        "_limit",
        "_message",
        "_need",
        "_opcode",
        "_pending",
        "_room",
    )

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # What is left of it for the message that is being read.
        self._room = limit
        self._data = b""
        self._at = 0
        # The beginning of a frame that has not arrived to its end, and how many bytes are wanted
        # before it is worth another look. A frame that comes byte by byte is copied only twice.
        self._pending: bytearray | None = None
        self._need = 0
        # The fragments of an unfinished message.
        self._message: bytearray | None = None
        self._opcode = 0
        self._fragments = 0

    def single(self, data: bytes) -> str | None:
        """Return the message if ``data`` is one whole short text frame behind whole messages.

        The direct way of nearly every message; for anything else it does nothing and returns None.
        Nothing here that `feed` and `next_event` would not do the same way.

        Raises:
            FrameError: The text is not UTF-8.
        """
        size = len(data) - 6
        if (
            size < 0
            or data[0] != _WHOLE_TEXT
            or data[1] != size + 0x80
            or size >= _SHORTEST_LONG
            or size > self._room
            or self._opcode
            or self._pending is not None
            or self._data
        ):
            return None
        return _text(_unmasked(data[6:], data[2:6], size))

    def feed(self, data: bytes) -> None:
        """Take bytes from the wire. Then take events until there are none."""
        pending = self._pending
        if pending is not None:
            pending += data
            if len(pending) >= self._need:
                self._data = bytes(pending)
                self._pending = None
        elif self._data:
            self._data = self._data[self._at :] + data
            self._at = 0
        else:
            self._data = data

    def next_event(self) -> Event | None:
        """Return what the peer says next, or None where more has to arrive first.

        Raises:
            FrameError: The peer broke the rules; nothing can be read any more.
        """
        while True:
            data, at = self._data, self._at
            start, stop = self._bounds(data, at)
            if len(data) < stop:
                self._keep(stop - at)
                return None
            self._at = stop
            first = data[at]
            payload = _unmasked(data[start:stop], data[start - 4 : start], stop - start)
            if first == _WHOLE_TEXT:
                return _text(payload)
            if first == _WHOLE_BINARY:
                return payload
            if first & 0x08:
                return _control(first & 0x0F, payload)
            message = self._fragment(first, payload)
            if message is not None:
                return message

    def _bounds(self, data: bytes, at: int) -> tuple[int, int]:
        """Return where the payload of the frame at ``at`` begins and ends.

        Of a frame whose head is not there, the end is that of what is needed next.
        """
        there = len(data)
        if there < at + 2:
            return at, at + 2
        first, size = data[at], data[at + 1] - 0x80
        if (first != _WHOLE_TEXT and first != _WHOLE_BINARY) or size < 0 or self._opcode:
            self._check(first, size)
        start = at + 6
        if size >= _SHORTEST_LONG:
            start += 2 if size == _SHORTEST_LONG else 8
            if there < start - 4:
                return start, start - 4
            size = _from_bytes(data[at + 2 : start - 4], "big")
        if size > self._room and not first & 0x08:
            raise FrameError(TOO_BIG, "the message is too big")
        return start, start + size

    def _keep(self, need: int) -> None:
        """Keep what begins a frame, until there are ``need`` bytes of it."""
        if self._at < len(self._data):
            self._pending = bytearray(memoryview(self._data)[self._at :])
            self._need = need
        # The last segment may be large, and the peer silent from now on.
        self._data = b""
        self._at = 0

    def _check(self, first: int, size: int) -> None:
        """Look at a frame that is not a whole message after a whole message."""
        # "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values."
        if first & 0x70:
            raise FrameError(PROTOCOL_ERROR, "a reserved bit is set")
        # "The server MUST close the connection upon receiving a frame that is not masked."
        if size < 0:
            raise FrameError(PROTOCOL_ERROR, "a frame is not masked")
        opcode = first & 0x0F
        if opcode & 0x08:
            if opcode > _PONG:
                raise FrameError(PROTOCOL_ERROR, "a reserved opcode")
            if not first & _FIN or size >= _SHORTEST_LONG:
                raise FrameError(PROTOCOL_ERROR, "a control frame is fragmented or too long")
        elif opcode > _BINARY:
            raise FrameError(PROTOCOL_ERROR, "a reserved opcode")
        elif bool(opcode) == bool(self._opcode):
            raise FrameError(PROTOCOL_ERROR, "a fragment out of place")

    def _fragment(self, first: int, payload: bytes) -> Data | None:
        """Add a fragment to its message, and return that if it was the last."""
        if first & 0x0F:
            self._opcode = first & 0x0F
            self._message = bytearray()
            self._fragments = 0
        message = self._message
        assert message is not None, "_check sees to it"
        self._fragments += 1
        if self._fragments > _MOST_FRAGMENTS:
            raise FrameError(POLICY, "a message in too many fragments")
        message += payload
        self._room -= len(payload)
        if not first & _FIN:
            return None
        opcode = self._opcode
        self._opcode = 0
        self._message = None
        self._room = self._limit
        whole = bytes(message)
        return _text(whole) if opcode == _TEXT else whole


def _unmasked(payload: bytes, mask: bytes, size: int) -> bytes:
    # As two large numbers, which is the fastest way there is in Python alone.
    key = (mask * ((size + 3) >> 2))[:size]
    return (_from_bytes(payload, "little") ^ _from_bytes(key, "little")).to_bytes(size, "little")


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise FrameError(INVALID_TEXT, "text that is not UTF-8") from None


def _control(opcode: int, payload: bytes) -> Event:
    if opcode == _PING:
        return Ping(payload)
    if opcode == _PONG:
        return Pong(payload)
    if not payload:
        return Close(None, "")
    code = _from_bytes(payload[:2], "big")
    if len(payload) < 2 or not (code in _CODES or code in _OWN_CODES):
        raise FrameError(PROTOCOL_ERROR, "an impossible close code")
    return Close(code, _text(payload[2:]))


def message_frame(data: Data) -> bytes:
    """Return a whole message as one frame.

    Raises:
        UnicodeEncodeError: The text holds a lone surrogate, which has no form in UTF-8.
    """
    if isinstance(data, str):
        payload = data.encode()
        size = len(payload)
        if size < _SHORTEST_LONG:
            return _SHORT_TEXT[size] + payload
        return _head(_WHOLE_TEXT, size) + payload
    return _head(_WHOLE_BINARY, len(data)) + data


def ping_frame(payload: bytes = b"") -> bytes:
    """Return a ping, of 125 bytes at the most."""
    return bytes((_FIN | _PING, len(payload))) + payload


def pong_frame(payload: bytes) -> bytes:
    """Return the answer to a ping: "Identical Application data as found in the ... Ping frame"."""
    return bytes((_FIN | _PONG, len(payload))) + payload


def close_frame(code: int | None, reason: str = "") -> bytes:
    """Return a close frame; of the reason, what fits into a control frame."""
    payload = b""
    if code is not None:
        # Not in the middle of a character.
        text = reason.encode()[: _SHORTEST_LONG - 3].decode(errors="ignore").encode()
        payload = code.to_bytes(2, "big") + text
    return bytes((_FIN | _CLOSE, len(payload))) + payload


def _head(first: int, size: int) -> bytes:
    if size < _SHORTEST_LONG:
        return bytes((first, size))
    if size <= _TWO_BYTES:
        return bytes((first, 126)) + size.to_bytes(2, "big")
    return bytes((first, 127)) + size.to_bytes(8, "big")
