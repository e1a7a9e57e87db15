"""JSONP: polling through script elements and forms, for old clients (protocol.md section 9).

What lives here: the two wrappings around a payload. What the payload holds is the codec's business,
and whether JSONP is served at all the handshake's.
"""

from __future__ import annotations

import json
import re
from urllib.parse import unquote_to_bytes

from ..errors import PacketError

__all__ = ["index_of", "unwrap", "wrap"]

_INDEX = re.compile(r"[0-9]{1,9}")
_FIELD = re.compile(rb"(?:^|&)d=([^&]*)")
_NEWLINE = re.compile(rb"\\?\\n")
# Legal in JSON but the end of a line in older JavaScript, and what could end the script element.
_ESCAPES = (("\u2028", "\\u2028"), ("\u2029", "\\u2029"), ("<", "\\u003c"))


def index_of(value: str) -> str:
    """Return the callback index in the parameter ``j``.

    Raises:
        PacketError: It is anything but one to nine ASCII digits: only those ever reach a script.
    """
    if _INDEX.fullmatch(value) is None:
        raise PacketError("invalid JSONP index")
    return value


def wrap(index: str, payload: str) -> bytes:
    """Return the script that hands ``payload`` to the callback ``index``, a result of `index_of`.

    Raises:
        UnicodeEncodeError: The payload holds a lone surrogate, which has no form in UTF-8.
    """
    literal = json.dumps(payload, ensure_ascii=False)
    for character, escape in _ESCAPES:
        literal = literal.replace(character, escape)
    return f"___eio[{index}]({literal});".encode()


def unwrap(body: bytes) -> bytes:
    """Return the payload in a form that a client posted, the field ``d``.

    "Escaped newline (backslash n) becomes newline, doubly escaped one becomes backslash n."

    Raises:
        PacketError: There is not exactly one such field, or it is empty.
    """
    match _FIELD.findall(body):
        case [value] if value:
            payload = unquote_to_bytes(value.replace(b"+", b" "))
            return _NEWLINE.sub(lambda found: b"\n" if len(found[0]) == 2 else b"\\n", payload)
    raise PacketError("a JSONP form without exactly one payload")
