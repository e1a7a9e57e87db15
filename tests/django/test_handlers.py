"""Handlers, and the methods of `EngineIO` in Django's naming, under WSGI and ASGI."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation
from django.http import HttpRequest
from django.test import AsyncClient, Client
from django.urls import reverse

import engineio
from django_engineio import EngineIO, eio, signals
from django_engineio.integration import servers
from django_engineio.pytest_plugin import Connect
from django_engineio.testing import AsyncEngineIOClient, EngineIOClient
from tests.django.site.urls import admin


def test_plain_handlers(engineio_client: Connect, transport: str) -> None:
    ended: list[Any] = []

    @eio.on_connect
    def connected(sid: str, request: HttpRequest) -> None:
        with eio.session(sid) as session:
            session["agent"] = request.headers["User-Agent"]

    @eio.on_message
    def received(sid: str, data: str) -> None:
        saved = eio.get_session(sid)
        eio.save_session(sid, {**saved, "last": data})
        eio.sleep(0)
        eio.send(sid, eio.get_session(sid))

    @eio.on_disconnect
    def gone(sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo) -> None:
        ended.append((sid, reason, info.code))

    chat = engineio_client(transport=transport, headers={"User-Agent": "test"})
    chat.send("hello")
    assert chat.receive_json() == {"agent": "test", "last": "hello"}
    assert eio.transport(chat.sid) == transport
    assert eio.sids == [chat.sid]
    assert eio.broadcast("to all") == 1
    assert chat.receive() == "to all"
    eio.start_background_task(eio.disconnect, chat.sid).join()
    chat.wait_closed()
    chat.close()
    assert ended[0][:2] == (chat.sid, engineio.Reason.SERVER_DISCONNECT)


async def test_coroutines(transport: str) -> None:
    ended: asyncio.Queue[Any] = asyncio.Queue()

    @eio.on_connect
    async def connected(sid: str, request: HttpRequest) -> None:
        async with eio.asession(sid) as session:
            session["agent"] = request.headers["User-Agent"]

    @eio.on_message
    async def received(sid: str, data: str) -> None:
        saved = await eio.aget_session(sid)
        await eio.asave_session(sid, {**saved, "last": data})
        await eio.asleep(0)
        await eio.asend(sid, eio.get_session(sid))

    @eio.on_disconnect
    async def gone(sid: str, reason: engineio.Reason) -> None:
        ended.put_nowait((sid, reason))

    headers = {"User-Agent": "test"}
    async with AsyncEngineIOClient(transport=transport, headers=headers) as chat:
        await chat.send("hello")
        assert await chat.receive_json() == {"agent": "test", "last": "hello"}
        assert eio.transport(chat.sid) == transport
        assert await eio.abroadcast("to all") == 1
        assert await chat.receive() == "to all"
        await eio.start_background_task(eio.adisconnect, chat.sid)
        assert await ended.get() == (chat.sid, engineio.Reason.SERVER_DISCONNECT)


async def test_plain_handlers_under_asgi_may_send_and_wait(transport: str) -> None:
    threads: list[threading.Thread] = []

    @eio.on_message
    def received(sid: str, data: str) -> None:
        threads.append(threading.current_thread())
        eio.send(sid, data)
        async_to_sync(eio.asend)(sid, data.upper())
        eio.broadcast("all", sids=eio.sids)
        eio.sleep(0)

    async with AsyncEngineIOClient(transport=transport) as chat:
        await chat.send("hello")
        assert [await chat.receive() for _ in range(3)] == ["hello", "HELLO", "all"]
    assert threads != [threading.current_thread()]


def test_coroutines_under_wsgi(engineio_client: Connect, transport: str) -> None:
    @eio.on_message
    async def received(sid: str, data: str) -> None:
        await eio.asend(sid, data)
        await eio.abroadcast("all")
        await eio.asleep(0)

    chat = engineio_client(transport=transport)
    chat.send("hello")
    assert [chat.receive() for _ in range(2)] == ["hello", "all"]


async def test_a_coroutine_that_would_wait_is_told_so() -> None:
    async with AsyncEngineIOClient() as chat:
        with pytest.raises(SynchronousOnlyOperation, match="begins with an 'a'"):
            eio.send(chat.sid, "hello")
        with pytest.raises(SynchronousOnlyOperation):
            eio.broadcast("hello")


def test_a_coroutine_may_wait_under_wsgi(engineio_client: Connect) -> None:
    @eio.on_message
    async def received(sid: str, data: str) -> None:
        eio.send(sid, data)

    chat = engineio_client()
    chat.send("hello")
    assert chat.receive() == "hello"


def test_decorated_coroutines_are_awaited(engineio_client: Connect) -> None:
    """As with decorators that return a plain function."""

    async def received(sid: str, data: str) -> None:
        await eio.asend(sid, data)

    eio.on_message(lambda sid, data: received(sid, data))
    chat = engineio_client()
    chat.send("hello")
    assert chat.receive() == "hello"


async def test_decorated_coroutines_are_awaited_under_asgi() -> None:
    async def received(sid: str, data: str) -> None:
        await eio.asend(sid, data)

    eio.on_message(lambda sid, data: received(sid, data))
    async with AsyncEngineIOClient() as chat:
        await chat.send("hello")
        assert await chat.receive() == "hello"


def test_views_send(engineio_client: Connect) -> None:
    chat = engineio_client()
    assert Client().get("/notify", {"text": "one"}).json() == {"told": 1}
    assert Client().get("/anotify", {"text": "two"}).json() == {"told": 1}
    assert [chat.receive(), chat.receive()] == ["one", "two"]


async def test_views_send_under_asgi() -> None:
    async with AsyncEngineIOClient() as chat:
        assert (await AsyncClient().get("/notify", {"text": "one"})).json() == {"told": 1}
        assert (await AsyncClient().get("/anotify", {"text": "two"})).json() == {"told": 1}
        assert [await chat.receive(), await chat.receive()] == ["one", "two"]


async def test_threads_of_their_own_send_under_asgi() -> None:
    async with AsyncEngineIOClient() as chat:
        await asyncio.to_thread(eio.send, chat.sid, "from a thread")
        assert await chat.receive() == "from a thread"
        task = eio.start_background_task(eio.send, chat.sid, "from a task")
        await task
        assert await chat.receive() == "from a task"


def test_a_process_without_a_server_says_so() -> None:
    with pytest.raises(RuntimeError, match="server 'default' is at work"):
        eio.broadcast("hello")


def test_a_second_server(engineio_client: Connect) -> None:
    admin.on_message(lambda sid, data: admin.send(sid, f"admin: {data}"))
    eio.on_message(lambda sid, data: eio.send(sid, f"default: {data}"))
    one, other = engineio_client(eio=admin), engineio_client()
    one.send("hello")
    other.send("hello")
    assert (one.receive(), other.receive()) == ("admin: hello", "default: hello")
    assert one.handshake["pingInterval"] == 7_000, "of the setting"
    assert one.handshake["maxPayload"] == 1_000, "of the arguments"
    assert other.handshake["pingInterval"] == 25_000


def test_names_and_urls() -> None:
    assert [each.name for each in servers()] == ["default", "admin"]
    assert reverse("engineio:endpoint") == eio.path == "/engine.io/"
    assert reverse("engineio-admin:endpoint") == admin.path == "/rt/admin"
    assert repr(admin) == "<EngineIO admin>"
    with pytest.raises(ImproperlyConfigured, match="named 'admin' already"):
        EngineIO("admin")


@pytest.mark.parametrize("path", ["/engine.io", "/engine.io/"])
async def test_both_spellings_of_the_path(engineio_client: Connect, path: str) -> None:
    engineio_client(path=path)
    async with AsyncEngineIOClient(path=path):
        pass


def test_hooks(engineio_client: Connect, transport: str) -> None:
    heard: list[Any] = []
    eio.on("packet", lambda sid, packet, direction: heard.append(direction))
    engineio_client(transport=transport).send("hello")
    assert "in" in heard

    with pytest.raises(engineio.ConfigError, match="too late"):
        eio.on("packet", lambda sid, packet, direction: None)


async def test_signals(engineio_client: Connect, transport: str) -> None:
    heard: list[Any] = []

    def connected(*, sender: EngineIO, sid: str, request: HttpRequest, **_: Any) -> None:
        heard.append((sender.name, "connected", sid, request.path))

    async def received(*, sid: str, data: Any, **_: Any) -> None:
        heard.append((sid, data))

    def gone(*, sid: str, reason: engineio.Reason, info: Any, **_: Any) -> None:
        heard.append((sid, info.reason is reason))
        raise RuntimeError("a receiver that is broken")

    signals.client_connected.connect(connected)
    signals.message_received.connect(received)
    signals.client_disconnected.connect(gone)
    try:
        async with AsyncEngineIOClient(transport=transport) as chat:
            await chat.send("hello")
        plain: list[str] = []

        def talk() -> None:
            with EngineIOClient(transport=transport) as client:
                plain.append(client.sid)
                client.send("hello")

        await sync_to_async(talk)()
    finally:
        signals.client_connected.disconnect(connected)
        signals.message_received.disconnect(received)
        signals.client_disconnected.disconnect(gone)

    assert heard == [
        each
        for sid in (chat.sid, plain[0])
        for each in (("default", "connected", sid, "/engine.io/"), (sid, "hello"), (sid, True))
    ]


def test_a_refused_client_is_no_signal(engineio_client: Connect) -> None:
    heard: list[Any] = []

    def connected(**values: Any) -> None:
        heard.append(values)

    signals.client_connected.connect(connected)
    eio.on_connect(lambda sid: False)
    with pytest.raises(engineio.testing.ConnectionRejected):
        engineio_client()
    signals.client_connected.disconnect(connected)
    assert heard == []
