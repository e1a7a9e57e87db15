"""The polling payloads of both revisions, written down a second time for the client's side.

Independent of the server's codecs on purpose: a scenario must not agree with the server by sharing
its mistake.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

__all__ = [
    "JSONP",
    "JSONP_V3",
    "SEPARATOR",
    "V3",
    "V4",
    "Codec",
    "base64_packet",
    "decode_v3",
    "decode_v3_binary",
    "encode_v3",
    "encode_v3_binary",
    "join",
    "jsonp_form",
    "split",
    "unwrap_jsonp",
    "utf16_length",
]

SEPARATOR = "\x1e"
"""What stands between the packets of an EIO 4 payload."""


def join(packets: Iterable[str]) -> bytes:
    """Return an EIO 4 payload."""
    return SEPARATOR.join(packets).encode()


def split(payload: bytes) -> list[str]:
    """Return the packets of an EIO 4 payload."""
    return payload.decode().split(SEPARATOR)


def base64_packet(data: bytes) -> str:
    """Return a binary message as EIO 4 polling carries it."""
    return "b" + base64.b64encode(data).decode()


def utf16_length(text: str) -> int:
    """Return the length of ``text`` as JavaScript counts it."""
    return len(text.encode("utf-16-le")) // 2


def encode_v3(packets: Iterable[str]) -> bytes:
    """Return an EIO 3 payload in its text form: ``<length>:<packet>`` repeated."""
    return "".join(f"{utf16_length(packet)}:{packet}" for packet in packets).encode()


def decode_v3(payload: bytes) -> list[str]:
    """Return the packets of an EIO 3 payload in its text form."""
    units = payload.decode().encode("utf-16-le")
    packets = []
    while units:
        colon = units.index(":".encode("utf-16-le"))
        size = int(units[:colon].decode("utf-16-le"))
        start = colon + 2
        assert len(units) >= start + 2 * size, "the length goes beyond the payload"
        packets.append(units[start : start + 2 * size].decode("utf-16-le"))
        units = units[start + 2 * size :]
    return packets


def encode_v3_binary(packets: Sequence[str | bytes]) -> bytes:
    """Return an EIO 3 payload in its binary form; bytes are the data of a binary message."""
    payload = bytearray()
    for packet in packets:
        content = packet.encode() if isinstance(packet, str) else b"\x04" + packet
        digits = bytes(int(digit) for digit in str(len(content)))
        payload += bytes([isinstance(packet, bytes)]) + digits + b"\xff" + content
    return bytes(payload)


def decode_v3_binary(payload: bytes) -> list[str | bytes]:
    """Return the packets of an EIO 3 payload in its binary form; bytes for binary messages."""
    packets: list[str | bytes] = []
    rest = payload
    while rest:
        end = rest.index(b"\xff")
        size = int("".join(map(str, rest[1:end])))
        content = rest[end + 1 : end + 1 + size]
        assert len(content) == size, "the length goes beyond the payload"
        packets.append(content[1:] if rest[0] else content.decode())
        rest = rest[end + 1 + size :]
    return packets


def unwrap_jsonp(script: bytes) -> tuple[str, bytes]:
    """Return the index and the payload of a JSONP answer: ``___eio[0]("...");``."""
    match = re.fullmatch(r'___eio\[(\d+)\]\((".*")\);', script.decode(), re.DOTALL)
    assert match is not None, f"no JSONP: {script!r}"
    return match[1], json.loads(match[2]).encode()


def jsonp_form(payload: bytes) -> bytes:
    """Return a payload as the form that JSONP clients post."""
    # The client escapes newlines, because a form would turn them into CR LF.
    text = payload.decode().replace("\\n", "\\\\n").replace("\n", "\\n")
    return b"d=" + quote(text, safe="").encode()


@dataclass(frozen=True, slots=True)
class Codec:
    """How a polling session encodes its packets.

    Attributes:
        join: Makes the body of a POST.
        split: Reads the body of a poll's answer.
        content_type: The media type of a POST.
        fields: What a browser adds to each request of such a session.
    """

    join: Callable[[Iterable[str]], bytes]
    split: Callable[[bytes], list[str]]
    content_type: str = "text/plain;charset=UTF-8"
    fields: Sequence[tuple[str, str]] = ()


# Browsers send no Origin with a script, but they tell where it is used.
_SCRIPT_FIELDS = (("Sec-Fetch-Site", "same-origin"), ("Referer", "http://127.0.0.1/page"))

V4 = Codec(join, split)
V3 = Codec(encode_v3, decode_v3)
JSONP = Codec(
    lambda packets: jsonp_form(join(packets)),
    lambda script: split(unwrap_jsonp(script)[1]),
    "application/x-www-form-urlencoded",
    _SCRIPT_FIELDS,
)
JSONP_V3 = Codec(
    lambda packets: jsonp_form(encode_v3(packets)),
    lambda script: decode_v3(unwrap_jsonp(script)[1]),
    "application/x-www-form-urlencoded",
    _SCRIPT_FIELDS,
)
