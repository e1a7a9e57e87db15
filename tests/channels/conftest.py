"""What the tests of channels-engineio share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from channels.layers import get_channel_layer
from django.core.management import call_command
from django.test.utils import override_settings

from tests.support import django_project

django_project.set_up()


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


@pytest.fixture(scope="session")
def database() -> None:
    """The tables of users and sessions."""
    call_command("migrate", verbosity=0)
