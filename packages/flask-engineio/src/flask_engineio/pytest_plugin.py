"""Fixtures for pytest, which finds them by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, TypeAlias

import flask
import pytest

from ._registry import EXTENSION
from .testing import EngineIOTestClient

__all__ = ["Connect", "engineio_client"]

Connect: TypeAlias = Callable[..., EngineIOTestClient]
"""The type of the fixture: the arguments are those of `flask_engineio.EngineIO.test_client`."""


@pytest.fixture
def engineio_client() -> Iterator[Connect]:
    """Return what opens a session until the test is over: ``engineio_client(app, ...)``.

    Example::

        def test_echo(app, engineio_client):
            client = engineio_client(app, transport="websocket")
            client.send("hello")
            assert client.receive() == "hello"
    """
    with ExitStack() as opened:

        def connect(
            app: flask.Flask, flask_test_client: Any = None, **options: Any
        ) -> EngineIOTestClient:
            eio = app.extensions[EXTENSION]
            return opened.enter_context(EngineIOTestClient(eio, app, flask_test_client, **options))

        yield connect
