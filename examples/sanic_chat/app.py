"""A chat with a login, in one Sanic application: ``python -m examples.sanic_chat.app``.

Who may talk is found out by request middleware, over polling and WebSocket alike; who talks is kept
in the Engine.IO session of each connection.
"""

from pathlib import Path

from sanic import HTTPResponse, Request, Sanic, file, json
from sanic.exceptions import BadRequest, Unauthorized

from sanic_engineio import EngineIO, get_engineio

HERE = Path(__file__).parent
CLIENT = HERE.parent / "demo/node_modules/engine.io-client/dist"
LONGEST_NAME, LONGEST_TEXT = 24, 2_000


async def home(request: Request) -> HTTPResponse:
    """Serve the page."""
    return await file(HERE / "index.html")


async def login(request: Request) -> HTTPResponse:
    """Take a name, which is all that this chat wants to know."""
    form = request.form
    name = str(form.get("name", "")).strip()[:LONGEST_NAME] if form else ""
    if not name:
        raise BadRequest("a name, please")
    response = json({"name": name})
    # Readable for the browser, and forgeable by it: a real application signs it.
    response.add_cookie("name", name, httponly=True, secure=False)
    return response


async def announce(request: Request) -> HTTPResponse:
    """Say something to everybody, from an ordinary handler."""
    text = request.body.decode(errors="replace")
    return json({"told": await get_engineio(request).broadcast({"from": None, "text": text})})


async def who(request: Request) -> None:
    """Find out whose request it is, before any handler sees it."""
    request.ctx.name = request.cookies.get("name")


async def connected(sid: str, request: Request) -> None:
    """Let in who has logged in, and tell the others."""
    if request.ctx.name is None:
        raise Unauthorized("log in first")
    eio = get_engineio(request)
    await eio.save_session(sid, {"name": request.ctx.name})
    await eio.broadcast({"from": None, "text": f"{request.ctx.name} is here"})


def make_app(name: str = "SanicChat") -> Sanic:
    """Return the application."""
    app = Sanic(name)
    app.register_middleware(who, "request")
    app.add_route(home, "/")
    app.add_route(login, "/login", methods=["POST"])
    app.add_route(announce, "/announce", methods=["POST"])
    if CLIENT.is_dir():
        app.static("/client", CLIENT, name="client")
    eio = EngineIO(app)
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
    make_app().run("127.0.0.1", 8000, single_process=True)
