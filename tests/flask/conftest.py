"""What the tests of flask-engineio share."""

import flask
import pytest

# Other packages have a fixture of this name too; here it is that of Flask.
from flask_engineio.pytest_plugin import engineio_client

__all__ = ["app", "engineio_client", "transport"]


@pytest.fixture(params=["polling", "websocket"])
def transport(request: pytest.FixtureRequest) -> str:
    """How the client begins."""
    return str(request.param)


@pytest.fixture
def app() -> flask.Flask:
    """An application that can sign its session cookie."""
    app = flask.Flask(__name__)
    app.secret_key = "of the tests"
    return app
