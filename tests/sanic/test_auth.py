"""Who may come in: decided in ``connect``, with Sanic's own means, on both transports alike."""

import logging
from typing import Any

import pytest
from sanic import HTTPResponse, Request, Sanic, empty, text
from sanic.exceptions import Forbidden, SanicException, ServiceUnavailable, Unauthorized

import engineio
from engineio.testing import Answer, ConnectionRejected
from sanic_engineio import EngineIO
from sanic_engineio.pytest_plugin import Connect
from sanic_engineio.testing import EngineIOTestClient
from tests.sanic.running import new_app


def make_app() -> tuple[Sanic[Any, Any], EngineIO]:
    """An application whose Engine.IO clients must have logged in."""
    app = new_app()

    @app.on_request
    async def load_user(request: Request) -> None:
        request.ctx.user = request.cookies.get("user")

    @app.post("/login")
    async def login(request: Request) -> HTTPResponse:
        response = empty()
        response.add_cookie("user", request.body.decode(), secure=False)
        return response

    eio = EngineIO(app)

    @eio.on_connect
    async def connected(sid: str, request: Request) -> None:
        if request.ctx.user is None:
            raise Unauthorized("log in first", scheme="Bearer", realm="chat")
        await eio.save_session(sid, {"user": request.ctx.user})

    @eio.on_message
    async def received(sid: str, data: str) -> None:
        async with eio.session(sid) as session:
            await eio.send(sid, f"{session['user']}: {data}")

    return app, eio


async def test_request_middleware_says_who_it_is(transport: str) -> None:
    app, eio = make_app()

    async with EngineIOTestClient(app) as client:
        with pytest.raises(ConnectionRejected) as refused:
            await client.engineio_connect(transport=transport)
        answer = refused.value.answer
        assert answer is not None
        assert (answer.status, answer.body) == (401, b"log in first")
        assert answer.header("WWW-Authenticate") == 'Bearer realm="chat"'
        assert eio.sids == []

        await client.request("POST", "/login", b"ada")
        chat = await client.engineio_connect(transport=transport)
        await chat.send("hello")
        assert await chat.receive() == "ada: hello"


async def refused_by(engineio_client: Connect, transport: str, error: Any) -> Answer:
    """Return what a client gets whose connect handler raises or returns something."""
    app = new_app()
    eio = EngineIO(app)

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


async def test_an_exception_of_sanic_is_the_answer(
    engineio_client: Connect, transport: str
) -> None:
    """Status, header fields and message; with a context, as JSON."""
    error = Forbidden("banned", context={"until": 2030}, headers={"X-Why": "a"})

    answer = await refused_by(engineio_client, transport, error)

    assert answer.status == 403
    assert answer.json() == {"message": "banned", "until": 2030}
    assert answer.header("X-Why") == "a"

    answer = await refused_by(engineio_client, transport, SanicException("teapot", 418))
    assert (answer.status, answer.body) == (418, b"teapot")
    assert answer.header("Content-Type") == "text/plain; charset=utf-8"

    answer = await refused_by(engineio_client, transport, ServiceUnavailable())
    assert (answer.status, answer.body) == (503, b"Service Unavailable")


async def test_the_ways_of_the_core(engineio_client: Connect, transport: str) -> None:
    answer = await refused_by(engineio_client, transport, False)
    assert (answer.status, answer.json()) == (401, "Unauthorized")

    answer = await refused_by(engineio_client, transport, {"why": "full"})
    assert (answer.status, answer.json()) == (401, {"why": "full"})

    refused = engineio.ConnectionRefused({"why": "banned"}, status=403)
    answer = await refused_by(engineio_client, transport, refused)
    assert (answer.status, answer.json()) == (403, {"why": "banned"})


@pytest.mark.parametrize("error", [SanicException("moved", 302), RuntimeError("broken")])
async def test_what_refuses_nobody_is_a_failure(
    engineio_client: Connect, transport: str, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """The client learns nothing, the log everything."""
    answer = await refused_by(engineio_client, transport, error)

    assert (answer.status, answer.json()) == (401, "Unauthorized")
    failures = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.exc_info[1] for record in failures if record.exc_info] == [error]


async def test_a_middleware_may_answer_itself(engineio_client: Connect, transport: str) -> None:
    """Then the request does not reach the server at all."""
    app = new_app()
    eio = EngineIO(app)

    @app.on_request
    async def closed(request: Request) -> HTTPResponse:
        return text("closed today", 503)

    with pytest.raises(ConnectionRejected, match="503: b'closed today'"):
        async with engineio_client(app, transport=transport):
            pass
    assert eio.sids == []
