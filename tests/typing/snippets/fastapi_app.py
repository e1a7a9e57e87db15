"""What a FastAPI application with type annotations writes; every line must pass mypy --strict."""

from typing import Annotated, Any, assert_type

from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import BaseModel, ValidationError

import engineio
from engineio.testing import Client
from fastapi_engineio import EngineIO, Sid
from fastapi_engineio.testing import EngineIOTestClient, connect


class Said(BaseModel):
    text: str


async def current_user(sid: Sid, token: str) -> str:
    assert_type(sid, str)
    return token


eio = EngineIO(path="/chat/", dependencies=[Depends(current_user)], ping_interval=20)
assert_type(eio.server, engineio.AsyncServer)


@eio.on_connect
async def connected(
    sid: Sid, user: Annotated[str, Depends(current_user)], request: Request, room: str = "lobby"
) -> None:
    await eio.save_session(sid, {"user": user, "room": room, "path": request.url.path})


@eio.on_connect
def sid_alone(sid: str) -> bool:
    return bool(sid)


@eio.on_message
async def received(sid: str, data: Said | bytes) -> None:
    if isinstance(data, Said):
        assert_type(await eio.send(sid, data), bool)
    assert_type(await eio.broadcast(Said(text="all"), sids=eio.sids), int)
    assert_type(await eio.send(sid, {"plain": ["data"]}), bool)
    assert_type(await eio.get_session(sid), dict[str, Any])
    async with eio.session(sid) as session:
        session["last"] = data


@eio.on_validation_error
async def misunderstood(sid: str, error: ValidationError) -> None:
    await eio.send(sid, error.title)


@eio.on_invalid_message
def counted(sid: str, error: ValidationError) -> None:
    print(sid, error.error_count())


@eio.on_disconnect
async def gone(sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo) -> None:
    print(sid, reason.value, info.code)


@eio.on("message")
async def by_name(sid: str, data: str | bytes) -> None:
    eio.start_background_task(eio.send, sid, data)


# What decorates keeps the types of what it decorates.
assert_type(sid_alone("x"), bool)

app = FastAPI()
router = APIRouter()
router.include_router(eio)
app.include_router(eio, prefix="/realtime")
app.mount("/mounted", eio)


@app.post("/push/{sid}")
async def push(sid: str, eio: Annotated[EngineIO, Depends(eio.get)]) -> None:
    assert_type(await eio.send(sid, "pushed"), bool)


async def tests(client: EngineIOTestClient) -> None:
    assert_type(await client.engineio_connect(transport="websocket"), Client)
    assert_type((await client.get("/")).status_code, int)
    async with connect(app, transport="polling") as session:
        assert_type(session, Client)
