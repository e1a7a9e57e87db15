"""Requests as a Sanic application has them: middlewares, limits, and clients that leave."""

import asyncio
from typing import Any

import pytest
from sanic import HTTPResponse, Request, text

import engineio
from engineio.testing import Client
from sanic_engineio import EngineIO
from sanic_engineio.pytest_plugin import Connect
from sanic_engineio.testing import EngineIOTestClient, serve
from tests.sanic.running import new_app, settled


async def test_response_middleware_sees_answers(engineio_client: Connect) -> None:
    app = new_app()

    @app.on_response
    async def stamp(request: Request, response: HTTPResponse) -> None:
        response.headers["X-Stamp"] = "1"

    EngineIO(app)

    async with engineio_client(app) as client:
        assert client.response is not None
        assert client.response.header("X-Stamp") == "1"


async def test_other_origins_are_a_matter_of_one_option() -> None:
    """sanic-ext adds what it allows to all answers; these here have a rule of their own."""
    app = new_app(AUTO_EXTEND=True, CORS_ORIGINS="*")
    app.extend()
    EngineIO(app, path="/strict/", name="strict")
    EngineIO(
        app, path="/open/", name="open", cors_allowed_origins=["http://a.test", "http://b.test"]
    )

    async with EngineIOTestClient(app) as http:
        origin = {"Origin": "http://a.test"}
        strict = await http.request("GET", "/strict/?EIO=4&transport=polling", headers=origin)
        assert strict.status == 403
        assert not [name for name, _ in strict.headers if name.startswith("access-control-")]
        opened = await http.request("GET", "/open/?EIO=4&transport=polling", headers=origin)
        assert opened.status == 200
        assert opened.header("Access-Control-Allow-Origin") == "http://a.test"


async def test_a_middleware_that_answers_in_our_place_ends_the_session(
    engineio_client: Connect,
) -> None:
    """The answer to a poll never gets to the client, and nothing hangs because of it."""
    broken: list[bool] = []
    app = new_app()

    @app.on_response
    async def replace(request: Request, response: HTTPResponse) -> HTTPResponse | None:
        return text("in its place", 503) if broken and request.method == "GET" else None

    eio = EngineIO(app)
    reasons: asyncio.Queue[Any] = asyncio.Queue()

    @eio.on_disconnect
    async def gone(sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo) -> None:
        reasons.put_nowait((reason, info.undelivered))

    async with engineio_client(app) as client:
        await settled(eio, client.sid, "polling")
        broken.append(True)
        await eio.send(client.sid, "lost")
        async with asyncio.timeout(2):
            assert await reasons.get() == (engineio.Reason.TRANSPORT_ERROR, ("lost",))


async def test_the_limits_of_the_application_have_no_say(transport: str) -> None:
    """``REQUEST_MAX_SIZE`` and ``WEBSOCKET_MAX_SIZE`` are smaller than ``max_payload`` here."""
    app = new_app(REQUEST_MAX_SIZE=1_000, WEBSOCKET_MAX_SIZE=1_000)
    eio = EngineIO(app, max_payload=200_000)

    @eio.on_message
    async def received(sid: str, data: str) -> None:
        await eio.send(sid, str(len(data)))

    async with EngineIOTestClient(app) as http:
        client = await http.engineio_connect(transport=transport)
        await client.send("x" * 150_000)
        assert await client.receive() == "150000"


async def test_a_client_that_leaves_is_noticed_at_once(
    transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = new_app()
    eio = EngineIO(app)
    ended: asyncio.Queue[Any] = asyncio.Queue()

    @eio.on_disconnect
    async def gone(sid: str, reason: engineio.Reason) -> None:
        ended.put_nowait(reason)

    async with serve(app) as network:
        client = Client(network, transport=transport)  # type: ignore[arg-type]  # one of the literals
        await client.connect()
        await settled(eio, client.sid, transport)
        caplog.clear()
        client.abort()
        async with asyncio.timeout(1):
            reason = await ended.get()
        await client.close()
    over = engineio.Reason.TRANSPORT_ERROR if transport == "polling" else "transport close"
    assert reason == over
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
