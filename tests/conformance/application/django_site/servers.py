"""The servers of the project, one for each profile, and the ledger of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from django.http import HttpRequest

from django_engineio import EngineIO, eio
from tests.conformance.application.behaviour import Visitor
from tests.conformance.application.ledger import Ledger
from tests.conformance.application.profiles import HOOKS, PROFILES

__all__ = ["ledger", "made", "named"]

A = TypeVar("A")

ledger = Ledger()
named = {name: eio if name == "default" else EngineIO(name, **PROFILES[name]) for name in PROFILES}


def introduce(request: HttpRequest) -> Visitor:
    """Return what a request tells about a client."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Visitor(dict(request.GET.items()), headers, request.META["REMOTE_ADDR"])


def made(application: Callable[..., A], wrap: Callable[[EngineIO], Any]) -> Iterator[A]:
    """Give each server its handlers and hooks."""
    for name, server in named.items():
        each: Any = application(wrap(server), ledger, introduce)
        each.add_hooks(HOOKS.get(name, {}))
        yield each
