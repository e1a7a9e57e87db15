"""How a server gets into an application: in the specification's words, and in Sanic's."""

import asyncio
from typing import Any

import pytest
from sanic import Blueprint, HTTPResponse, Request, json

import engineio
from engineio.testing import ConnectionRejected
from sanic_engineio import EngineIO, get_engineio
from sanic_engineio.pytest_plugin import Connect
from sanic_engineio.testing import EngineIOTestClient, serve
from tests.sanic.running import echoing, new_app


@pytest.mark.parametrize("transport", ["polling", "websocket", "upgrade"])
async def test_the_lines_of_the_specification(engineio_client: Connect, transport: str) -> None:
    eio = engineio.AsyncServer(async_mode="sanic")
    heard: list[Any] = []

    @eio.on("connect")
    def connected(sid: str, environ: Request) -> None:
        heard.append(environ)

    @eio.on("message")
    async def received(sid: str, data: Any) -> None:
        await eio.send(sid, data)

    @eio.on("disconnect")
    def gone(sid: str) -> None:
        heard.append(sid)

    app = new_app()
    eio.attach(app)

    async with engineio_client(app, transport=transport) as client:
        for data in ("hello", b"\x00\x01", "€" * 100_000):
            await client.send(data)
            assert await client.receive() == data
        sid = client.sid
    assert isinstance(heard[0], Request)
    assert heard[1:] == [sid]


async def test_the_vocabulary(engineio_client: Connect) -> None:
    """Everything that `AsyncServer` can do has the same name here."""
    app = new_app()
    eio = EngineIO(app, ping_interval=20)
    ended: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()

    @eio.on_connect
    async def connected(sid: str, request: Request) -> None:
        async with eio.session(sid) as session:
            session["agent"] = request.headers["User-Agent"]

    @eio.on_message
    async def received(sid: str, data: str) -> None:
        saved = await eio.get_session(sid)
        await eio.save_session(sid, {**saved, "last": data})
        await eio.sleep(0)
        await eio.send(sid, await eio.get_session(sid))

    @eio.on_disconnect
    async def gone(sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo) -> None:
        ended.put_nowait((reason, info.code))

    async with engineio_client(app, headers={"User-Agent": "test"}) as client:
        assert client.handshake["pingInterval"] == 20_000
        await client.send("hello")
        assert await client.receive_json() == {"agent": "test", "last": "hello"}
        assert eio.transport(client.sid) == "polling"
        assert await eio.broadcast("to all") == 1
        assert await client.receive() == "to all"
        task = eio.start_background_task(eio.disconnect, client.sid)
        assert isinstance(task, asyncio.Task)
        await task
        assert await ended.get() == (engineio.Reason.SERVER_DISCONNECT, None)


@pytest.mark.parametrize("path", ["/engine.io/", "/engine.io"])
async def test_the_path_with_and_without_its_last_slash(
    engineio_client: Connect, transport: str, path: str
) -> None:
    """Beside a route that takes any path, too, as applications of one page have it."""

    async def page(request: Request, path: str) -> HTTPResponse:
        return json({"page": path})

    app = new_app()
    app.add_route(page, "/<path:path>")
    echoing(EngineIO(app))

    async with engineio_client(app, path, transport=transport) as client:
        await client.send("hello")
        assert await client.receive() == "hello"


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({}, "/engine.io/"),
        ({"url_prefix": "/chat"}, "/chat/engine.io/"),
        (
            {"url_prefix": "/chat", "version": 2, "version_prefix": "/api/v"},
            "/api/v2/chat/engine.io/",
        ),
    ],
)
async def test_a_blueprint(
    engineio_client: Connect, transport: str, options: dict[str, Any], path: str
) -> None:
    app = new_app(ENGINEIO_PING_INTERVAL=21)
    eio = echoing(EngineIO())
    app.blueprint(eio.blueprint, **options)

    async with engineio_client(app, path, transport=transport) as client:
        assert client.handshake["pingInterval"] == 21_000
        assert app.ctx.engineio is eio
        await client.send("hello")
        assert await client.receive() == "hello"


async def test_a_group_of_blueprints(engineio_client: Connect, transport: str) -> None:
    """What the group has for its requests holds for the clients too."""
    eio = echoing(EngineIO(path="live"))
    other = Blueprint("other", url_prefix="/other")
    group = Blueprint.group(eio.blueprint, other, url_prefix="/realtime", version=1)
    seen: list[str] = []

    @group.on_request  # type: ignore[untyped-decorator, unused-ignore]  # Sanic's has no types
    async def note(request: Request) -> None:
        seen.append(request.path)

    app = new_app()
    app.blueprint(group)

    async with engineio_client(app, "/v1/realtime/live/", transport=transport) as client:
        await client.send("hello")
        assert await client.receive() == "hello"
    assert set(seen) == {"/v1/realtime/live/"}


async def test_the_configuration_of_the_application() -> None:
    app = new_app(
        ENGINEIO_PATH="/live/",
        ENGINEIO_PING_INTERVAL=21,
        ENGINEIO_PING_TIMEOUT=7,
        ENGINEIO_CORS_ALLOWED_ORIGINS="https://a.test, https://b.test",
        ENGINEIO_TRANSPORTS="polling,websocket",
    )
    eio = EngineIO(app, ping_timeout=8)

    async with EngineIOTestClient(app) as http:
        client = await http.engineio_connect("/live/")
        assert client.handshake["pingInterval"] == 21_000
        assert client.handshake["pingTimeout"] == 8_000
    assert eio.server.config.cors_allowed_origins == ["https://a.test", "https://b.test"]


async def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANIC_ENGINEIO_PING_INTERVAL", "22")
    monkeypatch.setenv("SANIC_ENGINEIO_ALLOW_EIO3", "true")
    eio = EngineIO(new_app())

    assert (eio.server.config.ping_interval, eio.server.config.allow_eio3) == (22, True)


def test_options_are_checked_before_anything_runs() -> None:
    with pytest.raises(engineio.ConfigError, match="did you mean ping_interval"):
        EngineIO(new_app(ENGINEIO_PING_INTERVALL=1))
    with pytest.raises(engineio.ConfigError, match="options already: ping_interval"):
        EngineIO(server=engineio.AsyncServer(async_mode="sanic"), ping_interval=1)
    with pytest.raises(engineio.ConfigError, match="the mode 'asgi', not 'sanic'"):
        EngineIO(server=engineio.AsyncServer(async_mode="asgi"))


async def test_a_path_that_comes_too_late() -> None:
    eio = EngineIO()
    app = new_app(ENGINEIO_PATH="/live/")
    app.blueprint(eio.blueprint)

    with pytest.raises(engineio.ConfigError, match="ENGINEIO_PATH is for init_app"):
        async with serve(app):
            pass


async def test_a_server_made_before_keeps_its_options(engineio_client: Connect) -> None:
    server = engineio.AsyncServer(async_mode="sanic", ping_interval=23)
    app = new_app(ENGINEIO_PING_INTERVAL=20)
    EngineIO(app, server)

    async with engineio_client(app) as client:
        assert client.handshake["pingInterval"] == 23_000


async def test_several_servers_in_one_application(engineio_client: Connect, transport: str) -> None:
    app = new_app(ADMIN_EIO_PING_INTERVAL=24)
    eio = EngineIO(app)
    with pytest.raises(RuntimeError, match=r"app\.ctx\.engineio already"):
        EngineIO(app, path="/admin/")
    admin = EngineIO(app, path="/admin/", name="admin_eio")
    seen: list[bool] = []

    @admin.on_connect
    async def connected(sid: str, request: Request) -> None:
        seen.append(get_engineio(request, "admin_eio") is admin)
        seen.append(get_engineio(request) is eio)

    async with engineio_client(app, "/admin/", transport=transport) as client:
        assert client.handshake["pingInterval"] == 24_000
        assert seen == [True, True]
        assert eio.sids == []


async def test_servers_of_the_core_beside_each_other() -> None:
    app = new_app()
    for path in ("one", "/two/", "a/b"):
        engineio.AsyncServer(async_mode="sanic").attach(app, path)

    async with EngineIOTestClient(app) as http:
        for path in ("/one/", "/two/", "/a/b/"):
            await http.engineio_connect(path)


async def test_another_route_of_the_application() -> None:
    app = new_app()
    EngineIO(app)

    @app.post("/push")
    async def push(request: Request) -> HTTPResponse:
        return json(await get_engineio(request).broadcast(request.body.decode()))

    async with EngineIOTestClient(app) as http:
        client = await http.engineio_connect()
        assert (await http.request("POST", "/push", b"news")).json() == 1
        assert await client.receive() == "news"


async def test_what_is_refused_is_refused_by_the_core() -> None:
    """Every method reaches the core, so that there is one place that decides."""
    app = new_app()
    EngineIO(app)

    async with EngineIOTestClient(app) as http:
        answer = await http.request("PUT", "/engine.io/?EIO=4&transport=polling")
        assert (answer.status, answer.json()["code"]) == (400, 2)
        evil = {"Origin": "http://evil.example"}
        answer = await http.request("OPTIONS", "/engine.io/?EIO=4", headers=evil)
        assert (answer.status, answer.header("Access-Control-Allow-Origin")) == (204, None)


def test_an_application_without_a_server() -> None:
    with pytest.raises(AttributeError):
        get_engineio(Request(b"/", {}, "1.1", "GET", None, new_app()))  # type: ignore[arg-type]  # no connection


async def test_hooks(engineio_client: Connect, transport: str) -> None:
    app = new_app()
    eio = EngineIO(app)
    eio.on("initial_headers", lambda headers, request: headers.append(("X-Served-By", "a")))

    async with engineio_client(app, transport=transport) as client:
        assert client.response is not None
        assert client.response.header("X-Served-By") == "a"


async def test_a_header_that_is_none_is_no_handshake(engineio_client: Connect) -> None:
    app = new_app()
    eio = EngineIO(app)
    eio.on("initial_headers", lambda headers, request: headers.append(("X-Bad", "a\r\nb: c")))

    with pytest.raises(ConnectionRejected):
        async with engineio_client(app, transport="websocket"):
            pass
    assert eio.sids == []
