"""A chat with a login, in one aiohttp application: ``python -m examples.aiohttp_chat.app``.

Who may talk is decided by aiohttp-session, over polling and WebSocket alike; who talks is kept in
the Engine.IO session of each connection.
"""

import os
from pathlib import Path

import aiohttp_session
from aiohttp import web

import aiohttp_engineio
from aiohttp_engineio import get_engineio

HERE = Path(__file__).parent
CLIENT = HERE.parent / "demo/node_modules/engine.io-client/dist"
LONGEST_NAME, LONGEST_TEXT = 24, 2_000


async def home(request: web.Request) -> web.FileResponse:
    """Serve the page."""
    return web.FileResponse(HERE / "index.html")


async def login(request: web.Request) -> web.Response:
    """Take a name, which is all that this chat wants to know."""
    name = str((await request.post()).get("name", "")).strip()[:LONGEST_NAME]
    if not name:
        raise web.HTTPBadRequest(text="a name, please")
    session = await aiohttp_session.new_session(request)
    session["name"] = name
    return web.json_response({"name": name})


async def announce(request: web.Request) -> web.Response:
    """Say something to everybody, from an ordinary handler."""
    count = await get_engineio(request).broadcast({"from": None, "text": await request.text()})
    return web.json_response({"told": count})


async def connected(sid: str, request: web.Request) -> None:
    """Let in who has logged in, and tell the others."""
    session = await aiohttp_session.get_session(request)
    if "name" not in session:
        raise web.HTTPUnauthorized(text="log in first")
    eio = get_engineio(request)
    await eio.save_session(sid, {"name": session["name"]})
    await eio.broadcast({"from": None, "text": f"{session['name']} is here"})


def make_app() -> web.Application:
    """Return the application."""
    app = web.Application()
    # Readable for the browser, and forgeable by it: a real application takes the encrypted storage.
    aiohttp_session.setup(app, aiohttp_session.SimpleCookieStorage())
    app.add_routes([web.get("/", home), web.post("/login", login), web.post("/announce", announce)])
    if CLIENT.is_dir():
        app.router.add_static("/client", CLIENT)
    eio = aiohttp_engineio.setup(app)
    eio.on_connect(connected)

    @eio.on_message
    async def received(sid: str, data: str | bytes) -> None:
        if isinstance(data, str) and data.strip():
            name = (await eio.get_session(sid))["name"]
            await eio.broadcast({"from": name, "text": data[:LONGEST_TEXT]})

    @eio.on_disconnect
    async def gone(sid: str, reason: str) -> None:
        name = (await eio.get_session(sid))["name"]
        await eio.broadcast({"from": None, "text": f"{name} has left: {reason}"})

    return app


if __name__ == "__main__":
    web.run_app(make_app(), host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
