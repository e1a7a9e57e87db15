"""What sanic-ext is told where an application is extended: what to inject, and what not to show."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sanic import Blueprint
from sanic.exceptions import SanicException

from ._settings import App

if TYPE_CHECKING:
    from .integration import EngineIO

__all__ = ["hide", "inject"]


def inject(app: App, eio: EngineIO) -> None:
    """Let handlers have ``eio`` that have a parameter of its type.

    The first of several servers is the one that they get.
    """
    extended, kind = _extended(app), type(eio)
    if extended is None or kind in _injected(app):
        return
    _injected(app).add(kind)
    # It says so where it is extended without injection.
    with suppress(SanicException):
        extended.add_dependency(kind, lambda *_: eio)


def hide(app: App, blueprint: Blueprint) -> None:
    """Leave the routes of a blueprint out of the documentation that is made of an application."""
    if _extended(app) is not None:
        import_module("sanic_ext").openapi.exclude(bp=blueprint)


def _extended(app: App) -> Any:
    # The property `Sanic.ext` would extend the application, and then nobody else could.
    return getattr(app, "_ext", None)


def _injected(app: App) -> set[type]:
    if not hasattr(app.ctx, "engineio_injected"):
        app.ctx.engineio_injected = set()
    injected: set[type] = app.ctx.engineio_injected
    return injected
