"""Who may come in: decided in ``connect``, with aiohttp's own means, on both transports alike."""

import logging
from typing import Any

import aiohttp_session
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import engineio
from aiohttp_engineio import EngineIO, setup
from aiohttp_engineio.pytest_plugin import Connect
from aiohttp_engineio.testing import EngineIOTestClient
from engineio.testing import Answer, ConnectionRejected

# aiohttp-session keeps what it needs under plain strings.
pytestmark = pytest.mark.filterwarnings("ignore::aiohttp.web.NotAppKeyWarning")


async def login(request: web.Request) -> web.Response:
    """Put the name of the user into aiohttp's session."""
    session = await aiohttp_session.get_session(request)
    session["user"] = (await request.post())["user"]
    return web.Response()


async def whoami(request: web.Request) -> web.Response:
    """Tell what the session holds."""
    return web.json_response(dict(await aiohttp_session.get_session(request)))


def make_app() -> tuple[web.Application, EngineIO]:
    """An application whose Engine.IO clients must have logged in."""
    app = web.Application()
    aiohttp_session.setup(app, aiohttp_session.SimpleCookieStorage())
    app.router.add_post("/login", login)
    app.router.add_get("/whoami", whoami)
    eio = setup(app)

    @eio.on_connect
    async def connected(sid: str, request: web.Request) -> None:
        session = await aiohttp_session.get_session(request)
        if "user" not in session:
            raise web.HTTPUnauthorized(text="log in first")
        session["seen"] = True
        await eio.save_session(sid, {"user": session["user"]})

    @eio.on_message
    async def received(sid: str, data: str) -> None:
        async with eio.session(sid) as session:
            await eio.send(sid, f"{session['user']}: {data}")

    return app, eio


async def test_the_session_of_aiohttp_says_who_it_is(transport: str) -> None:
    app, eio = make_app()

    async with EngineIOTestClient(TestServer(app)) as client:
        with pytest.raises(ConnectionRejected) as refused:
            await client.engineio_connect(transport=transport)
        assert refused.value.answer is not None
        assert (refused.value.status, refused.value.answer.body) == (401, b"log in first")
        assert eio.sids == []

        await client.post("/login", data={"user": "ada"})
        chat = await client.engineio_connect(transport=transport)
        await chat.send("hello")
        assert await chat.receive() == "ada: hello"


async def test_what_connect_writes_into_the_session_is_kept_on_polling() -> None:
    """aiohttp-session saves nothing for a WebSocket, so there it is lost."""
    app, _ = make_app()

    async with EngineIOTestClient(TestServer(app)) as client:
        await client.post("/login", data={"user": "ada"})
        await client.engineio_connect()
        assert await (await client.get("/whoami")).json() == {"user": "ada", "seen": True}


async def refused_by(engineio_client: Connect, transport: str, error: Any) -> Answer:
    """Return what a client gets whose connect handler raises or returns something."""
    app = web.Application()
    eio = setup(app)

    @eio.on_connect
    async def connected(sid: str) -> Any:
        if isinstance(error, BaseException):
            raise error
        return error

    with pytest.raises(ConnectionRejected) as refused:
        async with engineio_client(app, transport=transport):
            pass
    assert refused.value.answer is not None
    assert eio.sids == []
    return refused.value.answer


async def test_an_exception_of_aiohttp_is_the_answer(
    engineio_client: Connect, transport: str
) -> None:
    """Status, header fields, cookies and body."""
    error = web.HTTPForbidden(
        text='{"why": "banned"}', content_type="application/json", headers={"X-Why": "a"}
    )
    error.set_cookie("seen", "1")

    answer = await refused_by(engineio_client, transport, error)

    assert answer.status == 403
    assert answer.json() == {"why": "banned"}
    assert answer.header("Content-Type") == "application/json; charset=utf-8"
    assert answer.header("X-Why") == "a"
    assert (answer.header("Set-Cookie") or "").startswith("seen=1")


async def test_an_exception_without_a_text_says_what_it_is(
    engineio_client: Connect, transport: str
) -> None:
    answer = await refused_by(engineio_client, transport, web.HTTPUnauthorized())

    assert (answer.status, answer.body) == (401, b"401: Unauthorized")


async def test_the_ways_of_the_core(engineio_client: Connect, transport: str) -> None:
    answer = await refused_by(engineio_client, transport, False)
    assert (answer.status, answer.json()) == (401, "Unauthorized")

    answer = await refused_by(engineio_client, transport, {"why": "full"})
    assert (answer.status, answer.json()) == (401, {"why": "full"})

    refused = engineio.ConnectionRefused({"why": "banned"}, status=403)
    answer = await refused_by(engineio_client, transport, refused)
    assert (answer.status, answer.json()) == (403, {"why": "banned"})


@pytest.mark.parametrize("error", [web.HTTPFound("/login"), web.HTTPOk(), RuntimeError("broken")])
async def test_what_refuses_nobody_is_a_failure(
    engineio_client: Connect, transport: str, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """A redirect too: nobody would follow it. The client learns nothing, the log everything."""
    answer = await refused_by(engineio_client, transport, error)

    assert (answer.status, answer.json()) == (401, "Unauthorized")
    failures = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.exc_info[1] for record in failures if record.exc_info] == [error]


async def test_a_plain_function_may_raise_it_too(engineio_client: Connect, transport: str) -> None:
    """It runs in a thread."""
    app = web.Application()
    eio = setup(app)

    @eio.on_connect
    def connected(sid: str, request: web.Request) -> None:
        raise web.HTTPForbidden(text=request.path)

    with pytest.raises(ConnectionRejected, match=r"403: b'/engine\.io/'"):
        async with engineio_client(app, transport=transport):
            pass
