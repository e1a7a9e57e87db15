"""What the tests of tornado-engineio share."""

import pytest

# Other packages have a fixture of this name too; here it is that of Tornado.
from tornado_engineio.pytest_plugin import engineio_client

__all__ = ["engineio_client", "transport"]


@pytest.fixture(params=["polling", "websocket"])
def transport(request: pytest.FixtureRequest) -> str:
    """How the client begins."""
    return str(request.param)
