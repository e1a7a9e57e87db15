"""Compression of responses: which encoding a client takes, and the compressed response.

What lives here: a pure function; equal responses give equal bytes. Whether an answer may be
compressed at all is the caller's decision.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import replace

from .response import Header, Response

__all__ = ["compress"]

# Ours in order of preference, with the ``wbits`` that make zlib write them. The time in the gzip
# header is 0, and "deflate" means the zlib format (RFC 9110 section 8.4.1.2).
_ENCODINGS = {"gzip": 31, "deflate": 15}
# The fastest level: a polling answer is small, and whoever compresses it blocks the others.
_LEVEL = 1

_CODING = re.compile(
    r"\s*([!#$%&'*+.^_`|~0-9a-z-]+)\s*(?:;\s*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?"
)
# A field that names more encodings than this is read no further (SEC-45).
_MAX_CODINGS = 32
_VARY = "Accept-Encoding"


def compress(response: Response, accept_encoding: str | None, threshold: int) -> Response:
    """Return ``response`` compressed, if the client takes that and it makes the body smaller.

    Call it after every other header is set: it completes the ``Vary`` that is there.

    Args:
        response: The response; one that has a ``Content-Encoding`` is returned as it is.
        accept_encoding: The value of that field in the request, or None.
        threshold: The smallest body that is compressed, in bytes.
    """
    body = response.body
    if not body or len(body) < threshold or _is_encoded(response):
        return response
    headers = _with_vary(response.headers)
    encoding = _choose(accept_encoding or "")
    if encoding is not None:
        compressed = zlib.compress(body, _LEVEL, wbits=_ENCODINGS[encoding])
        if len(compressed) < len(body):
            body = compressed
            headers += (("Content-Encoding", encoding),)
    return replace(response, headers=headers, body=body)


def _is_encoded(response: Response) -> bool:
    return any(name.lower() == "content-encoding" for name, _ in response.headers)


def _with_vary(headers: tuple[Header, ...]) -> tuple[Header, ...]:
    # One field, because some frameworks keep only the last of two.
    fields = [value for name, value in headers if name.lower() == "vary"]
    rest = tuple(header for header in headers if header[0].lower() != "vary")
    return (*rest, ("Vary", ", ".join([*fields, _VARY])))


def _choose(accept_encoding: str) -> str | None:
    """Return the encoding of ours that the client likes best, None for the body as it is."""
    weights: dict[str, float] = {}
    for coding in accept_encoding.lower().split(",", _MAX_CODINGS):
        found = _CODING.fullmatch(coding)
        if found is not None:
            name = found[1].removeprefix("x-")
            weights[name] = float(found[2] or 1)
    others = weights.get("*", 0.0)
    best = max(_ENCODINGS, key=lambda name: weights.get(name, others))
    weight = weights.get(best, others)
    # Something else than what we have is asked for only if it is named.
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else None
