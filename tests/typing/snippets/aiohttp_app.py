"""What an aiohttp application with type annotations writes; every line must pass mypy --strict."""

from typing import Any, assert_type

from aiohttp import web

import aiohttp_engineio
import engineio
from aiohttp_engineio import APP_KEY, EngineIO, get_engineio
from aiohttp_engineio.testing import EngineIOTestClient, connect
from engineio.testing import Client

app = web.Application()
eio = aiohttp_engineio.setup(app, "/engine.io/", ping_interval=20)
assert_type(eio, EngineIO)
assert_type(app[APP_KEY], EngineIO)
assert_type(eio.server, engineio.AsyncServer)


@eio.on_connect
async def connected(sid: str, request: web.Request) -> None:
    assert_type(get_engineio(request), EngineIO)
    await eio.save_session(sid, {"path": request.path})


@eio.on_connect
def sid_alone(sid: str) -> bool:
    return bool(sid)


@eio.on_message
async def received(sid: str, data: str) -> None:
    assert_type(await eio.send(sid, data), bool)
    assert_type(await eio.broadcast(data, sids=eio.sids), int)
    assert_type(await eio.get_session(sid), dict[str, Any])
    async with eio.session(sid) as session:
        session["last"] = data
    await eio.sleep(1)


@eio.on_disconnect
async def gone(sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo) -> None:
    print(sid, reason.value, info.code)


@eio.on("message")
async def by_name(sid: str, data: str | bytes) -> None:
    eio.start_background_task(eio.send, sid, data)


# What decorates keeps the types of what it decorates.
assert_type(sid_alone("x"), bool)

admin_key = web.AppKey("admin", EngineIO)
other = EngineIO(eio.server)
other.attach(app, "/admin/", key=admin_key)
app.add_routes(other.routes("/more/"))
app.on_shutdown.append(other.on_shutdown)
app.cleanup_ctx.append(other.cleanup_ctx)


async def tests(client: EngineIOTestClient) -> None:
    assert_type(await client.engineio_connect(transport="websocket"), Client)
    async with connect(app, transport="polling") as session:
        assert_type(session, Client)
