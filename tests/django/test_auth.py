"""Who may come in: the project's middleware and ``connect`` decide, on both transports alike."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.test import modify_settings, override_settings

import engineio
from django_engineio import eio
from django_engineio.testing import AsyncEngineIOClient, EngineIOClient, EngineIOTestCase
from engineio.http.response import Accepted, Response
from engineio.testing import Answer, ConnectionRejected

TRANSPORTS = ("polling", "websocket")
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"


class UserTests(EngineIOTestCase):
    """`request.user` and `request.session`."""

    @classmethod
    def setUpTestData(cls) -> None:
        cls.ada = User.objects.create(username="ada")

    def setUp(self) -> None:
        @eio.on_connect
        def connected(sid: str, request: Any) -> None:
            if not request.user.is_authenticated:
                raise PermissionDenied
            request.session["last"] = sid
            eio.save_session(sid, {"user": request.user.pk})

    def test_the_user_is_that_of_the_session(self) -> None:
        for transport in TRANSPORTS:
            self.client.logout()
            with pytest.raises(ConnectionRejected, match="403"):
                self.engineio_connect(transport=transport)
            self.client.force_login(self.ada)
            chat = self.engineio_connect(transport=transport)
            assert eio.get_session(chat.sid) == {"user": self.ada.pk}
            assert self.client.get("/who").json()["last"] == chat.sid

    async def test_under_asgi_too_with_the_request_of_a_coroutine(self) -> None:
        @eio.on_connect
        async def connected(sid: str, request: Any) -> None:
            user = await request.auser()
            if not user.is_authenticated:
                raise PermissionDenied
            await request.session.aset("last", sid)

        for transport in TRANSPORTS:
            await self.async_client.alogout()
            with pytest.raises(ConnectionRejected, match="403"):
                await AsyncEngineIOClient(client=self.async_client, transport=transport).connect()
            await self.async_client.aforce_login(self.ada)
            async with AsyncEngineIOClient(client=self.async_client, transport=transport) as chat:
                last = (await self.async_client.get("/who")).json()["last"]
                assert last == chat.sid

    def test_a_coroutine_may_decide_under_wsgi(self) -> None:
        @eio.on_connect
        async def connected(sid: str, request: Any) -> bool:
            return (await request.auser()).is_authenticated

        for transport in TRANSPORTS:
            self.client.logout()
            with pytest.raises(ConnectionRejected, match="401"):
                self.engineio_connect(transport=transport)
            self.client.force_login(self.ada)
            self.engineio_connect(transport=transport)

    @modify_settings(MIDDLEWARE={"append": LOGIN_REQUIRED})
    def test_login_required_middleware_holds(self) -> None:
        eio.on_connect(lambda sid: None)
        for transport in TRANSPORTS:
            self.client.logout()
            with pytest.raises(ConnectionRejected, match=r"401: b'\"Unauthorized\"'"):
                self.engineio_connect(transport=transport)
            self.client.force_login(self.ada)
            self.engineio_connect(transport=transport)

    @modify_settings(MIDDLEWARE={"append": LOGIN_REQUIRED})
    async def test_login_required_middleware_holds_under_asgi(self) -> None:
        eio.on_connect(lambda sid: None)
        for transport in TRANSPORTS:
            await self.async_client.alogout()
            with pytest.raises(ConnectionRejected, match="401"):
                await AsyncEngineIOClient(client=self.async_client, transport=transport).connect()
            await self.async_client.aforce_login(self.ada)
            async with AsyncEngineIOClient(client=self.async_client, transport=transport):
                assert len(eio.sids) == 1


def test_the_request_is_a_get_to_the_url_of_the_server(transport: str) -> None:
    seen: list[HttpRequest] = []
    eio.on_connect(lambda sid, request: seen.append(request))

    with EngineIOClient(transport=transport, query={"room": "lobby"}, headers={"X-Who": "ada"}):
        pass

    (request,) = seen
    assert (request.method, request.path, request.scheme) == ("GET", "/engine.io/", "http")
    assert (request.GET["room"], request.headers["X-Who"]) == ("lobby", "ada")
    assert request.resolver_match.view_name == "engineio:endpoint"


async def test_the_request_under_asgi(transport: str) -> None:
    """Also over TLS and below a prefix, where a WebSocket has a scheme of its own."""
    seen: list[HttpRequest] = []
    eio.on_connect(lambda sid, request: seen.append(request))
    client = AsyncEngineIOClient(
        transport=transport, path="/app/engine.io", query={"room": "lobby"}
    )
    network: Any = client.network
    network._scope = {"root_path": "/app", "scheme": "https"}

    with override_settings(SECURE_SSL_REDIRECT=True):
        async with client:
            pass

    (request,) = seen
    assert (request.method, request.path, request.scheme) == ("GET", "/app/engine.io/", "https")
    assert request.GET["room"] == "lobby"
    assert request.resolver_match.view_name == "engineio:endpoint"


def refused_by(transport: str, verdict: Any) -> Answer:
    """Return what a client gets whose connect handler raises or returns something."""

    @eio.on_connect
    def connected(sid: str) -> Any:
        if isinstance(verdict, BaseException):
            raise verdict
        return verdict

    with pytest.raises(ConnectionRejected) as refused, EngineIOClient(transport=transport):
        pass
    assert refused.value.answer is not None
    return refused.value.answer


async def arefused_by(transport: str, verdict: Any) -> Answer:
    """Return the same under ASGI, from a coroutine."""

    @eio.on_connect
    async def connected(sid: str) -> Any:
        if isinstance(verdict, BaseException):
            raise verdict
        return verdict

    with pytest.raises(ConnectionRejected) as refused:
        async with AsyncEngineIOClient(transport=transport):
            pass
    assert refused.value.answer is not None
    return refused.value.answer


@pytest.mark.parametrize(
    ("verdict", "status", "part"),
    [
        (PermissionDenied("no"), 403, b"403 Forbidden"),
        (Http404("no such room"), 404, b"Not Found"),
        (SuspiciousOperation("hm"), 400, b"Bad Request"),
        (BadRequest("hm"), 400, b"Bad Request"),
        (HttpResponse("come back later", status=503), 503, b"come back later"),
        (JsonResponse({"why": "banned"}, status=418), 418, b'{"why": "banned"}'),
        (engineio.ConnectionRefused({"why": "full"}, status=409), 409, b'{"why":"full"}'),
        (Response(402, (("X-Price", "1"),), b"pay"), 402, b"pay"),
        (False, 401, b'"Unauthorized"'),
        ({"why": "full"}, 401, b'{"why":"full"}'),
    ],
)
async def test_the_ways_to_refuse(transport: str, verdict: Any, status: int, part: bytes) -> None:
    for answer in (refused_by(transport, verdict), await arefused_by(transport, verdict)):
        assert answer.status == status
        assert part in answer.body


def test_header_fields_and_cookies_of_a_refusal_reach_the_client(transport: str) -> None:
    response = HttpResponse(
        "no", status=403, headers={"X-Why": "a", "Access-Control-Allow-Origin": "*"}
    )
    response.set_cookie("seen", "1")

    answer = refused_by(transport, response)

    assert answer.header("X-Why") == "a"
    assert (answer.header("Set-Cookie") or "").startswith("seen=1")
    # Whose pages may read this, the option cors_allowed_origins decides.
    assert answer.header("Access-Control-Allow-Origin") is None


@pytest.mark.parametrize(
    "verdict",
    [RuntimeError("broken"), HttpResponseRedirect("/login"), HttpResponse("fine"), object()],
)
async def test_what_refuses_nobody_is_a_failure(
    transport: str, verdict: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The client learns nothing, the log everything."""
    for answer in (refused_by(transport, verdict), await arefused_by(transport, verdict)):
        assert (answer.status, answer.body) == (401, b'"Unauthorized"')
    failures = [each for each in caplog.records if "connect handler failed" in each.message]
    assert len(failures) == 2
    assert {each.levelno for each in failures} == {logging.ERROR}


def test_header_fields_may_go_out_with_the_handshake(transport: str) -> None:
    eio.on_connect(lambda sid: Accepted((("X-Room", "lobby"),)))

    with EngineIOClient(transport=transport) as client:
        assert client.response is not None
        assert client.response.header("X-Room") == "lobby"


def test_a_host_that_is_not_allowed_is_refused(transport: str) -> None:
    with pytest.raises(ConnectionRejected, match="400"):
        EngineIOClient(transport=transport, headers={"Host": "evil.example"}).connect()
