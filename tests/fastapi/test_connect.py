"""Who may come in: a ``connect`` handler is a path operation, on both transports alike."""

import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Cookie,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Path,
    Query,
    Request,
    Response,
)
from fastapi.exceptions import FastAPIError
from fastapi.requests import HTTPConnection
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel

import engineio
from fastapi_engineio import EngineIO, Sid
from fastapi_engineio.pytest_plugin import Connect
from fastapi_engineio.testing import EngineIOTestClient
from tests.fastapi.refusals import refused

Bearer = Annotated[str, Depends(OAuth2PasswordBearer(tokenUrl="token"))]


def user_of(token: Bearer) -> str:
    if token == "banned":
        raise HTTPException(403, {"why": "banned"}, headers={"X-Why": "banned"})
    return token.title()


User = Annotated[str, Depends(user_of)]


def application(eio: EngineIO, **options: Any) -> FastAPI:
    app = FastAPI()
    app.include_router(eio, **options)
    return app


def chat() -> tuple[FastAPI, EngineIO]:
    """An application that tells each client what its handler was given."""
    eio = EngineIO()

    @eio.on_connect
    async def connected(
        sid: Sid,
        user: User,
        limit: Annotated[int, Query(gt=0)],
        room: str = "lobby",
        x_trace: Annotated[str | None, Header()] = None,
        theme: Annotated[str | None, Cookie()] = None,
    ) -> None:
        await eio.send(sid, [user, limit, room, x_trace, theme])

    return application(eio), eio


async def test_everything_that_a_path_operation_may_have(
    engineio_client: Connect, transport: str
) -> None:
    app, eio = chat()
    headers = {"Authorization": "Bearer ada", "X-Trace": "7"}
    options = {"headers": headers, "cookies": {"theme": "dark"}, "query": {"limit": "3"}}

    async with engineio_client(app, transport=transport, **options) as client:
        assert await client.receive_json() == ["Ada", 3, "lobby", "7", "dark"]
        assert eio.sids == [client.sid]


async def test_401_403_and_422_with_the_bodies_of_fastapi(transport: str) -> None:
    app, eio = chat()

    answer = await refused(app, transport=transport, query={"limit": "3"})
    assert (answer.status, answer.json()) == (401, {"detail": "Not authenticated"})
    assert answer.header("WWW-Authenticate") == "Bearer"

    banned = {"Authorization": "Bearer banned"}
    answer = await refused(app, transport=transport, headers=banned, query={"limit": "3"})
    assert (answer.status, answer.json()) == (403, {"detail": {"why": "banned"}})
    assert answer.header("X-Why") == "banned"
    assert answer.header("Content-Type") == "application/json"

    ada = {"Authorization": "Bearer ada"}
    answer = await refused(app, transport=transport, headers=ada, query={"limit": "0"})
    (detail,) = answer.json()["detail"]
    assert answer.status == 422
    assert (detail["loc"], detail["type"]) == (["query", "limit"], "greater_than")
    assert eio.sids == []


async def test_the_handlers_of_the_application_for_exceptions(transport: str) -> None:
    class Banned(Exception):
        pass

    eio = EngineIO()
    app = application(eio)

    @app.exception_handler(Banned)
    async def explain(request: Request, error: Banned) -> PlainTextResponse:
        return PlainTextResponse(f"go away from {request.url.path}", 418)

    @eio.on_connect
    async def connected(sid: Sid) -> None:
        raise Banned

    answer = await refused(app, transport=transport)
    assert (answer.status, answer.body) == (418, b"go away from /engine.io/")


async def test_a_handler_that_makes_an_error_look_well_lets_nobody_in(
    transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    eio = EngineIO()
    app = application(eio)

    @app.exception_handler(HTTPException)
    async def swallow(request: Request, error: HTTPException) -> PlainTextResponse:
        return PlainTextResponse("all is well")

    @eio.on_connect
    async def connected(sid: Sid) -> None:
        raise HTTPException(403)

    answer = await refused(app, transport=transport)
    assert (answer.status, answer.json()) == (401, "Unauthorized")
    assert "refuses nobody" in caplog.text


async def test_dependencies_with_yield_are_over_when_the_session_begins(
    engineio_client: Connect, transport: str
) -> None:
    seen: list[str] = []

    async def database() -> AsyncIterator[str]:
        seen.append("open")
        try:
            yield "database"
        except HTTPException:
            seen.append("rolled back")
            raise
        finally:
            seen.append("closed")

    eio = EngineIO()
    app = application(eio)

    @eio.on_connect
    async def connected(
        sid: Sid, database: Annotated[str, Depends(database)], wanted: bool
    ) -> None:
        seen.append(f"in {database}")
        if not wanted:
            raise HTTPException(403)

    async with engineio_client(app, transport=transport, query={"wanted": "1"}):
        assert seen == ["open", "in database", "closed"]

    seen.clear()
    assert (await refused(app, transport=transport, query={"wanted": "0"})).status == 403
    assert seen == ["open", "in database", "rolled back", "closed"]


async def test_a_dependency_that_fails_after_the_handler_lets_nobody_in(
    transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def database() -> AsyncIterator[None]:
        yield
        raise RuntimeError("no commit")

    eio = EngineIO()

    @eio.on_connect
    async def connected(sid: Sid, database: Annotated[None, Depends(database)]) -> None:
        pass

    answer = await refused(application(eio), transport=transport)
    assert answer.status == 401
    assert "no commit" in caplog.text


async def test_dependency_overrides(engineio_client: Connect, transport: str) -> None:
    app, _ = chat()
    app.dependency_overrides[user_of] = lambda: "Tester"

    async with engineio_client(app, transport=transport, query={"limit": "1"}) as client:
        assert (await client.receive_json())[0] == "Tester"


async def test_dependencies_of_routers_hold_without_a_handler_too(
    engineio_client: Connect, transport: str
) -> None:
    """Of the server itself, of the router it is in, and of the application."""
    seen: list[str] = []

    def guard(name: str) -> Any:
        async def check(request: Request) -> None:
            seen.append(name)
            if request.query_params.get("fails") == name:
                raise HTTPException(403, name)

        return Depends(check)

    eio = EngineIO(dependencies=[guard("server")])
    middle = APIRouter(dependencies=[guard("router")])
    middle.include_router(eio, prefix="/chat", dependencies=[guard("include")])
    app = FastAPI(dependencies=[guard("application")])
    app.include_router(middle, prefix="/v1")
    everybody = ["application", "router", "include", "server"]

    path = "/v1/chat/engine.io/"
    async with engineio_client(app, path, transport=transport) as client:
        assert seen == everybody
        await client.send("polls and frames solve nothing")
        await client.receive_nothing()
    assert seen == everybody

    for name in everybody:
        answer = await refused(app, path=path, transport=transport, query={"fails": name})
        assert (answer.status, answer.json()) == (403, {"detail": name})


async def test_a_dependency_is_solved_once(engineio_client: Connect, transport: str) -> None:
    calls: list[str] = []

    async def visitor(sid: Sid) -> str:
        calls.append(sid)
        return sid

    eio = EngineIO(dependencies=[Depends(visitor)])

    @eio.on_connect
    async def connected(sid: Sid, one: Annotated[str, Depends(visitor)]) -> None:
        assert one == sid

    async with engineio_client(application(eio), transport=transport) as client:
        assert calls == [client.sid]


async def test_the_values_of_a_path(engineio_client: Connect, transport: str) -> None:
    eio = EngineIO()
    app = application(eio, prefix="/rooms/{room}")

    @eio.on_connect
    async def connected(sid: Sid, room: Annotated[int, Path(lt=10)]) -> None:
        await eio.send(sid, [room])

    async with engineio_client(app, "/rooms/7/engine.io", transport=transport) as client:
        assert await client.receive_json() == [7]
    assert (await refused(app, path="/rooms/70/engine.io/", transport=transport)).status == 422


async def test_what_is_put_into_the_response_goes_out_with_the_handshake(
    transport: str,
) -> None:
    eio = EngineIO()
    app = application(eio)

    async def mark(response: Response) -> None:
        response.headers["X-Mark"] = "1"

    @eio.on_connect
    async def connected(sid: Sid, response: Response, mark: Annotated[None, Depends(mark)]) -> None:
        response.set_cookie("seen", "yes")

    async with EngineIOTestClient(app) as http:
        client = await http.engineio_connect(transport=transport)
        assert client.response is not None
        assert client.response.header("X-Mark") == "1"
        assert http.cookies["seen"] == "yes"
        names = [name for name, _ in client.response.headers]
        assert len(names) == len(set(names))


async def test_the_request_of_either_transport_is_a_get(
    engineio_client: Connect, transport: str
) -> None:
    eio = EngineIO()
    seen: list[Any] = []

    @eio.on_connect
    async def connected(sid: Sid, request: Request, connection: HTTPConnection) -> None:
        seen.extend((request.method, str(request.url).partition("?")[0], await request.body()))
        seen.append(connection.scope["type"])

    async with engineio_client(application(eio), transport=transport):
        assert seen == ["GET", "http://testserver/engine.io/", b"", "http"]


async def test_background_tasks(engineio_client: Connect, transport: str) -> None:
    eio = EngineIO()
    seen: list[str] = []

    @eio.on_connect
    async def connected(sid: Sid, tasks: BackgroundTasks) -> None:
        tasks.add_task(seen.append, "done")

    async with engineio_client(application(eio), transport=transport):
        assert seen == ["done"]


# -- the ways of the core ------------------------------------------------------------------


async def test_handlers_as_the_specification_has_them(
    engineio_client: Connect, transport: str
) -> None:
    """``(sid)`` and ``(sid, environ)``: the request takes the place of the environ."""
    eio = EngineIO()
    app = application(eio)
    seen: list[Any] = []

    @eio.on("connect")
    def connected(sid, environ):
        seen.append((sid, type(environ)))

    async with engineio_client(app, transport=transport) as client:
        assert seen == [(client.sid, Request)]

    eio.on("connect", lambda sid: seen.append(sid))
    async with engineio_client(app, transport=transport) as client:
        assert seen[1:] == [client.sid]


@pytest.mark.parametrize("mode", ["thread", "inline"])
async def test_a_plain_function_may_refuse(transport: str, mode: Any) -> None:
    eio = EngineIO(sync_handlers=mode)

    @eio.on_connect
    def connected(sid: str, request: Request) -> None:
        raise HTTPException(403, request.url.path)

    answer = await refused(application(eio), transport=transport)
    assert (answer.status, answer.json()) == (403, {"detail": "/engine.io/"})


@pytest.mark.parametrize(
    ("verdict", "status", "body"),
    [
        (False, 401, b'"Unauthorized"'),
        ({"why": "full"}, 401, b'{"why":"full"}'),
        (engineio.ConnectionRefused({"why": "banned"}, status=403), 403, b'{"why":"banned"}'),
        (JSONResponse({"why": "late"}, 409), 409, b'{"why":"late"}'),
    ],
    ids=["false", "value", "exception", "response"],
)
async def test_ways_to_say_no(transport: str, verdict: Any, status: int, body: bytes) -> None:
    eio = EngineIO()

    @eio.on_connect
    async def connected(sid: Sid) -> Any:
        if isinstance(verdict, Exception):
            raise verdict
        return verdict

    answer = await refused(application(eio), transport=transport)
    assert (answer.status, answer.body) == (status, body)


@pytest.mark.parametrize(
    "error",
    [RuntimeError("broken"), PlainTextResponse("fine"), HTTPException(307)],
    ids=["exception", "response", "redirect"],
)
async def test_what_refuses_nobody_is_a_failure(
    transport: str, error: Any, caplog: pytest.LogCaptureFixture
) -> None:
    eio = EngineIO()

    @eio.on_connect
    async def connected(sid: Sid) -> Any:
        if isinstance(error, Exception):
            raise error
        return error

    answer = await refused(application(eio), transport=transport)
    assert (answer.status, answer.json()) == (401, "Unauthorized")
    assert [record.levelno for record in caplog.records if record.name.startswith("engineio")] == [
        logging.ERROR
    ]


async def test_what_the_core_refuses_solves_nothing(transport: str) -> None:
    """Another origin, a server that stops: no dependency is asked."""
    eio = EngineIO(dependencies=[Depends(lambda: pytest.fail("solved"))])
    evil = {"Origin": "http://evil.example"}

    answer = await refused(application(eio), transport=transport, headers=evil)
    assert answer.status == 403


# -- registering ---------------------------------------------------------------------------


class Login(BaseModel):
    user: str


def test_parameters_that_cannot_be() -> None:
    eio = EngineIO()

    with pytest.raises(engineio.ConfigError, match=r"no body.*'login'"):

        @eio.on_connect
        async def with_body(sid: Sid, login: Login) -> None: ...

    with pytest.raises(engineio.ConfigError, match="session id first"):

        @eio.on_connect
        async def without_sid(number: int) -> None: ...

    with pytest.raises(engineio.ConfigError, match="session id first"):

        @eio.on_connect
        async def without_any() -> None: ...

    with pytest.raises(FastAPIError):

        @eio.on_connect
        async def with_nonsense(sid: Sid, server: EngineIO) -> None: ...


async def test_the_sid_may_stand_anywhere(engineio_client: Connect, transport: str) -> None:
    eio = EngineIO()

    @eio.on_connect
    async def connected(request: Request, me: Sid) -> None:
        await eio.send(me, me)

    async with engineio_client(application(eio), transport=transport) as client:
        assert await client.receive() == client.sid


async def test_a_sid_elsewhere_is_an_error() -> None:
    app = FastAPI()

    @app.get("/")
    async def home(sid: Sid) -> None: ...

    async with EngineIOTestClient(app) as http:
        with pytest.raises(RuntimeError, match="connect handler"):
            await http.get("/")


async def test_a_handler_may_come_late_or_be_replaced(
    engineio_client: Connect, transport: str
) -> None:
    """After `include_router`, and even after the first client: it is never left out in silence."""
    eio = EngineIO()
    parent = APIRouter()
    parent.include_router(eio)
    app = application(parent)  # type: ignore[arg-type]  # a router like any other
    async with engineio_client(app, transport=transport):
        pass

    @eio.on_connect
    async def connected(sid: Sid, ticket: str) -> None:
        raise HTTPException(403, ticket)

    answer = await refused(app, transport=transport, query={"ticket": "none"})
    assert (answer.status, answer.json()) == (403, {"detail": "none"})
    assert (await refused(app, transport=transport)).status == 422
