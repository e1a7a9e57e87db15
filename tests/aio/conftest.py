"""Every test of the shell runs twice: messages go the direct way, or the way of the engine."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.aio.served import Served

TRANSPORTS = ["polling", "websocket", "upgrade"]


@pytest.fixture(params=["direct", "traced"])
def serve(request: pytest.FixtureRequest) -> Callable[..., Served]:
    """Make a server: ``serve(option=value)``."""

    def make(**options: Any) -> Served:
        return Served(request.param == "traced", **options)

    return make


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> str:
    """How the client begins."""
    return str(request.param)


@pytest.fixture(params=["polling", "websocket"])
def carrier(request: pytest.FixtureRequest) -> str:
    """How the client begins, where an upgrade adds nothing."""
    return str(request.param)
