"""The test kit: what a communicator does, and the fixture."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from channels_engineio import EngineIOConsumer
from channels_engineio.testing import EngineIOCommunicator
from engineio.testing import ConnectionClosed, ConnectionRejected


class Echo(EngineIOConsumer):
    """Sends everything back."""

    async def connect(self) -> object:
        if self.scope["query_string"].endswith(b"refuse=1"):
            return False
        if "user" in self.scope:
            await self.send(self.scope["user"])
        return None

    async def receive(self, data: Any) -> None:
        if data == "close":
            await self.close()
        else:
            await self.send(data)


async def test_it_talks(transport: Any) -> None:
    communicator = EngineIOCommunicator(Echo.as_asgi(), "/engine.io/", transport=transport)
    connected, sid = await communicator.connect()
    assert connected
    assert Echo.get_server().sids == [sid]
    await communicator.send_to("text")
    assert await communicator.receive_from() == "text"
    await communicator.send_to(b"bytes")
    assert await communicator.receive_from() == b"bytes"
    await communicator.send_to({"a": 1})
    assert await communicator.receive_json_from() == {"a": 1}
    assert await communicator.receive_nothing()
    await communicator.send_to("more")
    assert not await communicator.receive_nothing(5)
    await communicator.disconnect()
    await communicator.disconnect()


async def test_a_refusal() -> None:
    communicator = EngineIOCommunicator(Echo.as_asgi(), "/engine.io/?refuse=1")
    assert await communicator.connect() == (False, 401)
    with pytest.raises(RuntimeError, match="not connected"):
        await communicator.send_to("x")
    with pytest.raises(ConnectionRejected, match="401"):
        async with communicator:
            raise AssertionError("it was let in")
    await communicator.disconnect()


async def test_a_session_that_ends() -> None:
    async with EngineIOCommunicator(Echo.as_asgi()) as communicator:
        await communicator.send_to("close")
        with pytest.raises(ConnectionClosed):
            await communicator.receive_from()


async def test_values_for_the_scope() -> None:
    communicator = EngineIOCommunicator(Echo.as_asgi())
    communicator.scope["user"] = "ada"
    async with communicator:
        assert await communicator.receive_from() == "ada"


async def test_an_application_that_answers_nothing() -> None:
    async def silent(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0)

    with pytest.raises(ConnectionRejected, match="without an answer"):
        await EngineIOCommunicator(silent).connect()


async def test_the_fixture(engineio_communicator: type[EngineIOCommunicator]) -> None:
    async with engineio_communicator(Echo.as_asgi(), transport="websocket") as communicator:
        await communicator.send_to("hello")
        assert await communicator.receive_from() == "hello"
