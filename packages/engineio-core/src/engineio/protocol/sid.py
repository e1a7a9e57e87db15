"""Session ids: bearer secrets of 128 random bits (design.md 2.8: random, without a counter)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Container

from ..http.request import Request
from . import rejections
from .rejections import Rejected

__all__ = ["generate_sid", "hashed_sid", "new_sid"]


def generate_sid() -> str:
    """Return 128 random bits as 22 characters of unpadded base64url."""
    return secrets.token_urlsafe(16)


def new_sid(generate: Callable[[Request], str], request: Request, taken: Container[str]) -> str:
    """Return the sid that the application makes for a new session.

    Args:
        generate: The application's ``generate_id``.
        request: The handshake.
        taken: The sids that are in use.

    Raises:
        Rejected: The application's function failed, or what it returned cannot be a new sid.
    """
    try:
        sid = generate(request)
    except Exception as error:
        raise Rejected(rejections.ID_GENERATION) from error
    if not isinstance(sid, str) or not sid or sid in taken:
        raise Rejected(rejections.ID_GENERATION)
    return sid


def hashed_sid(sid: str) -> str:
    """Return what logs may show of a sid: eight hexadecimal digits of its SHA-256.

    A sid is a bearer secret ("never log it in full"), so a log shows enough to follow one session
    and nothing that could be used as one.
    """
    return hashlib.sha256(sid.encode("utf-8", "surrogatepass")).hexdigest()[:8]
