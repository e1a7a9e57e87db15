"""The bytes on the wire: WebSocket frames (RFC 6455) and HTTP/1.1, as little as a load needs.

What lives here is pure. It does not check what a client for users must check (masks of the server,
reserved bits, fragments): the servers under load are known, and the load must cost less than they.
"""

from __future__ import annotations

import struct

TEXT = 0x1
CLOSE = 0x8
PING = 0x9
PONG = 0xA
SEPARATOR = b"\x1e"

_MASK = b"\x12\x34\x56\x78"
_USER_AGENT = "engineio-benchmarks"
# Any 16 bytes do: nobody checks the answer to it.
_WEBSOCKET_KEY = "ZW5naW5laW8tYmVuY2htYQ=="


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """One whole masked frame of a client, for up to 65 535 bytes."""
    if len(payload) < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | len(payload))
    else:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, len(payload))
    # One constant mask for all frames: they are made once and sent a million times.
    masked = bytes(byte ^ _MASK[index % 4] for index, byte in enumerate(payload))
    return head + _MASK + masked


def split_frames(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The complete frames of a server (opcode, payload) at the start of ``data``, and the rest."""
    frames = []
    at, end = 0, len(data)
    while end - at >= 2:
        size, start = data[at + 1], at + 2
        if size >= 126:
            start = at + (4 if size == 126 else 10)
            if end < start:
                break
            size = int.from_bytes(data[at + 2 : start], "big")
        if end < start + size:
            break
        frames.append((data[at] & 0x0F, data[start : start + size]))
        at = start + size
    return frames, data[at:]


def upgrade_request(port: int) -> bytes:
    """The opening handshake of a WebSocket session, as a page of the same origin sends it."""
    return _head(
        f"GET {_path('websocket')} HTTP/1.1",
        port,
        "Connection: Upgrade",
        "Upgrade: websocket",
        f"Sec-WebSocket-Key: {_WEBSOCKET_KEY}",
        "Sec-WebSocket-Version: 13",
    )


def get_request(port: int, sid: str = "") -> bytes:
    """A handshake over polling, or a poll of the session ``sid``."""
    return _head(f"GET {_path('polling', sid)} HTTP/1.1", port)


def post_request(port: int, sid: str, body: bytes) -> bytes:
    """A polling request that sends the payload ``body``."""
    return (
        _head(
            f"POST {_path('polling', sid)} HTTP/1.1",
            port,
            "Content-Type: text/plain;charset=UTF-8",
            f"Content-Length: {len(body)}",
        )
        + body
    )


def split_response(data: bytes) -> tuple[int, bytes] | None:
    """Status and body of the one HTTP response in ``data``, or None while it is incomplete."""
    head_end = data.find(b"\r\n\r\n")
    if head_end < 0:
        return None
    status = int(data[9:12])
    head = data[:head_end].lower()
    start = head_end + 4
    if b"\r\ntransfer-encoding: chunked" in head:
        body = _split_chunks(data, start)
        return None if body is None else (status, body)
    _, found, length = head.partition(b"\r\ncontent-length:")
    size = int(length.partition(b"\r\n")[0]) if found else 0
    return None if len(data) < start + size else (status, data[start : start + size])


def _split_chunks(data: bytes, at: int) -> bytes | None:
    body = b""
    while (line_end := data.find(b"\r\n", at)) >= 0:
        size = int(data[at:line_end], 16)
        at = line_end + 2 + size + 2
        if len(data) < at:
            return None
        if size == 0:
            return body
        body += data[line_end + 2 : at - 2]
    return None


def _path(transport: str, sid: str = "") -> str:
    return f"/engine.io/?EIO=4&transport={transport}" + (f"&sid={sid}" if sid else "")


def _head(request_line: str, port: int, *fields: str) -> bytes:
    lines = (
        request_line,
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        f"User-Agent: {_USER_AGENT}",
        "Accept: */*",
        *fields,
    )
    return "\r\n".join((*lines, "", "")).encode()
