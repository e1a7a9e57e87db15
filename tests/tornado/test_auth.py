"""Who may come in: decided with Tornado's own means, on both transports alike."""

import logging
from typing import Any

import pytest
import tornado.web

import engineio
from engineio.testing import Answer, ConnectionRejected
from tornado_engineio import EngineIO, EngineIOHandler
from tornado_engineio.pytest_plugin import Connect
from tornado_engineio.testing import EngineIOTestServer

SECRET = "a secret that is one in these tests alone"


class Login(tornado.web.RequestHandler):
    """Gives a signed cookie to whoever asks."""

    def post(self) -> None:
        self.set_signed_cookie("user", self.get_body_argument("user"))


class Chat(EngineIOHandler):
    """Knows who it is by the cookie."""

    def get_current_user(self) -> str | None:
        user = self.get_signed_cookie("user")
        return None if user is None else user.decode()


def make_app() -> tuple[tornado.web.Application, EngineIO]:
    """An application whose Engine.IO clients must have logged in."""
    eio = EngineIO()

    @eio.on_connect
    async def connected(sid: str, handler: EngineIOHandler) -> None:
        if not handler.current_user:
            raise tornado.web.HTTPError(403)
        handler.set_cookie("seen", "yes")
        await eio.save_session(sid, {"user": handler.current_user})

    @eio.on_message
    async def received(sid: str, data: str) -> None:
        async with eio.session(sid) as session:
            await eio.send(sid, f"{session['user']}: {data}")

    routes: list[Any] = [(r"/login", Login), *eio.routes(handler=Chat)]
    return tornado.web.Application(routes, cookie_secret=SECRET), eio


async def test_a_signed_cookie_says_who_it_is(transport: str) -> None:
    app, eio = make_app()

    async with EngineIOTestServer(app) as server:
        for cookies in ({}, {"user": "ada"}):
            with pytest.raises(ConnectionRejected) as refused:
                await server.engineio_connect(transport=transport, cookies=cookies)
            assert refused.value.status == 403
            assert refused.value.answer is not None
            assert b"403: Forbidden" in refused.value.answer.body
        assert eio.sids == []

        answer = await server.fetch("/login", method="POST", body="user=ada")
        cookie = answer.headers["Set-Cookie"].partition(";")[0].partition("=")[2].strip('"')
        chat = await server.engineio_connect(transport=transport, cookies={"user": cookie})
        await chat.send("hello")
        assert await chat.receive() == "ada: hello"
        # With the open packet, and with the 101.
        assert chat.cookies["seen"] == "yes"


async def test_prepare_may_be_a_coroutine_and_set_the_user(
    engineio_client: Connect, transport: str
) -> None:
    """As Tornado's documentation has it for users that have to be looked up."""
    eio = EngineIO()

    class Looked(EngineIOHandler):
        async def prepare(self) -> None:
            await eio.sleep(0)
            self.current_user = self.get_query_argument("user", None)

    @eio.on_connect
    def connected(sid: str, handler: EngineIOHandler) -> bool:
        return bool(handler.current_user == "ada")

    app = tornado.web.Application(eio.routes(handler=Looked))
    async with engineio_client(app, transport=transport, query={"user": "ada"}) as client:
        await client.send("hello")
    with pytest.raises(ConnectionRejected, match="401"):
        async with engineio_client(app, transport=transport, query={"user": "bob"}):
            pass


@pytest.mark.parametrize("way", ["raise", "finish", "redirect"])
async def test_prepare_may_refuse(engineio_client: Connect, transport: str, way: str) -> None:
    """Before the server has seen anything of it, and each request of a client."""
    eio = EngineIO()
    asked: list[str] = []
    eio.on_connect(asked.append)

    class Closed(EngineIOHandler):
        def prepare(self) -> None:
            if way == "raise":
                raise tornado.web.HTTPError(503, reason="Later")
            if way == "redirect":
                self.redirect("/login")
                return
            self.set_status(503)
            self.finish({"why": "closed"})

    app = tornado.web.Application(eio.routes(handler=Closed))
    with pytest.raises(ConnectionRejected) as refused:
        async with engineio_client(app, transport=transport):
            pass
    assert refused.value.status == (302 if way == "redirect" else 503)
    async with EngineIOTestServer(app) as server:
        answer = await server.fetch(
            "/engine.io/?EIO=4&transport=polling&sid=x",
            method="POST",
            body="4hello",
            follow_redirects=False,
        )
    assert answer.code == refused.value.status
    assert asked == []


async def refused_by(
    engineio_client: Connect,
    transport: str,
    error: Any,
    handler: type[EngineIOHandler] = EngineIOHandler,
    **settings: Any,
) -> Answer:
    """Return what a client gets whose connect handler raises, or calls something that does."""
    eio = EngineIO()

    @eio.on_connect
    async def connected(sid: str, handler: EngineIOHandler) -> Any:
        raised = error(handler) if callable(error) else error
        if isinstance(raised, BaseException):
            raise raised
        return raised

    app = tornado.web.Application(eio.routes(handler=handler), **settings)
    with pytest.raises(ConnectionRejected) as refused:
        async with engineio_client(app, transport=transport):
            pass
    assert refused.value.answer is not None
    assert eio.sids == []
    return refused.value.answer


async def test_an_http_error_is_answered_as_in_any_handler(
    engineio_client: Connect, transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Its message is for the log, its reason and its status are for the client."""
    caplog.set_level(logging.WARNING)
    error = tornado.web.HTTPError(402, "the account of %s is empty", "ada", reason="Pay first")

    answer = await refused_by(engineio_client, transport, error)

    assert (answer.status, answer.header("Content-Type")) == (402, "text/html; charset=UTF-8")
    assert b"<title>402: Pay first</title>" in answer.body
    assert answer.header("Cache-Control") == "no-store"
    assert "the account of ada is empty" in caplog.text
    assert "Traceback" not in caplog.text


async def test_the_application_decides_how_an_error_looks(
    engineio_client: Connect, transport: str
) -> None:
    """``write_error`` of a subclass; one that only writes is finished."""

    class Json(EngineIOHandler):
        def write_error(self, status_code: int, **kwargs: Any) -> None:
            self.write({"status": status_code, "error": str(kwargs["exc_info"][1])})

    answer = await refused_by(engineio_client, transport, tornado.web.HTTPError(403), Json)

    assert answer.json() == {"status": 403, "error": "HTTP 403: Forbidden"}
    assert answer.header("Content-Type") == "application/json; charset=UTF-8"


async def test_a_missing_argument_is_a_bad_request(
    engineio_client: Connect, transport: str
) -> None:
    answer = await refused_by(
        engineio_client, transport, lambda handler: handler.get_query_argument("token")
    )
    assert answer.status == 400


async def test_finish_sends_what_was_set(engineio_client: Connect, transport: str) -> None:
    """The example of Tornado's own documentation."""

    def refuse(handler: EngineIOHandler) -> Exception:
        handler.set_status(401)
        handler.set_header("WWW-Authenticate", 'Basic realm="something"')
        return tornado.web.Finish({"why": "nobody"})

    answer = await refused_by(engineio_client, transport, refuse)

    assert (answer.status, answer.json()) == (401, {"why": "nobody"})
    assert answer.header("WWW-Authenticate") == 'Basic realm="something"'
    assert answer.header("Cache-Control") == "no-store"


@pytest.mark.parametrize(
    "error",
    [
        tornado.web.HTTPError(304),
        tornado.web.Finish("this is a status of 200"),
        RuntimeError("broken"),
    ],
    ids=repr,
)
async def test_what_refuses_nobody_is_a_failure(
    engineio_client: Connect, transport: str, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """The client learns nothing, the log everything."""
    answer = await refused_by(engineio_client, transport, error)

    assert (answer.status, answer.json()) == (401, "Unauthorized")
    failures = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.exc_info[1] for record in failures if record.exc_info] == [error]


async def test_the_ways_of_the_core(engineio_client: Connect, transport: str) -> None:
    answer = await refused_by(engineio_client, transport, False)
    assert (answer.status, answer.json()) == (401, "Unauthorized")

    refused = engineio.ConnectionRefused({"why": "banned"}, status=403)
    answer = await refused_by(engineio_client, transport, refused)
    assert (answer.status, answer.json()) == (403, {"why": "banned"})
    assert answer.header("Content-Type") == "application/json"
