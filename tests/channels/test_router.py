"""The router, and what middleware puts into the scope: on both transports alike."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.auth import AuthMiddlewareStack, login
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient
from django.test.utils import override_settings
from django.urls import path, re_path

from channels_engineio import EngineIOConsumer, EngineIORouter
from channels_engineio.testing import EngineIOCommunicator
from engineio.testing import ASGINetwork
from engineio.testing.network import Answer, Outgoing
from tests.channels.running import Recorder

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(params=["polling", "websocket"])
def carrier(request: pytest.FixtureRequest) -> Any:
    """How the client begins."""
    return request.param


@pytest.fixture(params=["router", "by hand"])
def routed(request: pytest.FixtureRequest) -> Any:
    """Wraps a consumer class as the router does, or as applications of Channels do."""

    def by_hand(consumer: type[EngineIOConsumer]) -> Any:
        routes = [path("engine.io/", consumer.as_asgi())]
        return ProtocolTypeRouter(
            {
                "http": AuthMiddlewareStack(URLRouter(routes)),
                "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(routes))),
            }
        )

    def by_router(consumer: type[EngineIOConsumer]) -> Any:
        return EngineIORouter({"/engine.io/": consumer})

    return by_router if request.param == "router" else by_hand


@sync_to_async
def logged_in(name: str) -> dict[str, str]:
    """Return the cookies of a user who has logged in."""
    users = get_user_model()
    user = users.objects.filter(username=name).first() or users.objects.create_user(name)
    client = AsyncClient()
    client.force_login(user)
    return {"sessionid": client.cookies["sessionid"].value}


ORIGIN = [("origin", "http://testserver")]


async def fetch(application: Any, target: str, method: str = "GET") -> Answer:
    """Send one request that is no client's."""
    network = ASGINetwork(application)
    answered: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    outgoing = Outgoing(target, "", (("host", "testserver"),), method, b"")
    network.fetch(outgoing, answered.set_result)
    answer = await answered
    # Django closes the request's body after the last byte of the response.
    assert await network.finish() == []
    assert isinstance(answer, Answer)
    return answer


async def test_the_user_and_the_session_are_in_the_scope(routed: Any, carrier: Any) -> None:
    class Chat(EngineIOConsumer):
        async def connect(self) -> None:
            await self.send(
                {
                    "user": self.scope["user"].username,
                    "type": self.scope["type"],
                    "url": self.scope["url_route"]["kwargs"],
                    "known": "_auth_user_id" in self.scope["session"],
                }
            )

        async def receive(self, data: Any) -> None:
            await self.send(f"{self.scope['user'].username}: {data}")

    application = routed(Chat)
    cookies = await logged_in("ada")
    kind = "http" if carrier == "polling" else "websocket"
    for given, name in ((cookies, "ada"), ({}, "")):
        client = EngineIOCommunicator(application, headers=ORIGIN, transport=carrier, cookies=given)
        async with client:
            assert await client.receive_json_from() == {
                "user": name,
                "type": kind,
                "url": {},
                "known": bool(name),
            }
            await client.send_to("hello")
            assert await client.receive_from() == f"{name}: hello"


class Visits(EngineIOConsumer):
    """Counts in the browser's session."""

    async def connect(self) -> None:
        session = self.scope["session"]
        count = await session.aget("visits", 0) + 1
        await session.aset("visits", count)
        await self.send({"visits": count})


async def test_what_connect_writes_into_the_session_is_saved(routed: Any, carrier: Any) -> None:
    cookies = await logged_in("bob")
    application = routed(Visits)
    key = cookies["sessionid"]
    for expected in (1, 2):
        client = EngineIOCommunicator(
            application, headers=ORIGIN, transport=carrier, cookies=cookies
        )
        async with client:
            assert await client.receive_json_from() == {"visits": expected}
            assert await SessionStore(key).aget("visits") == expected


async def test_the_router_gives_a_new_session_to_the_browser_on_both_transports(
    carrier: Any,
) -> None:
    client = EngineIOCommunicator(EngineIORouter({"engine.io/": Visits}), transport=carrier)
    async with client:
        key = client.client.cookies["sessionid"]
        assert await SessionStore(key).aget("visits") == 1


async def test_by_hand_a_new_session_reaches_the_browser_over_polling() -> None:
    application = AuthMiddlewareStack(URLRouter([path("engine.io/", Visits.as_asgi())]))
    async with EngineIOCommunicator(application) as client:
        key = client.client.cookies["sessionid"]
        assert await SessionStore(key).aget("visits") == 1


async def test_a_login_in_connect(carrier: Any) -> None:
    class Door(EngineIOConsumer):
        async def connect(self) -> None:
            user = await get_user_model().objects.aget(username="cay")
            await login(self.scope, user, "django.contrib.auth.backends.ModelBackend")

        async def receive(self, data: Any) -> None:
            await self.send(self.scope["user"].username)

    await logged_in("cay")
    async with EngineIOCommunicator(
        EngineIORouter({"engine.io/": Door}), transport=carrier
    ) as client:
        await client.send_to("who am I?")
        assert await client.receive_from() == "cay"
        session = SessionStore(client.client.cookies["sessionid"])
        assert await session.aget("_auth_user_id")


async def test_a_session_that_cannot_be_saved_refuses_and_the_consumer_is_told(
    carrier: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Late(Recorder):
        async def connect(self) -> None:
            session = self.scope["session"]
            await session.aset("late", True)
            await SessionStore(session.session_key).adelete()

    cookies = await logged_in("dan")
    client = EngineIOCommunicator(
        EngineIORouter({"engine.io/": Late}), transport=carrier, cookies=cookies
    )
    assert (await client.connect())[0] is False
    async with asyncio.timeout(5):
        while not Late.instances[0].ended:  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0.005)
    assert Late.get_server().sids == []
    assert "session" in caplog.text.lower()


class Counting:
    """A middleware that counts what it sees, and refuses as it is told."""

    seen: list[tuple[str, str, str]]

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen.append((scope["type"], scope["method"], scope["scheme"]))
        wish = dict(scope["headers"]).get(b"x-wish", b"").decode()
        if wish:
            headers = [(b"content-type", b"text/plain"), (b"content-length", b"2")]
            await send({"type": "http.response.start", "status": int(wish), "headers": headers})
            await send({"type": "http.response.body", "body": b"no"})
            return
        await self.inner({**scope, "mark": "seen"}, receive, send)


async def test_middleware_sees_one_request_of_each_session(transport: Any) -> None:
    class Marked(Recorder):
        async def connect(self) -> None:
            assert self.scope["mark"] == "seen"

    Counting.seen = []
    application = EngineIORouter({"engine.io/": Marked}, middleware=Counting)
    async with EngineIOCommunicator(application, transport=transport) as client:
        for _ in range(3):
            await client.send_to("x")
    assert Counting.seen == [("http", "GET", "http")]


@pytest.mark.parametrize(("wish", "status", "body"), [("451", 451, b"no"), ("302", 403, b"")])
async def test_middleware_refuses(carrier: Any, wish: str, status: int, body: bytes) -> None:
    Counting.seen = []
    application = EngineIORouter({"engine.io/": Recorder2}, middleware=Counting)
    client = EngineIOCommunicator(application, headers=[(b"X-Wish", wish)], transport=carrier)
    assert await client.connect() == (False, status)
    assert client.rejected is not None
    assert body in client.rejected.body


class Recorder2(Recorder):
    """A consumer like any other."""


async def test_a_sid_that_is_made_up_opens_nothing(carrier: Any) -> None:
    """Requests with a sid do not pass the middleware, so they must never make a consumer."""

    class Secret(Recorder):
        pass

    Counting.seen = []
    application = EngineIORouter({"engine.io/": Secret}, middleware=Counting)
    for sid in ("", "x"):
        client = EngineIOCommunicator(application, f"/engine.io/?sid={sid}", transport=carrier)
        assert await client.connect() == (False, 400)
    assert Secret.instances == []
    assert Counting.seen == []


@pytest.mark.parametrize("host", ["evil.example", "bad host"])
async def test_a_host_that_is_not_ours_is_refused(carrier: Any, host: str) -> None:
    application = EngineIORouter({"engine.io/": Recorder2}, middleware=None)
    client = EngineIOCommunicator(application, headers=[("host", host)], transport=carrier)
    assert await client.connect() == (False, 400)


async def test_pages_of_other_origins_are_refused_unless_the_option_lets_them_in(
    carrier: Any,
) -> None:
    class Open(Recorder):
        options = {"cors_allowed_origins": ["http://friend.example"]}  # noqa: RUF012  # as applications write it

    application = EngineIORouter({"open/": Open, "closed/": Recorder2}, middleware=None)
    friend = [("origin", "http://friend.example")]

    async def status(path: str, headers: Any) -> Any:
        client = EngineIOCommunicator(application, path, headers, transport=carrier)
        connected, answer = await client.connect()
        await client.disconnect()
        return connected or answer

    assert await status("/open/", friend) is True
    assert await status("/closed/", friend) == 403
    assert await status("/closed/", ORIGIN) is True


async def test_allowed_hosts_origin_validator_by_hand() -> None:
    application = AllowedHostsOriginValidator(URLRouter([path("engine.io/", Recorder2.as_asgi())]))
    evil = EngineIOCommunicator(
        application, headers=[("origin", "http://evil.example")], transport="websocket"
    )
    assert await evil.connect() == (False, 403)
    async with EngineIOCommunicator(application, headers=ORIGIN, transport="websocket"):
        pass


async def test_routes_with_values_of_the_path(carrier: Any) -> None:
    class Room(EngineIOConsumer):
        async def connect(self) -> None:
            await self.send(self.scope["url_route"]["kwargs"])

    class Numbered(Room):
        pass

    application = EngineIORouter(
        [
            path("rooms/<str:room>/engine.io/", Room.as_asgi()),
            re_path(r"^number/(?P<number>\d+)$", Numbered.as_asgi()),
        ],
        middleware=None,
    )
    async with EngineIOCommunicator(
        application, "/rooms/red/engine.io/", transport=carrier
    ) as client:
        assert await client.receive_json_from() == {"room": "red"}
    async with EngineIOCommunicator(application, "/number/42", transport=carrier) as client:
        assert await client.receive_json_from() == {"number": "42"}


@pytest.mark.parametrize(
    ("target", "root"),
    [
        ("/engine.io/", ""),
        ("/engine.io", ""),
        ("/api/engine.io/", "/api"),
        ("/engine.io/", "/api"),
    ],
)
async def test_spellings_of_the_path(carrier: Any, target: str, root: str) -> None:
    """Whether the path has what the application is mounted under differs between servers."""
    application = EngineIORouter({"/engine.io/": Recorder2}, middleware=None)
    client = EngineIOCommunicator(application, target, transport=carrier)
    client.scope["root_path"] = root
    async with client:
        assert client.client.sid


async def hello(request: HttpRequest) -> HttpResponse:
    """Be a page."""
    return HttpResponse(f"{request.method} {request.path}")


urlpatterns = [re_path("^", hello)]


@override_settings(ROOT_URLCONF=__name__)
async def test_everything_else_goes_to_django() -> None:
    application = EngineIORouter({"engine.io/": Recorder2}, get_asgi_application())
    answer = await fetch(application, "/page")
    assert (answer.status, answer.body) == (200, b"GET /page")


async def test_without_anybody_else_there_is_nothing() -> None:
    application = EngineIORouter({"engine.io/": Recorder2})
    assert (await fetch(application, "/page")).status == 404
    client = EngineIOCommunicator(application, "/page", transport="websocket")
    assert await client.connect() == (False, 404)


async def test_another_websocket_beside_it() -> None:
    async def other(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": '0{"sid":"of another"}'})
        await receive()

    application = EngineIORouter({"engine.io/": Recorder2}, websocket=other)
    async with EngineIOCommunicator(application, "/other", transport="websocket") as client:
        assert client.client.sid == "of another"


async def test_other_scopes_are_an_error() -> None:
    with pytest.raises(ValueError, match="'channel'"):
        await EngineIORouter({})({"type": "channel"}, None, None)  # type: ignore[arg-type]  # they are not used


def test_a_route_to_something_else_is_an_error() -> None:
    app = AuthMiddlewareStack(Recorder2.as_asgi())
    with pytest.raises(ImproperlyConfigured, match="must lead to a consumer"):
        EngineIORouter([path("engine.io/", app)])


async def test_sessions_end_with_the_lifespan(transport: Any) -> None:
    class Chat(Recorder):
        pass

    application = EngineIORouter({"engine.io/": Chat}, middleware=None)
    for _ in range(2):
        events: asyncio.Queue[Any] = asyncio.Queue()
        answers: asyncio.Queue[Any] = asyncio.Queue()
        life = asyncio.create_task(application({"type": "lifespan"}, events.get, answers.put))
        await events.put({"type": "lifespan.startup"})
        assert await answers.get() == {"type": "lifespan.startup.complete"}
        async with EngineIOCommunicator(application, transport=transport) as client:
            await client.send_to("x")
            await events.put({"type": "lifespan.shutdown"})
            assert await answers.get() == {"type": "lifespan.shutdown.complete"}
            await client.client.wait_closed()
        await life
        assert Chat.instances[-1].ended == ["server shutdown"]
