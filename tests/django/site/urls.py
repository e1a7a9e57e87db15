"""The URLs of the project under test: two servers, and views that use them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path

from django_engineio import EngineIO, eio

admin = EngineIO("admin", max_payload=1_000)


def notify(request: HttpRequest) -> JsonResponse:
    """Send to everybody, from a plain view."""
    return JsonResponse({"told": eio.broadcast(request.GET["text"])})


async def anotify(request: HttpRequest) -> JsonResponse:
    """Send to everybody, from a coroutine."""
    return JsonResponse({"told": await eio.abroadcast(request.GET["text"])})


def who(request: HttpRequest) -> HttpResponse:
    """Tell what the session holds."""
    return JsonResponse(dict(request.session.items()))


urlpatterns = [
    path("engine.io/", include("django_engineio.urls")),
    path("rt/admin", admin.urls),
    path("notify", notify),
    path("anotify", anotify),
    path("who", who),
]
