"""System checks, which ``manage.py check`` and ``runserver`` run.

``engineio.E001``: the setting ``ENGINEIO`` has a mistake. ``engineio.E002``: a server has no URL.
``engineio.W001``: the application that a setting names is Django's own, which serves no WebSocket.
``engineio.W002`` (``--deploy``): several worker processes, which need a proxy that is sticky.
``engineio.W003``: the application that a setting names fails when it is imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.urls import NoReverseMatch
from django.utils.module_loading import import_string

from . import conf
from ._routes import known_servers
from .integration import EngineIO

__all__ = ["register"]

_HINT_URL = 'add path("engine.io/", include("django_engineio.urls")) to the URLconf'
_ENTRY_POINTS = ("WSGI_APPLICATION", "ASGI_APPLICATION")


def register() -> None:
    """Register all checks."""
    checks.register(check_setting, "engineio")
    checks.register(check_urls, "engineio", checks.Tags.urls)
    checks.register(check_entry_points, "engineio")
    checks.register(check_workers, "engineio", deploy=True)


def check_setting(**_: Any) -> list[checks.CheckMessage]:
    """Look for unknown keys and impossible values."""
    try:
        conf.read()
    except ImproperlyConfigured as error:
        return [checks.Error(str(error), id="engineio.E001")]
    return []


def check_urls(**_: Any) -> list[checks.CheckMessage]:
    """Look for servers that nobody can reach."""
    if not getattr(settings, "ROOT_URLCONF", None):
        return []
    return [
        checks.Error(
            f"The Engine.IO server {eio.name!r} has no URL.",
            hint=_hint(eio),
            obj=eio,
            id="engineio.E002",
        )
        for eio in known_servers()
        if not _has_url(eio)
    ]


def check_entry_points(**_: Any) -> list[checks.CheckMessage]:
    """Look for entry points that fail, or still have Django's own application."""
    if check_setting():
        # No server can be made, so entry points fail for the reason that is told already.
        return []
    return [*_entry_point_messages()]


def check_workers(**_: Any) -> list[checks.CheckMessage]:
    """Look for several processes, as far as the environment tells."""
    workers = os.environ.get("WEB_CONCURRENCY", "1")
    if not workers.isdigit() or int(workers) < 2:
        return []
    return [
        checks.Warning(
            f"WEB_CONCURRENCY is {workers}: each session lives in one of the processes.",
            hint="let one process serve Engine.IO, or put a proxy in front that is sticky",
            id="engineio.W002",
        )
    ]


def _hint(eio: EngineIO) -> str:
    if eio.namespace == "engineio":
        return _HINT_URL
    return f'add path("{eio.name}/engine.io/", {eio.name}.urls) to the URLconf'


def _has_url(eio: EngineIO) -> bool:
    try:
        return bool(eio.path)
    except NoReverseMatch:
        return False


def _entry_point_messages() -> Iterator[checks.CheckMessage]:
    for name in _ENTRY_POINTS:
        place = getattr(settings, name, None)
        if place is None:
            continue
        try:
            application = import_string(place)
        except ImportError:
            # Whoever starts the server hears of that from Django.
            continue
        except Exception as error:  # noqa: BLE001  # whatever it is, the other checks go on
            yield checks.Warning(
                f"{name} is {place!r}, whose import fails: {error!r}", id="engineio.W003"
            )
            continue
        if type(application).__module__.startswith("django.core.handlers."):
            yield checks.Warning(
                f"{name} is {place!r}, which serves Engine.IO without WebSocket.",
                hint=f"take get_{name.lower()} from django_engineio.{name[:4].lower()} there",
                id="engineio.W001",
            )
