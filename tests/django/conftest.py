"""What the tests of django-engineio share: a project with a database, and its default server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test.utils import (
    setup_databases,
    setup_test_environment,
    teardown_databases,
    teardown_test_environment,
)

import tests.django.project  # noqa: F401  # it is what everything here needs
from django_engineio import EngineIO
from django_engineio import eio as default

# Other packages have a fixture of this name too; here it is that of Django.
from django_engineio.pytest_plugin import engineio_client

__all__ = ["engineio_client"]


@pytest.fixture(scope="session", autouse=True)
def project() -> Iterator[None]:
    """The project's test environment and database."""
    setup_test_environment(debug=False)
    databases = setup_databases(verbosity=0, interactive=False)
    yield
    teardown_databases(databases, verbosity=0)
    teardown_test_environment()


@pytest.fixture(autouse=True)
def eio() -> Iterator[EngineIO]:
    """The default server, without handlers before and after each test."""
    yield default
    default.handlers._handlers.clear()
    default.handlers._hooks.clear()
    default.engine = None


@pytest.fixture(params=["polling", "websocket"])
def transport(request: pytest.FixtureRequest) -> str:
    """How the client begins."""
    return str(request.param)
