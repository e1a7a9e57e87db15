"""Signals: what a Sanic application hears of clients without being asked."""

import asyncio
from typing import Any

import pytest
from sanic import Blueprint

import engineio
from engineio.testing import Client, ConnectionRejected
from sanic_engineio import EngineIO, signals
from sanic_engineio.testing import serve
from tests.sanic.running import new_app


async def test_the_begin_and_the_end_of_a_client(transport: Any) -> None:
    app = new_app()
    eio = EngineIO(app)
    heard: list[Any] = []
    statistics = Blueprint("statistics")

    @app.signal(signals.CLIENT_CONNECTED)
    async def connected(**context: Any) -> None:
        heard.append(context)

    @statistics.signal(signals.CLIENT_DISCONNECTED)
    def disconnected(engineio: EngineIO, sid: str, info: engineio.DisconnectInfo) -> None:
        heard.append((engineio, sid, info.reason))

    app.blueprint(statistics)
    async with serve(app) as network, Client(network, transport=transport) as client:
        sid = client.sid
        await eio.disconnect(sid)
        await client.wait_closed()

    assert heard == [
        {"engineio": eio, "sid": sid},
        (eio, sid, engineio.Reason.SERVER_DISCONNECT),
    ]


async def test_a_client_that_is_refused_is_none(transport: Any) -> None:
    app = new_app()
    eio = EngineIO(app)
    eio.on_connect(lambda sid, request: False)
    heard: list[Any] = []
    for event in (signals.CLIENT_CONNECTED, signals.CLIENT_DISCONNECTED):
        app.add_signal(lambda **context: heard.append(context), event)

    async with serve(app) as network:
        with pytest.raises(ConnectionRejected):
            await Client(network, transport=transport).connect()

    assert heard == []


async def test_the_end_of_the_server_waits_for_handlers(transport: Any) -> None:
    app = new_app()
    EngineIO(app)
    heard: list[Any] = []

    @app.signal(signals.CLIENT_DISCONNECTED)
    async def disconnected(info: engineio.DisconnectInfo, **context: Any) -> None:
        await asyncio.sleep(0.3)
        heard.append(info.reason)

    async with serve(app) as network:
        client = Client(network, transport=transport)
        await client.connect()

    await client.close()
    assert heard == [engineio.Reason.SERVER_SHUTDOWN]


async def test_a_handler_that_fails_is_logged_and_harms_nobody(
    transport: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = new_app()
    eio = EngineIO(app)
    eio.on_message(eio.send)

    @app.signal(signals.CLIENT_CONNECTED)
    async def connected(**context: Any) -> None:
        raise LookupError("no such table")

    async with serve(app) as network, Client(network, transport=transport) as client:
        await client.send("hello")
        assert await client.receive() == "hello"

    assert "no such table" in caplog.text
