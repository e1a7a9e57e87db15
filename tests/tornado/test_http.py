"""Requests as a Tornado application has them: settings, bodies, and clients that leave."""

import asyncio
import gzip
import logging
from typing import Any

import pytest
import tornado.web

import engineio
from engineio.testing import Client
from tornado_engineio import EngineIO, EngineIOHandler
from tornado_engineio.pytest_plugin import Connect
from tornado_engineio.testing import EngineIOTestServer


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_a_client_that_leaves_is_noticed_at_once(
    transport: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    eio = EngineIO()
    ended: asyncio.Queue[Any] = asyncio.Queue()

    @eio.on_disconnect
    async def gone(sid: str, reason: engineio.Reason) -> None:
        ended.put_nowait(reason)

    async with EngineIOTestServer(tornado.web.Application(eio.routes())) as server:
        client = server.client(transport=transport)
        await client.connect()
        await parked(eio, client)
        client.abort()
        async with asyncio.timeout(1):
            reason = await ended.get()
        await client.close()
    assert reason == ("transport error" if transport == "polling" else "transport close")
    assert caplog.records == []


async def parked(eio: EngineIO, client: Client) -> None:
    """Wait until the poll of a client has arrived, or its upgrade is over on this side too."""
    session, polls = eio.server.driver.engine.sessions[client.sid], client.transport == "polling"
    async with asyncio.timeout(2):
        while (session.polling.get if polls else session.websocket) is None:  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_a_client_that_does_not_wait_for_the_decision(transport: Any) -> None:
    """It leaves while ``connect`` is asked: nothing hangs, and nothing is left."""
    eio = EngineIO()
    asked, decide = asyncio.Event(), asyncio.Event()
    ended: list[str] = []
    eio.on_disconnect(ended.append)

    @eio.on_connect
    async def connected(sid: str) -> None:
        asked.set()
        await decide.wait()

    async with EngineIOTestServer(tornado.web.Application(eio.routes())) as server:
        client = server.client(transport=transport)
        connecting = asyncio.create_task(client.connect())
        await asked.wait()
        connecting.cancel()
        await asyncio.wait([connecting])
        client.abort()
        driver = eio.server.driver
        await asyncio.sleep(0.05)
        decide.set()
        async with asyncio.timeout(2):
            while driver.engine.sessions:  # noqa: ASYNC110  # nothing tells
                await asyncio.sleep(0.01)
        await eio.shutdown()
    # The handler has let it in, so there is one end.
    assert len(ended) == 1


async def test_the_limits_of_the_server_have_no_say(transport: str) -> None:
    """``max_body_size`` is smaller than ``max_payload`` here, and the other way round."""
    eio = EngineIO(max_payload=200_000)

    @eio.on_message
    async def received(sid: str, data: str) -> None:
        await eio.send(sid, str(len(data)))

    app = tornado.web.Application(eio.routes(), websocket_max_message_size=10)
    async with EngineIOTestServer(app, max_body_size=10) as server:
        client = await server.engineio_connect(transport=transport)
        await client.send("x" * 150_000)
        assert await client.receive() == "150000"


async def test_settings_that_change_every_answer(engineio_client: Connect) -> None:
    """Compression by Tornado, and an Etag, which would turn a poll into a 304."""
    eio = EngineIO(http_compression=False)
    app = tornado.web.Application(eio.routes(), compress_response=True)

    async with EngineIOTestServer(app) as server:
        headers = {"Accept-Encoding": "gzip"}
        target = "/engine.io/?EIO=4&transport=polling"
        answer = await server.fetch(target, headers=headers, decompress_response=False)
        assert gzip.decompress(answer.body).startswith(b'0{"sid"')
        assert "Etag" not in answer.headers


async def test_a_proxy_that_tornado_believes(engineio_client: Connect) -> None:
    """With ``xheaders`` Tornado knows the address and the scheme of the client."""
    eio = EngineIO()
    seen: list[str] = []

    @eio.on_connect
    def connected(sid: str, handler: EngineIOHandler) -> None:
        seen.append(str(handler.request.remote_ip))

    app = tornado.web.Application(eio.routes())

    async with EngineIOTestServer(app, xheaders=True) as server:
        headers = {
            "X-Forwarded-For": "192.0.2.7",
            "X-Forwarded-Proto": "https",
            "Host": "page.example",
            "Origin": "https://page.example",
        }
        await server.engineio_connect(headers=headers)
    assert seen == ["192.0.2.7"]


async def test_a_body_that_nobody_wants_is_not_kept() -> None:
    """Refused by its head; the answer reaches a client that is still sending."""
    app = tornado.web.Application(EngineIO(max_payload=1_000).routes())

    async with EngineIOTestServer(app) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        target = "/engine.io/?EIO=4&transport=polling&sid=nobody"
        head = f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n"
        writer.write(head.encode() + b"4" * 2_000_000)
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"Connection: close" in answer
    assert answer.endswith(b'{"code":1,"message":"Session ID unknown"}')


async def test_a_connection_goes_on_after_a_body() -> None:
    app = tornado.web.Application(EngineIO().routes())

    async with EngineIOTestServer(app) as server:
        client = await server.engineio_connect()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        target = f"/engine.io/?EIO=4&transport=polling&sid={client.sid}"
        kind = "Host: x\r\nContent-Type: text/plain\r\n"
        for body in (b"4one", b"4two"):
            head = f"POST {target} HTTP/1.1\r\n{kind}Content-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            assert await reader.readexactly(2) == b"ok"
        writer.close()


async def test_a_get_with_a_body_is_served(transport: str) -> None:
    """Odd, but allowed: the body means nothing."""
    app = tornado.web.Application(EngineIO().routes())

    async with EngineIOTestServer(app) as server:
        answer = await server.fetch(
            "/engine.io/?EIO=4&transport=polling",
            method="GET",
            body="nothing",
            allow_nonstandard_methods=True,
        )
    assert answer.code == 200


async def test_an_answer_is_not_written_twice(caplog: pytest.LogCaptureFixture) -> None:
    """A connect handler that answers by itself, in Tornado's way, and then lets the client in."""
    eio = EngineIO(first_request_timeout=0.1)

    @eio.on_connect
    async def connected(sid: str, handler: EngineIOHandler) -> None:
        handler.redirect("/login")

    async with EngineIOTestServer(tornado.web.Application(eio.routes())) as server:
        answer = await server.fetch("/engine.io/?EIO=4&transport=polling", follow_redirects=False)
    assert (answer.code, answer.headers["Location"]) == (302, "/login")
    assert "finish()" in caplog.text
