"""The URLs of the project: its servers, and the ledger."""

from __future__ import annotations

import asyncio
import sys

from django.http import HttpRequest, JsonResponse
from django.urls import include, path, re_path

from tests.conformance.application.django_site.servers import ledger, named
from tests.conformance.application.profiles import path_of
from tests.conformance.application.wsgi import count_tasks


def state(request: HttpRequest) -> JsonResponse:
    """Answer what must be back at its old values after every scenario."""
    sessions = sum(len(each.sids) for each in named.values())
    return JsonResponse(ledger.state(sessions, count_tasks()))


async def astate(request: HttpRequest) -> JsonResponse:
    """Answer the same under ASGI."""
    sessions = sum(len(each.sids) for each in named.values())
    return JsonResponse(ledger.state(sessions, len(asyncio.all_tasks())))


def account(request: HttpRequest, key: str) -> JsonResponse:
    """Answer the events of one key."""
    return JsonResponse(ledger.account(key), safe=False)


def elsewhere(request: HttpRequest) -> JsonResponse:
    """Answer everything that no Engine.IO server is responsible for."""
    status = 403 if "Upgrade" in request.headers else 404
    return JsonResponse({"elsewhere": request.path}, status=status)


is_asgi = "tests.conformance.application.django_site.asgi" in sys.modules
urlpatterns = [
    path("engine.io/", include("django_engineio.urls")),
    *(path(f"{path_of(name)}/", each.urls) for name, each in named.items() if name != "default"),
    path("ledger", astate if is_asgi else state),
    path("ledger/<key>", account),
    re_path("", elsewhere),
]
