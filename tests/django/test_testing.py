"""The test clients, and the one transaction of a test and the handlers of the project."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings

from django_engineio import eio
from django_engineio.pytest_plugin import Connect
from django_engineio.testing import AsyncEngineIOClient, EngineIOClient, EngineIOTestCase
from engineio.testing import ConnectionRejected


def remembering() -> None:
    """Register handlers that use the ORM: two plain ones, and a coroutine."""

    @eio.on_connect
    def connected(sid: str, request: Any) -> None:
        eio.save_session(sid, {"name": request.user.get_username() or "nobody"})

    @eio.on_message
    def received(sid: str, data: str) -> None:
        User.objects.create(username=f"{eio.get_session(sid)['name']}-{data}")
        eio.send(sid, f"{User.objects.count()} users")

    @eio.on_disconnect
    async def gone(sid: str) -> None:
        await User.objects.acreate(username=f"{eio.get_session(sid)['name']}-gone")


class PlainTests(EngineIOTestCase):
    """`EngineIOTestCase`, as a project's tests use it."""

    @classmethod
    def setUpTestData(cls) -> None:
        cls.ada = User.objects.create(username="ada")

    def setUp(self) -> None:
        remembering()

    def test_handlers_see_the_transaction_of_the_test_and_it_sees_what_they_wrote(self) -> None:
        for transport in ("polling", "websocket", "upgrade"):
            self.client.force_login(self.ada)
            chat = self.engineio_connect(transport=transport)
            chat.send(transport)
            assert User.objects.filter(username=f"ada-{transport}").exists()
            assert chat.receive() == f"{User.objects.count()} users"
            chat.close()
            assert User.objects.filter(username="ada-gone").delete()[0] == 1

    def test_nothing_is_left_by_the_tests_before(self) -> None:
        assert User.objects.count() == 1

    def test_clients_of_one_test_meet(self) -> None:
        eio.on_message(lambda sid, data: eio.broadcast(data))
        with EngineIOClient() as one, EngineIOClient(transport="websocket") as other:
            one.send("hello")
            assert (one.receive(), other.receive()) == ("hello", "hello")
        assert eio.engine is None

    async def test_coroutines_see_it_as_well(self) -> None:
        await self.async_client.aforce_login(self.ada)
        for transport in ("polling", "websocket"):
            async with AsyncEngineIOClient(client=self.async_client, transport=transport) as chat:
                await chat.send(transport)
                assert await User.objects.filter(username=f"ada-{transport}").aexists()
                assert await chat.receive() == f"{await User.objects.acount()} users"
            assert (await User.objects.filter(username="ada-gone").adelete())[0] == 1
        assert eio.engine is None

    def test_cookies_go_both_ways(self) -> None:
        @eio.on_connect
        def connected(sid: str, request: Any) -> None:
            request.session["seen"] = request.session.get("seen", 0) + 1

        for transport in ("polling", "websocket"):
            self.engineio_connect(transport=transport)
        assert self.client.get("/who").json() == {"seen": 2}


def test_the_fixture(engineio_client: Connect) -> None:
    eio.on_message(lambda sid, data: eio.send(sid, data))
    chat = engineio_client(transport="websocket", client=Client())

    chat.send("hello")

    assert chat.receive() == "hello"


def test_a_refused_client_leaves_nothing_behind() -> None:
    eio.on_connect(lambda sid: False)

    with pytest.raises(ConnectionRejected, match="401"):
        EngineIOClient().connect()

    assert eio.engine is None


def test_settings_of_a_test_hold(engineio_client: Connect) -> None:
    with override_settings(ENGINEIO={"PING_INTERVAL": 3}):
        assert engineio_client().handshake["pingInterval"] == 3_000
