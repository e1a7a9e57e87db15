"""Long-polling through the view, where the entry points are still those of Django itself."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler

import pytest
from django.core.asgi import get_asgi_application
from django.core.exceptions import PermissionDenied
from django.core.servers.basehttp import ThreadedWSGIServer
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, modify_settings

import engineio
from django_engineio import eio
from engineio.testing import ASGINetwork, ConnectionRejected, LiveNetwork, Network
from engineio.testing import Client as EngineIOClient
from tests.django.site import plain

HEADERS = {"host": "testserver:80"}


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, *args: Any) -> None:
        """Write nothing."""


def reading(get_response: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Read the body of each request, as a middleware that checks a signature does."""

    def middleware(request: HttpRequest) -> HttpResponse:
        assert len(request.body) == int(request.headers.get("Content-Length") or 0)
        return get_response(request)

    return middleware


@contextmanager
def listening(application: Any) -> Iterator[LiveNetwork]:
    """Serve a WSGI application."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.set_app(application)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield LiveNetwork(*server.server_address)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def wsgi() -> Iterator[LiveNetwork]:
    """The project under Django's own WSGI application."""
    with listening(plain.wsgi) as network:
        yield network


@pytest.fixture(params=["wsgi", "asgi"])
def network(request: pytest.FixtureRequest) -> Network:
    """The project under either of Django's own applications."""
    if request.param == "asgi":
        return ASGINetwork(plain.asgi)
    wsgi: Network = request.getfixturevalue("wsgi")
    return wsgi


async def test_messages_go_both_ways(network: Network, caplog: pytest.LogCaptureFixture) -> None:
    ended: list[Any] = []
    eio.on_message(lambda sid, data: eio.send(sid, data))
    eio.on_disconnect(lambda sid, reason: ended.append(reason))

    async with EngineIOClient(network, headers=HEADERS) as client:
        for data in ("hello", b"\x00\x01", "€" * 100_000):
            await client.send(data)
            assert await client.receive() == data
    assert client.handshake["upgrades"] == []
    while not ended:  # noqa: ASYNC110  # nothing tells
        await asyncio.sleep(0.01)
    assert ended == [engineio.Reason.CLIENT_DISCONNECT]
    warnings = [each.message for each in caplog.records if each.name.endswith("_fallback")]
    assert len(warnings) <= 1, "once in a process"


@modify_settings(MIDDLEWARE={"append": "tests.django.test_fallback.reading"})
async def test_a_middleware_may_have_read_the_body() -> None:
    eio.on_message(lambda sid, data: eio.send(sid, data))
    with listening(get_wsgi_application()) as wsgi:
        for network in (wsgi, ASGINetwork(get_asgi_application())):
            async with EngineIOClient(network, headers=HEADERS) as client:
                for data in ("hello", "€" * 100_000):
                    await client.send(data)
                    assert await asyncio.wait_for(client.receive(), 5) == data


async def test_connect_decides_about_the_very_request(network: Network) -> None:
    """It has been through the middleware, and what is written into its session is kept."""

    @eio.on_connect
    def connected(sid: str, request: Any) -> None:
        request.session["sid"] = sid
        if "X-Banned" in request.headers:
            raise PermissionDenied

    async with EngineIOClient(network, headers=HEADERS) as client:
        browser = AsyncClient()
        browser.cookies.load(dict(client.cookies))
        answer = await browser.get("/who")
        assert answer.json() == {"sid": client.sid}
    with pytest.raises(ConnectionRejected, match="403"):
        await EngineIOClient(network, headers={**HEADERS, "X-Banned": "1"}).connect()


async def test_a_websocket_is_refused(wsgi: Network) -> None:
    """It is an ordinary request to the view, and its answer is the core's."""
    with pytest.raises(ConnectionRejected, match="400"):
        await EngineIOClient(wsgi, headers=HEADERS, transport="websocket").connect()


async def test_a_body_over_the_limit_is_refused(network: Network) -> None:
    ended: asyncio.Queue[engineio.Reason] = asyncio.Queue()

    @eio.on_disconnect
    async def gone(sid: str, reason: engineio.Reason) -> None:
        loop.call_soon_threadsafe(ended.put_nowait, reason)

    loop = asyncio.get_running_loop()
    async with EngineIOClient(network, headers=HEADERS) as client:
        with pytest.raises(engineio.testing.ConnectionClosed):
            await client.send("x" * 1_000_001)
        assert await ended.get() == engineio.Reason.PAYLOAD_TOO_LARGE


def test_the_test_client_of_django_reaches_it() -> None:
    answer = Client().get("/engine.io/", {"EIO": "4", "transport": "polling"})

    assert answer.status_code == 200
    packet = json.loads(b"".join(answer.streaming_content)[1:])
    assert eio.sids == [packet["sid"]]
    eio.disconnect()


def test_no_csrf_token_is_asked_for() -> None:
    url = "/engine.io/?EIO=4&transport=polling&sid=x"
    answer = Client(enforce_csrf_checks=True).post(url, "1", "text/plain")

    assert answer.status_code == 400
    assert b"".join(answer.streaming_content) == b'{"code":1,"message":"Session ID unknown"}'
