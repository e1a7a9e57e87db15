"""Together with sanic-ext: as one of its extensions, and injected into handlers."""

from sanic import HTTPResponse, Request, json

from sanic_engineio import EngineIO
from sanic_engineio.extension import EngineIOExtension
from sanic_engineio.testing import EngineIOTestClient
from tests.sanic.running import echoing, new_app


async def test_an_extension_among_others(transport: str) -> None:
    app = new_app(AUTO_EXTEND=True, ENGINEIO_PING_INTERVAL=20)
    eio = echoing(EngineIO())
    app.extend(extensions=[EngineIOExtension(eio)])  # type: ignore[list-item]  # it takes both

    async with EngineIOTestClient(app) as http:
        client = await http.engineio_connect(transport=transport)
        assert client.handshake["pingInterval"] == 20_000
        await client.send("hello")
        assert await client.receive() == "hello"
    assert app.ctx.engineio is eio


def test_an_extension_may_make_its_own_server() -> None:
    app = new_app(AUTO_EXTEND=True)
    extension = EngineIOExtension()
    app.extend(extensions=[extension])  # type: ignore[list-item]  # it takes both

    assert app.ctx.engineio is extension.eio
    assert extension.label() == "polling and websocket"


async def test_handlers_are_given_the_server_they_ask_for() -> None:
    app = new_app(AUTO_EXTEND=True)
    EngineIO(app)
    EngineIO(app, path="/admin/", name="admin")

    @app.post("/notify/<sid:str>")
    async def notify(request: Request, sid: str, eio: EngineIO) -> HTTPResponse:
        return json(await eio.send(sid, request.body.decode()))

    async with EngineIOTestClient(app) as http:
        client = await http.engineio_connect()
        answer = await http.request("POST", f"/notify/{client.sid}", b"news")
        assert answer.json() is True
        assert await client.receive() == "news"


async def test_the_routes_are_not_in_the_documentation() -> None:
    app = new_app(AUTO_EXTEND=True)
    EngineIO(app)

    async with EngineIOTestClient(app) as http:
        schema = (await http.request("GET", "/docs/openapi.json")).json()
    assert "engine.io" not in str(schema["paths"])
