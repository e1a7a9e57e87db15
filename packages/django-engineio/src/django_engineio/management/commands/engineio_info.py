"""``manage.py engineio_info``: the Engine.IO servers of the project, as they are configured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from django.core.management.base import BaseCommand
from django.urls import NoReverseMatch

import engineio
from django_engineio import EngineIO, conf
from django_engineio._routes import known_servers
from engineio.config import ServerConfig
from engineio.handlers import EVENTS, HOOKS

__all__ = ["Command"]


class Command(BaseCommand):
    """Shows what is served, where, and by which handlers."""

    help = "Shows the Engine.IO servers of this project: URLs, handlers and options."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it."""
        self.stdout.write(f"engineio-core {engineio.__version__}")
        mode = conf.read().async_mode or "the mode that fits the server"
        self.stdout.write(f"under WSGI: {mode}; under ASGI: asyncio")
        for eio in known_servers():
            self.stdout.write("")
            self.stdout.write(self.style.MIGRATE_HEADING(f"server {eio.name!r}"))
            for label, value in _facts(eio):
                self.stdout.write(f"  {label:<12} {value}")


def _facts(eio: EngineIO) -> Iterator[tuple[str, str]]:
    try:
        yield "URL", eio.path
    except NoReverseMatch:
        yield "URL", "none: see manage.py check"
    for event in EVENTS:
        handler = eio.handlers.get(event)
        kind = "" if handler is None or not handler.is_async else " (async)"
        yield (
            event,
            "-" if handler is None else f"{handler.function.__module__}.{handler.name}{kind}",
        )
    for hook in HOOKS:
        for function in eio.handlers.hooks(hook):
            yield hook, f"{function.__module__}.{function.__qualname__}"
    config, default = ServerConfig.build(eio.options), ServerConfig()
    for item in fields(ServerConfig):
        value = getattr(config, item.name)
        if value != getattr(default, item.name):
            yield "option", f"{item.name} = {value!r}"
