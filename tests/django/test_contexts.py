"""Under ASGI no event and no task depends on the request that has caused it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.asgi import get_asgi_application
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.test import modify_settings

import engineio
from django_engineio import eio, signals
from django_engineio.asgi import ASGIApplication
from engineio.testing import ASGINetwork, Client

HEADERS = {"host": "testserver:80"}
MIDDLEWARE = "tests.django.test_contexts.plain"
# So long that only what never comes is late.
PATIENCE = 10


def plain(get_response: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A middleware that knows no coroutines, so that Django has a thread for the request."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    return middleware


@pytest.fixture(params=[[], [MIDDLEWARE]], ids=["coroutines", "plain middleware"])
def network(request: pytest.FixtureRequest) -> Iterator[ASGINetwork]:
    """The project as it is deployed: each event has a thread of its own for the ORM."""
    with modify_settings(MIDDLEWARE={"append": request.param}):
        yield ASGINetwork(ASGIApplication(get_asgi_application(), handle_signals=False))


async def test_a_session_that_a_handshake_has_ended(network: ASGINetwork, transport: Any) -> None:
    """Its handler goes on when the handshake is over."""
    answered = asyncio.Event()
    ended: asyncio.Queue[Any] = asyncio.Queue()
    sids: list[str] = []

    @eio.on_connect
    async def connected(sid: str) -> None:
        sids.append(sid)
        if len(sids) > 1:
            await eio.adisconnect(sids[0])

    @eio.on_disconnect
    async def gone(sid: str, reason: engineio.Reason) -> None:
        if sid == sids[0]:
            before = await User.objects.acount()
            await answered.wait()
            ended.put_nowait((reason, before, await User.objects.acount()))

    async with (
        Client(network, headers=HEADERS, transport=transport),
        Client(network, headers=HEADERS, transport=transport),
    ):
        answered.set()
        counted = await asyncio.wait_for(ended.get(), PATIENCE)
    assert counted == (engineio.Reason.SERVER_DISCONNECT, 0, 0)


async def test_a_task_that_a_handshake_has_started(network: ASGINetwork, transport: Any) -> None:
    answered = asyncio.Event()
    counted: asyncio.Queue[int] = asyncio.Queue()

    async def count() -> None:
        await answered.wait()
        counted.put_nowait(await User.objects.acount())

    @eio.on_connect
    async def connected(sid: str) -> None:
        eio.start_background_task(count)

    async with Client(network, headers=HEADERS, transport=transport):
        answered.set()
        assert await asyncio.wait_for(counted.get(), PATIENCE) == 0


async def test_a_task_can_be_cancelled(network: ASGINetwork) -> None:
    """It is the very task in which the function runs."""
    begun: asyncio.Queue[Any] = asyncio.Queue()

    async def wait() -> None:
        begun.put_nowait(asyncio.current_task())
        await asyncio.Event().wait()

    async with Client(network, headers=HEADERS):
        task = eio.start_background_task(wait)
        assert await asyncio.wait_for(begun.get(), PATIENCE) is task
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_what_a_handler_raises_is_logged(
    network: ASGINetwork, caplog: pytest.LogCaptureFixture
) -> None:
    """Whether it has waited or not, and the session goes on."""

    @eio.on_message
    async def received(sid: str, data: str) -> None:
        if data == "later":
            await asyncio.sleep(0)
        if data != "hello":
            raise ValueError(data)
        await eio.asend(sid, data)

    async with Client(network, headers=HEADERS) as client:
        for data in ("at once", "later", "hello"):
            await client.send(data)
        assert await asyncio.wait_for(client.receive(), PATIENCE) == "hello"
    raised = [str(each.exc_info[1]) for each in caplog.records if each.exc_info]
    assert raised == ["at once", "later"]


async def test_receivers_of_client_connected_leave_no_connection_open(
    network: ASGINetwork, transport: Any
) -> None:
    held: list[Any] = []

    def connected(**_: Any) -> None:
        User.objects.count()
        connection = connections["default"]
        held.append((connection, connection.connection is not None))

    signals.client_connected.connect(connected)
    try:
        async with Client(network, headers=HEADERS, transport=transport):
            pass
    finally:
        signals.client_connected.disconnect(connected)
    ((connection, was_open),) = held
    assert was_open
    assert connection.connection is None
