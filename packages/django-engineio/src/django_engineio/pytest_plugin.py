"""Fixtures for pytest, which finds them by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

if TYPE_CHECKING:
    from .testing import EngineIOClient

__all__ = ["Connect", "engineio_client"]

Connect: TypeAlias = "Callable[..., EngineIOClient]"
"""Opens a session; its arguments are those of `django_engineio.testing.EngineIOClient`."""


@pytest.fixture
def engineio_client() -> Iterator[Connect]:
    """Return what opens sessions, which are closed with the test.

    Example::

        def test_echo(engineio_client, admin_client):
            chat = engineio_client(client=admin_client, transport="websocket")
            chat.send("hello")
            assert chat.receive() == "hello"
    """
    from .testing import EngineIOClient  # noqa: PLC0415  # pytest loads this module without Django

    with ExitStack() as clients:

        def connect(**options: Any) -> EngineIOClient:
            return clients.enter_context(EngineIOClient(**options))

        yield connect
