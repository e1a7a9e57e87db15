"""Requests as an aiohttp application has them: middlewares, limits, and clients that leave."""

import asyncio
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, make_mocked_request
from aiohttp.typedefs import Handler

import engineio
from aiohttp_engineio import setup
from aiohttp_engineio._http import request_of
from aiohttp_engineio.pytest_plugin import Connect
from aiohttp_engineio.testing import EngineIOTestClient
from engineio.testing import Client
from tests.aiohttp.running import serve, settled

USER = web.RequestKey("user", str)


async def test_middlewares_see_requests_and_answers(
    engineio_client: Connect, transport: str
) -> None:
    seen: list[Any] = []

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[USER] = "ada"
        response = await handler(request)
        seen.append(isinstance(response, web.WebSocketResponse) or not response.prepared)
        return response

    async def stamp(request: web.Request, response: web.StreamResponse) -> None:
        response.headers["X-Stamp"] = "1"

    app = web.Application(middlewares=[middleware])
    app.on_response_prepare.append(stamp)
    eio = setup(app)
    users: list[str] = []
    eio.on_connect(lambda sid, request: users.append(request[USER]))

    async with engineio_client(app, transport=transport) as client:
        assert client.response is not None
        assert client.response.header("X-Stamp") == "1"
    assert users == ["ada"]
    assert seen
    assert all(seen)


async def test_a_middleware_that_fails_ends_the_session(engineio_client: Connect) -> None:
    """The answer to a poll was never written, and nothing hangs because of it."""
    broken: list[bool] = []

    async def fail(request: web.Request, response: web.StreamResponse) -> None:
        if broken and request.method == "GET":
            raise web.HTTPServiceUnavailable

    app = web.Application()
    app.on_response_prepare.append(fail)
    eio = setup(app)
    reasons: asyncio.Queue[Any] = asyncio.Queue()

    @eio.on_disconnect
    async def gone(sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo) -> None:
        reasons.put_nowait((reason, info.undelivered))

    async with engineio_client(app) as client:
        broken.append(True)
        await eio.send(client.sid, "lost")
        async with asyncio.timeout(2):
            assert await reasons.get() == (engineio.Reason.TRANSPORT_ERROR, ("lost",))


async def test_the_limits_of_the_application_have_no_say(transport: str) -> None:
    """``client_max_size`` is smaller than ``max_payload`` here, and the other way round."""
    app = web.Application(client_max_size=10)
    eio = setup(app, max_payload=200_000)

    @eio.on_message
    async def received(sid: str, data: str) -> None:
        await eio.send(sid, str(len(data)))

    async with EngineIOTestClient(TestServer(app)) as http:
        client = await http.engineio_connect(transport=transport)
        await client.send("x" * 150_000)
        assert await client.receive() == "150000"


@pytest.mark.parametrize("cancels", [False, True], ids=["aiohttp says nothing", "it cancels"])
async def test_a_client_that_leaves_is_noticed_within_a_second(
    transport: str, cancels: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where the application was told to cancel handlers: ``handler_cancellation``."""
    app = web.Application()
    eio = setup(app)
    ended: asyncio.Queue[Any] = asyncio.Queue()

    @eio.on_disconnect
    async def gone(sid: str, reason: engineio.Reason) -> None:
        ended.put_nowait(reason)

    runner, network = await serve(app, handler_cancellation=cancels)
    client = Client(network, transport=transport)  # type: ignore[arg-type]  # one of the literals
    await client.connect()
    await settled(eio, client.sid, transport)
    client.abort()
    async with asyncio.timeout(1):
        reason = await ended.get()
    await client.close()
    await runner.cleanup()
    over = engineio.Reason.TRANSPORT_ERROR if transport == "polling" else "transport close"
    assert reason == over
    assert caplog.records == []


@pytest.mark.parametrize("query", ["EIO=4&transport=polling&a=%C3%A9", "EIO=4&transport=polling#x"])
async def test_odd_queries(query: str) -> None:
    app = web.Application()
    # Nobody will ask for the close packet.
    setup(app, shutdown_timeout=0.1)

    async with EngineIOTestClient(TestServer(app)) as http:
        assert (await http.get(f"/engine.io/?{query}")).status == 200


def test_a_target_that_is_not_ascii() -> None:
    """It is passed on byte by byte, for the core to judge."""
    request = make_mocked_request("GET", "/engine.io/?a=\xe9\udcff", app=web.Application())

    assert request_of(request).query == "a=\xc3\xa9\xff"
