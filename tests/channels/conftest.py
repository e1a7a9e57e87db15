"""What the tests of channels-engineio share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django
import pytest
from channels.layers import get_channel_layer
from django.conf import settings
from django.test.utils import override_settings, setup_databases, teardown_databases


@pytest.fixture(scope="session", autouse=True)
def project() -> Iterator[None]:
    """A Django project. A process has only one, so that of another package's tests serves too."""
    if not settings.configured:
        settings.configure(
            SECRET_KEY="of a test",
            ROOT_URLCONF="tests.channels.test_router",
            INSTALLED_APPS=[
                "django.contrib.auth",
                "django.contrib.contenttypes",
                "django.contrib.sessions",
            ],
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        )
        django.setup(set_prefix=False)
    with override_settings(ALLOWED_HOSTS=["testserver", "127.0.0.1"]):
        yield


@pytest.fixture(scope="session")
def database(project: None) -> Iterator[None]:
    """The tables of users and sessions."""
    # Kept, because it may be that of another package's tests, which destroy it themselves.
    databases = setup_databases(verbosity=0, interactive=False, keepdb=True)
    yield
    teardown_databases(databases, verbosity=0, keepdb=True)


@pytest.fixture(params=["polling", "websocket", "upgrade"])
def transport(request: pytest.FixtureRequest) -> Any:
    """How the client begins."""
    return request.param


@pytest.fixture
def layer() -> Iterator[Any]:
    """The channel layer, in memory."""
    backend = {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    with override_settings(CHANNEL_LAYERS={"default": backend}):
        yield get_channel_layer()
