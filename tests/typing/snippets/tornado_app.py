"""What a Tornado application with type annotations writes; every line must pass mypy --strict."""

from typing import assert_type

import tornado.web
from tornado.routing import URLSpec
from tornado.testing import AsyncHTTPTestCase

import engineio
from engineio.testing import Client
from tornado_engineio import EngineIO, EngineIOHandler
from tornado_engineio.testing import EngineIOTestMixin, EngineIOTestServer, connect

eio = EngineIO(ping_interval=20)
assert_type(eio.server, engineio.AsyncServer)


class Chat(EngineIOHandler):
    def initialize(self, room: str) -> None:
        self.room = room

    def get_current_user(self) -> str | None:
        user = self.get_signed_cookie("user")
        return None if user is None else user.decode()

    async def prepare(self) -> None:
        self.set_header("X-Room", self.room)

    def check_origin(self, origin: str) -> bool:
        return origin.endswith(".example")


@eio.on_connect
async def connected(sid: str, handler: EngineIOHandler) -> None:
    assert_type(handler.engineio, engineio.AsyncServer)
    if not handler.current_user:
        raise tornado.web.HTTPError(403)
    await eio.save_session(sid, {"path": handler.request.path})


@eio.on_message
async def received(sid: str, data: str) -> None:
    assert_type(await eio.send(sid, data), bool)


@eio.on_disconnect
def gone(sid: str, reason: engineio.Reason) -> None:
    print(sid, reason.value)


assert_type(eio.routes(r"/chat/", Chat, {"room": "red"}, name="chat"), list[URLSpec])
app = tornado.web.Application(
    [
        (r"/engine.io/", engineio.get_tornado_handler(eio)),
        (r"/more/", engineio.get_tornado_handler(eio.server)),
        (r"/own/?", eio.handler(Chat), {"room": "blue"}),
        *eio.routes(),
    ]
)
eio.attach(app, "/late/", Chat)


async def main() -> None:
    async with eio as running:
        assert_type(running, EngineIO)
        app.listen(8888)


async def tests() -> None:
    async with EngineIOTestServer(app) as server:
        assert_type(await server.engineio_connect(transport="websocket"), Client)
    async with connect(app, transport="polling") as session:
        assert_type(session, Client)


class ChatTest(EngineIOTestMixin, AsyncHTTPTestCase):
    def get_app(self) -> tornado.web.Application:
        return app

    async def helper(self) -> None:
        assert_type(await self.engineio_connect("/late/"), Client)
