"""Middleware that has a say after the consumer, or that is around the router."""

from __future__ import annotations

from typing import Any

import pytest
from channels.auth import AuthMiddlewareStack
from channels.exceptions import DenyConnection
from channels.security.websocket import AllowedHostsOriginValidator, OriginValidator
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ImproperlyConfigured, PermissionDenied

import engineio
from channels_engineio import EngineIOConsumer, EngineIORouter
from channels_engineio.testing import EngineIOCommunicator
from tests.channels.running import Recorder, eventually

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(params=["polling", "websocket"])
def carrier(request: pytest.FixtureRequest) -> Any:
    """How the client begins."""
    return request.param


def answering(*changed: dict[str, Any]) -> Any:
    """Return middleware that lets the consumer answer, and sends something else."""

    def middleware(inner: Any) -> Any:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            async def drop(event: Any) -> None:
                pass

            await inner(scope, receive, drop)
            for event in changed:
                await send(event)

        return app

    return middleware


@pytest.mark.parametrize(
    ("events", "status", "body"),
    [
        (
            (
                {"type": "http.response.start", "status": 402, "headers": [(b"x-why", b"fee")]},
                {"type": "http.response.body", "body": b"pay first"},
            ),
            402,
            b"pay first",
        ),
        (({"type": "http.response.start", "status": 302},), 403, b'"Forbidden"'),
        ((), 403, b'"Forbidden"'),
    ],
    ids=["refusal", "redirect", "nothing"],
)
async def test_middleware_refuses_whom_the_consumer_has_accepted(
    carrier: Any, events: Any, status: int, body: bytes
) -> None:
    class Open(Recorder):
        async def connect(self) -> None:
            await self.accept(headers=[("X-Room", "red")])

    application = EngineIORouter({"engine.io/": Open}, middleware=answering(*events))
    client = EngineIOCommunicator(application, transport=carrier)

    assert await client.connect() == (False, status)

    assert client.rejected is not None
    assert client.rejected.body == body
    assert client.rejected.header("X-Why") == ("fee" if status == 402 else None)
    assert client.rejected.header("X-Room") is None
    # It has accepted, so it may have to clean up.
    await eventually(lambda: Open.instances[0].ended)
    assert Open.instances[0].ended == [engineio.Reason.TRANSPORT_CLOSE]
    assert Open.get_server().sids == []


async def test_a_refusal_of_the_consumer_stays_one(carrier: Any) -> None:
    class Closed(Recorder):
        async def connect(self) -> None:
            raise DenyConnection("not you")

    fine = {"type": "http.response.start", "status": 200}
    application = EngineIORouter({"engine.io/": Closed}, middleware=answering(fine))
    assert await EngineIOCommunicator(application, transport=carrier).connect() == (False, 403)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("error", "body"),
    [(DenyConnection("log in"), b'"log in"'), (PermissionDenied(), b'"Forbidden"')],
)
async def test_middleware_denies_as_a_consumer_does(
    carrier: Any, after: bool, error: Exception, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    class Open(Recorder):
        pass

    def denying(inner: Any) -> Any:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            if after:
                await inner(scope, receive, send)
            raise error

        return app

    application = EngineIORouter({"engine.io/": Open}, middleware=denying)
    client = EngineIOCommunicator(application, transport=carrier)

    assert await client.connect() == (False, 403)

    assert client.rejected is not None
    assert client.rejected.body == body
    await eventually(lambda: all(one.ended for one in Open.instances))
    assert len(Open.instances) == int(after)
    assert caplog.records == []


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("refused", [False, True])
async def test_a_session_of_middleware_around_the_router_is_saved(
    carrier: Any, nested: bool, refused: bool
) -> None:
    class Visits(EngineIOConsumer):
        async def connect(self) -> object:
            session = self.scope["session"]
            await session.aset("visits", await session.aget("visits", 0) + 1)
            return False if refused else None

    session = SessionStore()
    await session.asave()
    routes: Any = {"engine.io/": Visits}
    router = EngineIORouter(routes) if nested else EngineIORouter(routes, middleware=None)
    client = EngineIOCommunicator(
        AuthMiddlewareStack(router),
        transport=carrier,
        cookies={"sessionid": str(session.session_key)},
    )

    connected, _ = await client.connect()

    assert connected is not refused
    assert await SessionStore(session.session_key).aget("visits") == 1
    await client.disconnect()


@pytest.mark.parametrize(
    "middleware",
    [
        AllowedHostsOriginValidator,
        lambda inner: OriginValidator(AuthMiddlewareStack(inner), ["*"]),
        lambda inner: AuthMiddlewareStack(AllowedHostsOriginValidator(inner)),
    ],
    ids=["alone", "around", "within"],
)
def test_middleware_that_checks_origins_is_an_error(middleware: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="checks origins itself"):
        EngineIORouter({"engine.io/": Recorder}, middleware=middleware)
