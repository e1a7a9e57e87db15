"""Session ids: bearer secrets of 128 random bits (design.md 2.8: random, without a counter)."""

from __future__ import annotations

import hashlib
import secrets

__all__ = ["generate_sid", "hashed_sid"]


def generate_sid() -> str:
    """Return 128 random bits as 22 characters of unpadded base64url."""
    return secrets.token_urlsafe(16)


def hashed_sid(sid: str) -> str:
    """Return what logs may show of a sid: eight hexadecimal digits of its SHA-256.

    A sid is a bearer secret ("never log it in full"), so a log shows enough to follow one session
    and nothing that could be used as one.
    """
    return hashlib.sha256(sid.encode("utf-8", "surrogatepass")).hexdigest()[:8]
