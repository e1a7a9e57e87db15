"""Requests from other pages: one option rules, whatever else is set in the application."""

from typing import Any

import pytest
import tornado.web

from engineio.testing import ConnectionRejected
from tornado_engineio import EngineIO, EngineIOHandler
from tornado_engineio.testing import EngineIOTestServer

PAGE = "https://page.example"
# `cross_origin_protection` is there from Tornado 6.6 on; before, it is a setting like any other.
PROTECTED: dict[str, Any] = {
    "xsrf_cookies": True,
    "cross_origin_protection": True,
    "cookie_secret": "a secret that is one in these tests alone",
}
BROWSER = {"Origin": PAGE, "Sec-Fetch-Site": "cross-site"}


def echo(handler: type[EngineIOHandler] = EngineIOHandler, **options: Any) -> Any:
    """An application with all of Tornado's protection switched on."""
    eio = EngineIO(**options)

    @eio.on_message
    async def received(sid: str, data: str) -> None:
        await eio.send(sid, data)

    return tornado.web.Application(eio.routes(handler=handler), **PROTECTED)


async def test_an_origin_that_the_option_allows(transport: str) -> None:
    """Its POST requests have no XSRF token, and are served."""
    async with EngineIOTestServer(echo(cors_allowed_origins=[PAGE])) as server:
        client = await server.engineio_connect(transport=transport, headers=BROWSER)
        await client.send("hello")
        assert await client.receive() == "hello"


async def test_one_that_it_does_not(transport: str) -> None:
    async with EngineIOTestServer(echo()) as server:
        with pytest.raises(ConnectionRejected) as refused:
            await server.engineio_connect(transport=transport, headers=BROWSER)
        assert refused.value.status == 403
        assert refused.value.answer is not None
        assert refused.value.answer.json()["code"] == 4


async def test_the_origin_of_the_server_itself(transport: str) -> None:
    async with EngineIOTestServer(echo()) as server:
        headers = {"Origin": server.url("")}
        client = await server.engineio_connect(transport=transport, headers=headers)
        await client.send("hello")
        assert await client.receive() == "hello"


async def test_a_subclass_may_refuse_more(transport: str) -> None:
    """``check_origin`` counts on both transports, and is not asked about pages of the server."""
    asked: list[str] = []

    class Strict(EngineIOHandler):
        def check_origin(self, origin: str) -> bool:
            asked.append(origin)
            return False

    async with EngineIOTestServer(echo(Strict, cors_allowed_origins="*")) as server:
        await server.engineio_connect(transport=transport, headers={"Origin": server.url("")})
        assert asked == []
        with pytest.raises(ConnectionRejected, match="403"):
            await server.engineio_connect(transport=transport, headers=BROWSER)
    assert asked == [PAGE]


async def test_a_preflight_is_answered_by_the_core() -> None:
    async with EngineIOTestServer(echo(cors_allowed_origins=[PAGE])) as server:
        headers = {**BROWSER, "Access-Control-Request-Method": "POST"}
        answer = await server.fetch("/engine.io/?EIO=4", method="OPTIONS", headers=headers)
    assert answer.code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE


async def test_header_fields_of_the_application_are_not_doubled() -> None:
    """Many applications set these for all of their handlers."""

    class Open(EngineIOHandler):
        def set_default_headers(self) -> None:
            self.set_header("Access-Control-Allow-Origin", "*")
            self.set_header("Vary", "Cookie")
            self.set_header("X-Served-By", "a")

    async with EngineIOTestServer(echo(Open, cors_allowed_origins=[PAGE])) as server:
        client = await server.engineio_connect(headers=BROWSER)
    assert client.response is not None
    fields = [value for name, value in client.response.headers if name.startswith("access-")]
    assert fields[:1] == [PAGE]
    assert "*" not in fields
    vary = [value for name, value in client.response.headers if name == "vary"]
    assert {"Cookie", "Origin"} <= set(vary)
    assert client.response.header("X-Served-By") == "a"
