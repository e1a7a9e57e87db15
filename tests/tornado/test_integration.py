"""How a server gets into an application: in the specification's words, and in Tornado's."""

from importlib.metadata import EntryPoints
from typing import Any

import pytest
import tornado.web

import engineio
from engineio import modes
from engineio.testing import ConnectionRejected
from tornado_engineio import EngineIO, EngineIOHandler
from tornado_engineio.pytest_plugin import Connect
from tornado_engineio.testing import EngineIOTestServer


def echoing(eio: Any) -> Any:
    """Make a server send everything back."""

    @eio.on("message")
    async def received(sid: str, data: str | bytes) -> None:
        await eio.send(sid, data)

    return eio


async def hears(client: Any) -> bool:
    """Whether a message comes back."""
    await client.send("hello")
    return bool(await client.receive() == "hello")


@pytest.mark.parametrize("transport", ["polling", "websocket", "upgrade"])
async def test_the_lines_of_the_specification(engineio_client: Connect, transport: str) -> None:
    eio = engineio.AsyncServer(async_mode="tornado")
    heard: list[Any] = []

    @eio.on("connect")
    def connected(sid: str, environ: EngineIOHandler) -> None:
        heard.append(environ)

    @eio.on("disconnect")
    def gone(sid: str) -> None:
        heard.append(sid)

    app = tornado.web.Application(
        [
            (r"/engine.io/", engineio.get_tornado_handler(echoing(eio))),
        ],
        debug=False,
    )

    async with engineio_client(app, transport=transport) as client:
        for data in ("hello", b"\x00\x01", "€" * 100_000):
            await client.send(data)
            assert await client.receive() == data
        sid = client.sid
    await eio.shutdown()
    assert isinstance(heard[0], EngineIOHandler)
    assert heard[0].engineio is eio
    assert heard[1:] == [sid]


def test_a_handler_for_a_server_of_another_mode() -> None:
    with pytest.raises(engineio.ConfigError, match="mode 'asgi', not 'tornado'"):
        engineio.get_tornado_handler(engineio.AsyncServer(async_mode="asgi"))
    with pytest.raises(engineio.ConfigError, match="mode 'asgi', not 'tornado'"):
        EngineIO(engineio.AsyncServer(async_mode="asgi"))


def test_without_the_package_the_core_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    eio = engineio.AsyncServer(async_mode="asgi")
    monkeypatch.setattr(modes, "entry_points", lambda group: EntryPoints())
    with pytest.raises(engineio.ConfigError, match="needs the package tornado-engineio"):
        engineio.get_tornado_handler(eio)


async def test_a_server_made_before(engineio_client: Connect, transport: str) -> None:
    server = echoing(engineio.AsyncServer(async_mode="tornado"))
    eio = EngineIO(server)
    assert eio.server is server
    for handler in (eio.routes()[0].handler_class, engineio.get_tornado_handler(eio)):
        app = tornado.web.Application([(r"/here", handler)])
        async with engineio_client(app, "/here", transport=transport) as client:
            assert await hears(client)


@pytest.mark.parametrize("path", ["/engine.io/", "/engine.io"])
@pytest.mark.parametrize("pattern", [r"/engine\.io", r"/engine\.io/", r"/engine\.io/$"])
async def test_both_spellings_of_the_path(
    engineio_client: Connect, transport: str, path: str, pattern: str
) -> None:
    app = tornado.web.Application(echoing(EngineIO()).routes(pattern))
    async with engineio_client(app, path, transport=transport) as client:
        assert await hears(client)


async def test_the_root(engineio_client: Connect, transport: str) -> None:
    app = tornado.web.Application(echoing(EngineIO()).routes("/"))
    async with engineio_client(app, "/", transport=transport) as client:
        assert await hears(client)


async def test_attach(engineio_client: Connect, transport: str) -> None:
    """To an application that exists, in the core's words and in ours."""
    app = tornado.web.Application()
    server = echoing(engineio.AsyncServer(async_mode="tornado"))
    server.attach(app)
    echoing(EngineIO()).attach(app, "/a.b/")
    for path in ("/engine.io/", "/engine.io", "/a.b/"):
        async with engineio_client(app, path, transport=transport) as client:
            assert await hears(client)


async def test_groups_in_the_pattern(engineio_client: Connect, transport: str) -> None:
    """They are the handler's, as in any route, and nothing trips over them."""
    eio = echoing(EngineIO())
    rooms: list[Any] = []

    @eio.on_connect
    def connected(sid: str, handler: EngineIOHandler) -> None:
        rooms.append((handler.path_args, handler.path_kwargs))

    named = eio.routes(r"/rooms/(?P<room>\w+)/engine\.io/")
    numbered = eio.routes(r"/(\w+)/(\w+)/", name="other")
    app = tornado.web.Application([*named, *numbered])

    for path in ("/rooms/red/engine.io/", "/a/b/"):
        async with engineio_client(app, path, transport=transport) as client:
            assert await hears(client)
    assert rooms == [([], {"room": "red"}), (["a", "b"], {})]


async def test_initialize_is_the_applications(engineio_client: Connect, transport: str) -> None:
    seen: list[Any] = []

    class Mine(EngineIOHandler):
        def initialize(self, room: str) -> None:
            self.room = room

        def on_close(self) -> None:
            seen.append(f"{self.room} closed")

    eio = echoing(EngineIO())
    eio.on_connect(lambda sid, handler: seen.append(handler.room))
    app = tornado.web.Application(eio.routes(handler=Mine, kwargs={"room": "red"}))

    async with engineio_client(app, transport=transport) as client:
        assert await hears(client)
    assert seen == (["red", "red closed"] if transport == "websocket" else ["red"])
    assert app.reverse_url("engineio") == "/engine.io/"


async def test_several_servers_in_one_application() -> None:
    eio, admin = echoing(EngineIO()), EngineIO(transports=["polling"])
    app = tornado.web.Application([*eio.routes(), *admin.routes("/admin/", name="admin")])

    async with EngineIOTestServer(app) as server:
        assert await hears(await server.engineio_connect())
        client = await server.engineio_connect("/admin/")
        assert client.handshake["upgrades"] == []
        with pytest.raises(ConnectionRejected, match="400"):
            await server.engineio_connect("/admin/", transport="websocket")
        assert (len(eio.sids), len(admin.sids)) == (1, 1)


async def test_a_handler_without_a_server(caplog: pytest.LogCaptureFixture) -> None:
    app = tornado.web.Application([(r"/engine\.io/", EngineIOHandler)])
    async with EngineIOTestServer(app) as server:
        with pytest.raises(ConnectionRejected):
            await server.engineio_connect()
    assert "put eio.routes(pattern, handler)" in caplog.text


async def test_hooks(engineio_client: Connect, transport: str) -> None:
    eio = EngineIO()
    eio.on("initial_headers", lambda headers, request: headers.append(("X-Served-By", "a")))

    app = tornado.web.Application(eio.routes())
    async with engineio_client(app, transport=transport) as client:
        assert client.response is not None
        assert client.response.header("X-Served-By") == "a"


async def test_what_is_refused_is_refused_by_the_core() -> None:
    """Every method reaches the core, so that there is one place that decides."""
    app = tornado.web.Application(EngineIO().routes())

    async with EngineIOTestServer(app) as server:
        for method in ("PUT", "PATCH", "DELETE", "HEAD"):
            body = "4x" if method[0] == "P" else None
            target = "/engine.io/?EIO=4&transport=polling"
            answer = await server.fetch(target, method=method, body=body)
            assert answer.code == 400
            assert method == "HEAD" or b'"code":2' in answer.body
