"""Clients that are turned away, and what they read."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.types import ASGIApp

from engineio.testing import Answer, ConnectionRejected
from fastapi_engineio.testing import connect

__all__ = ["refused"]


async def refused(app: ASGIApp, **options: Any) -> Answer:
    """Return the answer that refuses a client."""
    with pytest.raises(ConnectionRejected) as rejected:
        async with connect(app, **options):
            pass
    assert rejected.value.answer is not None
    return rejected.value.answer
