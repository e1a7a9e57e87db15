"""What a Sanic application with type annotations writes; every line must pass mypy --strict."""

from typing import Any, assert_type

from sanic import Blueprint, Request, Sanic

import engineio
from engineio.testing import Answer, Client
from sanic_engineio import EngineIO, get_engineio
from sanic_engineio.testing import EngineIOTestClient, connect

app = Sanic("typed")
eio = EngineIO(app, ping_interval=20)
assert_type(eio.server, engineio.AsyncServer)
assert_type(eio.blueprint, Blueprint)


@eio.on_connect
async def connected(sid: str, request: Request) -> None:
    assert_type(get_engineio(request), EngineIO)
    await eio.save_session(sid, {"path": request.path})


@eio.on_connect
def sid_alone(sid: str) -> bool:
    return bool(sid)


@eio.on_message
async def received(sid: str, data: str) -> None:
    assert_type(await eio.send(sid, data), bool)
    assert_type(await eio.get_session(sid), dict[str, Any])


@eio.on_disconnect
async def gone(sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo) -> None:
    print(sid, reason.value, info.code)


# What decorates keeps the types of what it decorates.
assert_type(sid_alone("x"), bool)

other = EngineIO(server=eio.server, path="/other/", name="other")
other.init_app(app)


async def tests(client: EngineIOTestClient) -> None:
    assert_type(await client.engineio_connect(transport="websocket"), Client)
    assert_type(await client.request("POST", "/login", b"ada"), Answer)
    async with connect(app, transport="polling") as session:
        assert_type(session, Client)
