"""django-engineio with all its defaults, under an ASGI server; without a database."""

from __future__ import annotations

from django.urls import include, path

from django_engineio import eio
from django_engineio.asgi import get_asgi_application

from .counts import Application, with_counts
from .django_project import set_up

set_up(INSTALLED_APPS=["django_engineio"], ROOT_URLCONF=__name__)


async def _echo(sid: str, data: str | bytes) -> None:
    """Every message goes back to its sender."""
    await eio.asend(sid, data)


async def _broadcast(sid: str, data: str | bytes) -> None:
    """Every message goes to all."""
    await eio.abroadcast(data)


_HANDLERS = {"echo": _echo, "broadcast": _broadcast}

urlpatterns = [path("engine.io/", include("django_engineio.urls"))]


def __getattr__(name: str) -> Application:
    """Make the application that is asked for: a process has one project, and this one server."""
    if name not in _HANDLERS:
        raise AttributeError(name)
    eio.on_message(_HANDLERS[name])
    return with_counts(get_asgi_application())
