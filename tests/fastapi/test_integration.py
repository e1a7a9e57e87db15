"""How a server gets into an application: FastAPI's, Starlette's, or none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

import engineio
from engineio.testing import ASGINetwork, Client, FakeClock
from fastapi_engineio import EngineIO, Sid
from fastapi_engineio.pytest_plugin import Connect
from fastapi_engineio.testing import EngineIOTestClient
from tests.fastapi.refusals import refused

TRANSPORTS = pytest.mark.parametrize("transport", ["polling", "websocket", "upgrade"])


def echoing(**options: Any) -> EngineIO:
    """A server that sends everything back."""
    eio = EngineIO(**options)

    @eio.on_message
    async def received(sid: str, data: str | bytes) -> None:
        await eio.send(sid, data)

    return eio


async def echoes(app: ASGIApp, path: str, **options: Any) -> None:
    """Hold a session under a path, in both its spellings."""
    async with EngineIOTestClient(app) as http:
        for spelling in (f"{path}/", path):
            client = await http.engineio_connect(spelling, **options)
            for message in ("hello", b"\x00\xff"):
                await client.send(message)
                assert await client.receive() == message


def included(eio: EngineIO) -> ASGIApp:
    app = FastAPI()
    app.include_router(eio, prefix="/api")
    return app


def in_a_router(eio: EngineIO) -> ASGIApp:
    router = APIRouter(prefix="/api")
    router.include_router(eio)
    app = FastAPI()
    app.include_router(router)
    return app


def in_a_mounted_application(eio: EngineIO) -> ASGIApp:
    inner = FastAPI()
    inner.include_router(eio)
    app = FastAPI()
    app.mount("/api", inner)
    return app


def mounted_itself(eio: EngineIO) -> ASGIApp:
    app = FastAPI()
    app.mount("/api", eio)
    return app


def mounted_in_starlette(eio: EngineIO) -> ASGIApp:
    return Starlette(routes=[Mount("/api", app=eio)])


def routes_in_starlette(eio: EngineIO) -> ASGIApp:
    return Starlette(routes=[Mount("/api", routes=eio.routes)])


PLACES = pytest.mark.parametrize(
    "place",
    [
        included,
        in_a_router,
        in_a_mounted_application,
        mounted_itself,
        mounted_in_starlette,
        routes_in_starlette,
    ],
)


@PLACES
@TRANSPORTS
async def test_places(place: Any, transport: str) -> None:
    await echoes(place(echoing()), "/api/engine.io", transport=transport)


@PLACES
async def test_a_connect_handler_works_in_every_place(place: Any, transport: str) -> None:
    eio = EngineIO()
    app = place(eio)

    @eio.on_connect
    async def connected(sid: Sid, number: int = 3) -> None:
        raise HTTPException(400 + number, f"number {number}")

    answer = await refused(app, path="/api/engine.io/", transport=transport)
    assert answer.status == 403
    assert b"number 3" in answer.body


@pytest.mark.parametrize("prefixed", [True, False], ids=["uvicorn", "hypercorn"])
async def test_a_root_path(prefixed: bool, transport: str) -> None:
    """Behind a proxy that strips a prefix; some servers put it before the path, some do not."""
    eio = echoing()
    app = FastAPI()
    app.include_router(eio)
    scope = {"root_path": "/behind"}
    path = "/behind/engine.io/" if prefixed else "/engine.io/"

    network = ASGINetwork(app, scope)
    async with Client(network, path=path, transport=transport) as client:  # type: ignore[arg-type]  # one of the literals
        await client.send("hello")
        assert await client.receive() == "hello"


async def test_plain_starlette_with_the_application_of_the_core(transport: str) -> None:
    """No FastAPI at all: `engineio.ASGIApp` in a mount, beside the routes of the application."""
    eio = engineio.AsyncServer(async_mode="asgi")
    eio.on("message", eio.send)

    async def home(request: Request) -> Response:
        return PlainTextResponse("home")

    gateway = engineio.ASGIApp(eio, engineio_path="")
    app = Starlette(routes=[Route("/", home), Mount("/engine.io", app=gateway)])

    async with EngineIOTestClient(app) as http:
        assert (await http.get("/")).text == "home"
        client = await http.engineio_connect(transport=transport)
        await client.send("hello")
        assert await client.receive() == "hello"


async def test_several_servers_in_one_application(transport: str) -> None:
    chat, admin = echoing(), echoing(path="/admin", transports=["polling"])
    app = FastAPI()
    app.include_router(chat)
    app.include_router(admin)

    async with EngineIOTestClient(app) as http:
        await http.engineio_connect(transport=transport)
        client = await http.engineio_connect("/admin/")
        assert client.handshake["upgrades"] == []
        assert (len(chat.sids), len(admin.sids)) == (1, 1)


async def test_the_schema_has_no_entry() -> None:
    eio = echoing()
    app = FastAPI()
    app.include_router(eio, prefix="/api")

    @eio.on_connect
    async def connected(sid: Sid, room: str) -> None: ...

    assert app.openapi()["paths"] == {}
    assert app.url_path_for("engineio") in ("/api/engine.io/", "/api/engine.io")


async def test_other_routes_stay_what_they_are() -> None:
    eio = echoing()

    @eio.post("/engine.io-status")
    async def status() -> list[str]:
        return eio.sids

    app = FastAPI()
    app.include_router(eio)

    @app.get("/engine.io/more")
    async def more() -> str:
        return "more"

    async with EngineIOTestClient(app) as http:
        assert (await http.post("/engine.io-status")).json() == []
        assert (await http.get("/engine.io/more")).json() == "more"
        assert (await http.get("/elsewhere")).status_code == 404


async def test_every_method_is_the_core_to_refuse() -> None:
    app = included(echoing())

    async with EngineIOTestClient(app) as http:
        answer = await http.put("/api/engine.io/?EIO=4&transport=polling")
        assert (answer.status_code, answer.json()["code"]) == (400, 2)
        evil = {"Origin": "http://evil.example"}
        answer = await http.options("/api/engine.io/?EIO=4", headers=evil)
        assert answer.status_code == 204
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_asking_for_the_server(engineio_client: Connect) -> None:
    eio, other = echoing(), echoing()
    app = FastAPI()
    app.include_router(eio)

    @app.post("/push/{sid}")
    async def push(sid: str, eio: Annotated[EngineIO, Depends(eio.get)]) -> bool:
        return sid in eio.sids and await eio.send(sid, "pushed")

    async with EngineIOTestClient(app) as http:
        client = await http.engineio_connect()
        assert (await http.post(f"/push/{client.sid}")).json() is True
        assert await client.receive() == "pushed"

        app.dependency_overrides[eio.get] = lambda: other
        assert (await http.post(f"/push/{client.sid}")).json() is False


async def test_what_middlewares_have_found_out(transport: str) -> None:
    """ASGI middleware sees both transports, one of ``@app.middleware("http")`` polling alone."""
    eio = EngineIO()
    app = FastAPI()
    app.include_router(eio)
    seen: list[Any] = []

    @app.middleware("http")
    async def note(request: Request, call_next: Any) -> Response:
        request.state.noted = True
        response: Response = await call_next(request)
        response.headers["X-Noted"] = "1"
        return response

    @eio.on_connect
    async def connected(sid: Sid, request: Request) -> None:
        seen.append((request.state.started, getattr(request.state, "noted", False)))

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
        yield {"started": "yes"}

    outer = FastAPI(lifespan=lifespan)
    outer.mount("/", app)
    async with EngineIOTestClient(outer) as http:
        client = await http.engineio_connect(transport=transport)
        await client.send("hello")
        assert client.response is not None
        assert client.response.header("X-Noted") == ("1" if transport == "polling" else None)
    assert seen == [("yes", transport == "polling")]


async def test_a_middleware_for_cors_does_no_harm(transport: str) -> None:
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=["http://good.example"])
    app.include_router(echoing(cors_allowed_origins=["http://good.example"]))
    good = {"Origin": "http://good.example"}

    await echoes(app, "/engine.io", transport=transport, headers=good)


# -- life ----------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_the_lifespan_is_that_of_the_application(transport: str) -> None:
    """What the application has opened is still there when the last session ends."""
    events: list[str] = []
    eio = echoing()

    @eio.on_disconnect
    async def gone(sid: str, reason: engineio.Reason) -> None:
        events.append(reason.value)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        events.append("open")
        yield
        events.append("closed")

    app = FastAPI(lifespan=lifespan)
    app.include_router(eio)
    network = ASGINetwork(app)
    client = Client(network, transport=transport)  # type: ignore[arg-type]  # one of the literals
    async with EngineIOTestClient(app):
        assert events == ["open"]
        await client.connect()
        await client.send("hello")
        assert await client.receive() == "hello"
    await client.wait_closed()
    await client.close()
    assert events == ["open", "server shutdown", "closed"]


async def test_the_same_server_runs_again(transport: str) -> None:
    eio = echoing()
    for _ in range(2):
        app = FastAPI()
        app.include_router(eio)
        await echoes(app, "/engine.io", transport=transport)
        assert eio.server.driver.engine.stopping


async def test_an_application_that_fails_to_start() -> None:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        raise ValueError("no database")
        yield

    with pytest.raises(ValueError, match="no database"):
        async with EngineIOTestClient(FastAPI(lifespan=lifespan)):
            pass


async def test_nothing_is_left(transport: str) -> None:
    before = asyncio.all_tasks()
    await echoes(included(echoing()), "/api/engine.io", transport=transport)
    assert asyncio.all_tasks() == before


# -- servers made before -------------------------------------------------------------------


async def test_a_server_of_the_core(engineio_client: Connect, transport: str) -> None:
    """With a connect handler of its own, and a clock that a test moves."""
    clock = FakeClock()
    server = engineio.AsyncServer("asgi", clock=clock, ping_interval=25)
    seen: list[Any] = []

    @server.on("connect")
    async def connected(sid: str, environ: Any) -> None:
        seen.append(type(environ))

    app = FastAPI()
    app.include_router(EngineIO(server))
    async with engineio_client(app, transport=transport) as client:
        assert seen == [Request]
        await clock.advance(25)
        await client.receive_nothing()
        assert any(packet.type.name == "PING" for packet in client.packets)


def test_impossible_servers() -> None:
    server = engineio.AsyncServer("asgi")
    with pytest.raises(engineio.ConfigError, match="options already"):
        EngineIO(server, ping_interval=1)
    with pytest.raises(engineio.ConfigError, match="not 'asgi'"):
        EngineIO(engineio.AsyncServer("aiohttp"))
    with pytest.raises(engineio.ConfigError, match="did you mean ping_interval"):
        EngineIO(ping_intervall=1)


async def test_hooks(engineio_client: Connect, transport: str) -> None:
    eio = echoing()
    eio.on("initial_headers", lambda headers, request: headers.append(("X-Served-By", "a")))

    async with engineio_client(included(eio), "/api/engine.io/", transport=transport) as client:
        assert client.response is not None
        assert client.response.header("X-Served-By") == "a"
