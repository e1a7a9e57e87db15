"""The project under test on real servers, with handlers that use the database."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.django.site.settings")

from django.contrib.auth import get_user_model
from django.http import HttpRequest

from django_engineio import eio
from django_engineio.asgi import get_asgi_application
from django_engineio.wsgi import get_wsgi_application

asgi = get_asgi_application()
wsgi = get_wsgi_application()


@eio.on_connect
def connected(sid: str, request: HttpRequest) -> None:
    """Ask the database."""
    request.session["sid"] = sid
    get_user_model().objects.create(username=sid)


@eio.on_message
def received(sid: str, data: str) -> None:
    """Ask it again."""
    eio.send(sid, f"{get_user_model().objects.filter(username=sid).count()} {data}")


@eio.on_disconnect
async def gone(sid: str) -> None:
    """Ask it in a coroutine."""
    await get_user_model().objects.filter(username=sid).adelete()
