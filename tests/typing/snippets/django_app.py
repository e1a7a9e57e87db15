"""What a Django project with type annotations writes; every line must pass mypy --strict.

Django comes without types, so requests are annotated with Any unless django-stubs is there.
"""

from typing import Any, assert_type

import engineio
from django_engineio import EngineIO, eio
from django_engineio.asgi import ASGIApplication, get_asgi_application
from django_engineio.signals import client_connected
from django_engineio.testing import AsyncEngineIOClient, EngineIOClient, EngineIOTestCase
from django_engineio.wsgi import WSGIApplication, get_wsgi_application

assert_type(eio, EngineIO)
assert_type(get_wsgi_application(), WSGIApplication)
assert_type(get_asgi_application(), ASGIApplication)
admin = EngineIO("admin", ping_interval=20)
client_connected.connect(print, sender=admin)


@eio.on_connect
async def connected(sid: str, request: Any) -> None:
    await eio.asave_session(sid, {"path": request.path})


@eio.on_connect
def sid_alone(sid: str) -> bool:
    return bool(sid)


@eio.on_message
def received(sid: str, data: str) -> None:
    assert_type(eio.send(sid, data), bool)
    assert_type(eio.broadcast(data, sids=eio.sids), int)
    assert_type(eio.get_session(sid), dict[str, Any])
    with eio.session(sid) as session:
        session["last"] = data
    eio.sleep(1)


@eio.on("message")
async def received_by_name(sid: str, data: str | bytes) -> None:
    assert_type(await eio.asend(sid, data), bool)
    assert_type(await eio.abroadcast(data), int)
    async with eio.asession(sid) as session:
        session["last"] = data
    eio.start_background_task(eio.asend, sid, data)


@eio.on_disconnect
def gone(sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo) -> None:
    print(sid, reason.value, info.code)


# What decorates keeps the types of what it decorates.
assert_type(sid_alone("x"), bool)


@eio.on_message  # type: ignore[arg-type]  # it takes no data
def without_data(sid: str) -> None:
    print(sid)


@eio.on_connect  # type: ignore[arg-type]  # it takes more than there is
def with_more(sid: str, request: Any, more: int) -> None:
    print(sid, request, more)


EngineIO("typo", ping_intervall=1)  # type: ignore[call-arg]  # the typo is the point


class ChatTests(EngineIOTestCase):
    def test_chat(self) -> None:
        chat = self.engineio_connect(transport="websocket")
        assert_type(chat, EngineIOClient)
        chat.send("hello")
        assert_type(chat.receive(), engineio.Data)

    async def test_the_same_under_asgi(self) -> None:
        async with AsyncEngineIOClient() as chat:
            assert_type(await chat.receive(), engineio.Data)
