"""Fixtures for pytest, which finds them by itself."""

from __future__ import annotations

import pytest

from .testing import EngineIOCommunicator

__all__ = ["engineio_communicator"]


@pytest.fixture
def engineio_communicator() -> type[EngineIOCommunicator]:
    """Return `channels_engineio.testing.EngineIOCommunicator`, to be entered and left.

    Example::

        async def test_echo(engineio_communicator):
            async with engineio_communicator(application, transport="websocket") as communicator:
                await communicator.send_to("hello")
                assert await communicator.receive_from() == "hello"
    """
    return EngineIOCommunicator
