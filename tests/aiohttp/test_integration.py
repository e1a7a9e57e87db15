"""How a server gets into an application: in the specification's words, and in aiohttp's."""

import asyncio
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, make_mocked_request

import engineio
from aiohttp_engineio import APP_KEY, EngineIO, get_engineio, setup
from aiohttp_engineio.pytest_plugin import Connect
from aiohttp_engineio.testing import EngineIOTestClient


def echoing(eio: Any) -> Any:
    """Make a server send everything back."""

    @eio.on("message")
    async def received(sid: str, data: str | bytes) -> None:
        await eio.send(sid, data)

    return eio


@pytest.mark.parametrize("transport", ["polling", "websocket", "upgrade"])
async def test_the_lines_of_the_specification(engineio_client: Connect, transport: str) -> None:
    eio = engineio.AsyncServer(async_mode="aiohttp")
    heard: list[Any] = []

    @eio.on("connect")
    def connected(sid: str, environ: web.Request) -> None:
        heard.append(environ)

    @eio.on("message")
    async def received(sid: str, data: Any) -> None:
        await eio.send(sid, data)

    @eio.on("disconnect")
    def gone(sid: str) -> None:
        heard.append(sid)

    app = web.Application()
    eio.attach(app)

    async with engineio_client(app, transport=transport) as client:
        for data in ("hello", b"\x00\x01", "€" * 100_000):
            await client.send(data)
            assert await client.receive() == data
        sid = client.sid
    assert isinstance(heard[0], web.Request)
    assert heard[1:] == [sid]


async def test_connect_handlers_may_take_the_sid_alone(
    engineio_client: Connect, transport: str
) -> None:
    app = web.Application()
    eio = setup(app)
    sids: list[str] = []
    eio.on_connect(lambda sid: sids.append(sid))

    async with engineio_client(app, transport=transport) as client:
        assert sids == [client.sid] == eio.sids


def test_aiohttp_is_the_first_choice() -> None:
    assert engineio.AsyncServer().async_mode == "aiohttp"


async def test_the_vocabulary(engineio_client: Connect) -> None:
    """Everything that `AsyncServer` can do has the same name here."""
    app = web.Application()
    eio = setup(app, ping_interval=20)
    ended: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue()

    @eio.on_connect
    async def connected(sid: str, request: web.Request) -> None:
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


def test_options_are_checked_before_anything_runs() -> None:
    with pytest.raises(engineio.ConfigError, match="did you mean ping_interval"):
        EngineIO(ping_intervall=1)  # type: ignore[call-arg]  # the typo is the point
    with pytest.raises(engineio.ConfigError, match="options already: ping_interval"):
        EngineIO(engineio.AsyncServer(async_mode="aiohttp"), ping_interval=1)
    with pytest.raises(engineio.ConfigError, match="mode 'asgi', not 'aiohttp'"):
        EngineIO(engineio.AsyncServer(async_mode="asgi"))


async def test_a_server_made_before(engineio_client: Connect) -> None:
    server = echoing(engineio.AsyncServer(async_mode="aiohttp"))
    app = web.Application()
    eio = EngineIO(server)
    eio.attach(app, "/here")

    assert eio.server is server
    async with engineio_client(app, "/here/") as client:
        await client.send("hello")
        assert await client.receive() == "hello"


@pytest.mark.parametrize("path", ["/engine.io/", "/engine.io"])
@pytest.mark.parametrize("written", ["engine.io", "/engine.io", "/engine.io/"])
async def test_slashes_do_not_matter(
    engineio_client: Connect, transport: str, path: str, written: str
) -> None:
    app = web.Application()
    echoing(setup(app, written))

    async with engineio_client(app, path, transport=transport) as client:
        await client.send("hello")
        assert await client.receive() == "hello"


async def test_other_routes_are_left_alone(engineio_client: Connect, transport: str) -> None:
    """Also where the server has the root for itself."""

    async def home(request: web.Request) -> web.Response:
        return web.json_response(get_engineio(request).sids)

    app = web.Application()
    app.router.add_get("/home", home)
    echoing(setup(app, "/"))

    async with engineio_client(app, "/", transport=transport) as client:
        await client.send("hello")
        assert await client.receive() == "hello"


async def test_a_sub_application(engineio_client: Connect, transport: str) -> None:
    """Its prefix is not doubled, and its handlers and ours find the server."""
    found: list[EngineIO] = []

    async def push(request: web.Request) -> web.Response:
        eio = get_engineio(request)
        await eio.broadcast("pushed")
        return web.Response()

    chat = web.Application()
    chat.router.add_post("/push", push)
    eio = setup(chat)

    @eio.on_connect
    async def connected(sid: str, request: web.Request) -> None:
        found.append(get_engineio(request))

    app = web.Application()
    app.add_subapp("/chat/", chat)

    async with engineio_client(app, "/chat/engine.io/", transport=transport) as client:
        assert found == [eio] == [chat[APP_KEY]]
        await client.send("hello")


async def test_a_server_of_the_application_above() -> None:
    """A handler of a sub-application finds the server that its parent has."""

    async def count(request: web.Request) -> web.Response:
        return web.json_response(len(get_engineio(request).sids))

    app, inner = web.Application(), web.Application()
    inner.router.add_get("/count", count)
    app.add_subapp("/inner/", inner)
    setup(app)

    async with EngineIOTestClient(TestServer(app)) as client:
        await client.engineio_connect()
        assert await (await client.get("/inner/count")).json() == 1


async def test_several_servers_in_one_application(engineio_client: Connect, transport: str) -> None:
    admin_key = web.AppKey("admin", EngineIO)
    app = web.Application()
    eio = setup(app)
    with pytest.raises(RuntimeError, match="already"):
        setup(app, "/admin/")
    admin = setup(app, "/admin/", key=admin_key, transports=["polling"])
    seen: list[bool] = []

    @admin.on_connect
    async def connected(sid: str, request: web.Request) -> None:
        seen.append(get_engineio(request, admin_key) is admin)
        seen.append(get_engineio(request) is eio)

    async with engineio_client(app, "/admin/") as client:
        assert client.handshake["upgrades"] == []
        assert seen == [True, True]


async def test_the_routes_alone(engineio_client: Connect, transport: str) -> None:
    eio = echoing(EngineIO())
    app = web.Application()
    app.add_routes(eio.routes("/mine/"))
    app.on_shutdown.append(eio.on_shutdown)
    app.cleanup_ctx.append(eio.cleanup_ctx)

    async with engineio_client(app, "/mine/", transport=transport) as client:
        await client.send("hello")
        assert await client.receive() == "hello"
    assert eio.server.driver.engine.stopping


def test_a_request_of_an_application_without_a_server() -> None:
    with pytest.raises(KeyError):
        get_engineio(make_mocked_request("GET", "/", app=web.Application()))


async def test_hooks(engineio_client: Connect, transport: str) -> None:
    app = web.Application()
    eio = setup(app)
    eio.on("initial_headers", lambda headers, request: headers.append(("X-Served-By", "a")))

    async with engineio_client(app, transport=transport) as client:
        assert client.response is not None
        assert client.response.header("X-Served-By") == "a"


async def test_what_is_refused_is_refused_by_the_core() -> None:
    """Every method reaches the core, so that there is one place that decides."""
    app = web.Application()
    setup(app)

    async with EngineIOTestClient(TestServer(app)) as client:
        answer = await client.put("/engine.io/?EIO=4&transport=polling")
        assert (answer.status, (await answer.json())["code"]) == (400, 2)
        evil = {"Origin": "http://evil.example"}
        answer = await client.options("/engine.io/?EIO=4", headers=evil)
        assert answer.status == 204
        assert "Access-Control-Allow-Origin" not in answer.headers
