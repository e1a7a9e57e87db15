"""What the tests of aiohttp-engineio share."""

import pytest


@pytest.fixture(params=["polling", "websocket"])
def transport(request: pytest.FixtureRequest) -> str:
    """How the client begins."""
    return str(request.param)
