"""A chat with a login, in one FastAPI application: ``uvicorn examples.fastapi_chat.app:app``.

Who may talk is decided by a dependency that pages and Engine.IO share, over polling and WebSocket
alike; who talks is kept in the Engine.IO session of each connection.
"""

import secrets
from pathlib import Path
from typing import Annotated

from fastapi import Body, Cookie, Depends, FastAPI, HTTPException, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from engineio import Reason
from fastapi_engineio import EngineIO, Sid

HERE = Path(__file__).parent
CLIENT = HERE.parent / "demo/node_modules/engine.io-client/dist"

# Who has logged in, by the value of the cookie. A real application asks its database.
names: dict[str, str] = {}


class Said(BaseModel):
    """What somebody says."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


class Line(BaseModel):
    """What everybody gets; ``from`` nobody where the chat itself speaks."""

    author: str | None = Field(default=None, alias="from")
    text: str


def current_name(ticket: Annotated[str, Cookie()] = "") -> str:
    """Return the name of who asks."""
    if ticket not in names:
        raise HTTPException(401, "log in first")
    return names[ticket]


CurrentName = Annotated[str, Depends(current_name)]
eio = EngineIO()


@eio.on_connect
async def connected(sid: Sid, name: CurrentName) -> None:
    """Let in who has logged in, and tell the others."""
    await eio.save_session(sid, {"name": name})
    await eio.broadcast(Line(text=f"{name} is here"))


@eio.on_message
async def received(sid: str, data: Said) -> None:
    """Pass on what somebody says."""
    session = await eio.get_session(sid)
    await eio.broadcast(Line.model_validate({"from": session["name"], "text": data.text}))


@eio.on_validation_error
async def misunderstood(sid: str, error: ValidationError) -> None:
    """Tell who sent it, and nobody else."""
    await eio.send(sid, Line(text=f"not sent: {error.errors()[0]['msg']}"))


@eio.on_disconnect
async def gone(sid: str, reason: Reason) -> None:
    """Tell the others."""
    session = await eio.get_session(sid)
    await eio.broadcast(Line(text=f"{session['name']} has left: {reason.value}"))


app = FastAPI(title="Chat")
app.include_router(eio)


@app.get("/", include_in_schema=False)
async def home() -> FileResponse:
    """Serve the page."""
    return FileResponse(HERE / "index.html")


@app.post("/login")
async def login(
    name: Annotated[str, Body(embed=True, min_length=1, max_length=24)], response: Response
) -> dict[str, str]:
    """Take a name, which is all that this chat wants to know."""
    ticket = secrets.token_urlsafe()
    names[ticket] = name
    response.set_cookie("ticket", ticket, httponly=True, samesite="strict")
    return {"name": name}


@app.post("/announce")
async def announce(said: Said, eio: Annotated[EngineIO, Depends(eio.get)]) -> dict[str, int]:
    """Say something to everybody, from an ordinary path operation."""
    return {"told": await eio.broadcast(Line(text=said.text))}


if CLIENT.is_dir():
    app.mount("/client", StaticFiles(directory=CLIENT))
