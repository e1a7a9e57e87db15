"""gevent: WebSocket too, and coroutine functions are refused before they can do harm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

import engineio
from django_engineio import eio
from django_engineio._wsgi_engine import WSGIEngine
from engineio.testing import Client, LiveNetwork
from tests.django.running import run, serving

_SITE = "tests.django.site"
GUNICORN = f"gunicorn -k gevent --bind=127.0.0.1:{{port}} {_SITE}.greenlets"


@pytest.mark.deploy
async def test_gunicorn_with_gevent(tmp_path: Path) -> None:
    environment = {"TEST_DATABASE": str(tmp_path / "site.sqlite3")}
    run(f"django migrate --settings={_SITE}.settings", environment)
    transports: tuple[Any, ...] = ("polling", "websocket", "upgrade")
    with serving(GUNICORN, environment, tmp_path / "log") as program:
        for transport in transports:
            network = LiveNetwork("127.0.0.1", program.port)
            async with Client(network, transport=transport) as client:
                await client.send("hello")
                assert await client.receive() == "1 hello"
    assert program.process.returncode == 0
    assert "Traceback" not in program.log.read_text()


@override_settings(ENGINEIO={"ASYNC_MODE": "gevent"})
def test_coroutine_functions_are_refused_at_once() -> None:
    async def received(sid: str, data: str) -> None:
        """Take nothing."""

    eio.engine = WSGIEngine(eio)
    with pytest.raises(engineio.ConfigError, match=r"'message' is a coroutine function.* gevent"):
        eio.on_message(received)
    eio.engine = None
    eio.on_message(received)
    with pytest.raises(engineio.ConfigError, match="make it a plain one, or serve ASGI"):
        WSGIEngine(eio)
