"""Fixtures for pytest, which finds them by itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeAlias

import pytest

from engineio.testing import Client

__all__ = ["Connect", "engineio_client"]

Connect: TypeAlias = Callable[..., AbstractAsyncContextManager[Client]]
"""The type of `fastapi_engineio.testing.connect`."""


@pytest.fixture
def engineio_client() -> Connect:
    """Return what opens a session for the length of a block: `fastapi_engineio.testing.connect`.

    Example::

        async def test_echo(engineio_client):
            async with engineio_client(app, transport="websocket") as client:
                await client.send("hello")
                assert await client.receive() == "hello"
    """
    from .testing import connect  # noqa: PLC0415  # it needs httpx, and pytest loads this module for every project

    return connect
