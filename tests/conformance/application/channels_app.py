"""The conformance application as consumers of Channels, one class for each profile.

``SERVER tests.conformance.application.channels_app:app`` runs it as users run theirs.
"""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import parse_qsl

import django
from channels import DEFAULT_CHANNEL_LAYER
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path, re_path

from channels_engineio import EngineIOConsumer, EngineIORouter
from engineio import DisconnectInfo, Reason
from engineio.gateway.asgi_scope import Receive, Scope, Send
from tests.conformance.application.aio import AsyncApplication, count_tasks
from tests.conformance.application.behaviour import Visitor
from tests.conformance.application.ledger import Ledger
from tests.conformance.application.profiles import HOOKS, PROFILES, path_of

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
)
django.setup(set_prefix=False)
ledger = Ledger()


class Participant(EngineIOConsumer):
    """Does what the conformance application does; a subclass belongs to a profile."""

    application: AsyncApplication
    channel_layer_alias: str | None = None

    async def connect(self) -> object:
        """Decide about the client."""
        verdict = await self.application.on_connect(self.sid, self.scope)
        if verdict is None:
            await self.accept()
        return verdict

    async def receive(self, data: Any) -> None:
        """Take a message."""
        await self.application.on_message(self.sid, data)

    async def disconnect(self, reason: Reason) -> None:
        """Note the end."""
        info = cast(DisconnectInfo, self.disconnect_info)
        await self.application.on_disconnect(self.sid, reason, info)


class Member(Participant):
    """One that listens to the channel layer as well."""

    groups = ("everybody",)
    channel_layer_alias = DEFAULT_CHANNEL_LAYER


# Not those whose scenarios count tasks, or compare the order of what sessions write down.
_MEMBERS = {"interop", "legacy", "impatient", "small", "short-inbox", "narrow", "capped", "patient"}


def introduce(scope: Scope) -> Visitor:
    """Return what a scope tells about a client."""
    headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    return Visitor(query, headers, scope["client"][0])


def build(profile: str) -> type[Participant]:
    """Return the consumer class of a profile."""
    base = Member if profile in _MEMBERS else Participant
    names = {"options": PROFILES[profile]}
    consumer = cast(type[Participant], type(profile, (base,), names))
    consumer.application = AsyncApplication(consumer.get_server(), ledger, introduce)
    consumer.application.add_hooks(HOOKS.get(profile, {}))
    return consumer


consumers = {profile: build(profile) for profile in PROFILES}


async def state(request: HttpRequest) -> JsonResponse:
    """Answer what must be back at its old values after every scenario."""
    sessions = sum(len(consumer.get_server().sids) for consumer in consumers.values())
    return JsonResponse(ledger.state(sessions, count_tasks()))


async def account(request: HttpRequest, key: str) -> JsonResponse:
    """Answer the events of one key."""
    return JsonResponse(ledger.account(key))


async def elsewhere(request: HttpRequest) -> JsonResponse:
    """Answer everything that no Engine.IO server is responsible for."""
    return JsonResponse({"elsewhere": request.path}, status=404)


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """Hold a WebSocket under ``/bare`` that costs no more than the server below takes."""
    await receive()
    if scope["path"] != "/bare":
        await send({"type": "websocket.close", "code": 1000})
        return
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


urlpatterns = [
    path("ledger", state),
    path("ledger/<str:key>", account),
    re_path("", elsewhere),
]
router = EngineIORouter(
    {path_of(profile): consumer for profile, consumer in consumers.items()},
    get_asgi_application(),
    bare,
    middleware=None,
)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Count the requests of each key on their way to the servers, as a middleware would."""
    query = scope.get("query_string", b"").decode("latin-1")
    key = dict(parse_qsl(query)).get("key")
    if key is None:
        await router(scope, receive, send)
        return
    ledger.request_started(key)
    try:
        await router(scope, receive, send)
    finally:
        ledger.request_ended(key)
