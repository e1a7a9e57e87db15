"""A chat with a login, in one Tornado application: ``python -m examples.tornado_chat.app``.

Who may talk is decided by a signed cookie, over polling and WebSocket alike; who talks is kept in
the Engine.IO session of each connection.
"""

import asyncio
import os
import secrets
import signal
from pathlib import Path
from typing import Any

import tornado.web

from tornado_engineio import EngineIO, EngineIOHandler

HERE = Path(__file__).parent
CLIENT = HERE.parent / "demo/node_modules/engine.io-client/dist"
LONGEST_NAME, LONGEST_TEXT = 24, 2_000


class Base(tornado.web.RequestHandler):
    """What the ordinary handlers share."""

    @property
    def eio(self) -> EngineIO:
        """The server of the application."""
        eio: EngineIO = self.settings["eio"]
        return eio


class Home(Base):
    """The page."""

    def get(self) -> None:
        """Serve it."""
        # It also sets the XSRF cookie that the page sends back with its forms.
        self.render("index.html", token=self.xsrf_token)


class Login(Base):
    """Takes a name, which is all that this chat wants to know."""

    def post(self) -> None:
        """Put it into a cookie that only this server can have signed."""
        name = self.get_body_argument("name", "").strip()[:LONGEST_NAME]
        if not name:
            raise tornado.web.HTTPError(400, reason="A name, please")
        self.set_signed_cookie("name", name, httponly=True, samesite="Lax")
        self.finish({"name": name})


class Announce(Base):
    """Says something to everybody, from an ordinary handler."""

    async def post(self) -> None:
        """Send it, and tell how many have got it."""
        text = self.get_body_argument("text")
        self.finish({"told": await self.eio.broadcast({"from": None, "text": text})})


class Chat(EngineIOHandler):
    """Knows who its client is, as every other handler of the application would."""

    def get_current_user(self) -> str | None:
        """Return the name in the cookie, or None."""
        name = self.get_signed_cookie("name")
        return None if name is None else name.decode()


def make_eio() -> EngineIO:
    """Return the server with its handlers."""
    eio = EngineIO()

    @eio.on_connect
    async def connected(sid: str, handler: EngineIOHandler) -> None:
        if not handler.current_user:
            raise tornado.web.HTTPError(401, reason="Log in first")
        await eio.save_session(sid, {"name": handler.current_user})
        await eio.broadcast({"from": None, "text": f"{handler.current_user} is here"})

    @eio.on_message
    async def received(sid: str, data: str | bytes) -> None:
        if isinstance(data, str) and data.strip():
            name = (await eio.get_session(sid))["name"]
            await eio.broadcast({"from": name, "text": data[:LONGEST_TEXT]})

    @eio.on_disconnect
    async def gone(sid: str, reason: str) -> None:
        name = (await eio.get_session(sid))["name"]
        await eio.broadcast({"from": None, "text": f"{name} has left: {reason}"})

    return eio


def make_app(eio: EngineIO) -> tornado.web.Application:
    """Return the application around a server."""
    routes: list[Any] = [(r"/", Home), (r"/login", Login), (r"/announce", Announce)]
    if CLIENT.is_dir():
        options = {"path": str(CLIENT)}
        routes.append((r"/client/(.*)", tornado.web.StaticFileHandler, options))
    return tornado.web.Application(
        [*routes, *eio.routes(handler=Chat)],
        eio=eio,
        template_path=str(HERE),
        # A new one at each start logs everybody out: a real application keeps its own.
        cookie_secret=os.environ.get("COOKIE_SECRET") or secrets.token_hex(),
        # For the forms; Engine.IO has `cors_allowed_origins`.
        xsrf_cookies=True,
    )


async def main() -> None:
    """Serve until SIGTERM or SIGINT, then tell the clients."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with make_eio() as eio:
        make_app(eio).listen(int(os.environ.get("PORT", "8888")), "127.0.0.1")
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
