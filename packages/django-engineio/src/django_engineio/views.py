"""The view of a server: where a handshake meets the ``connect`` handler."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db.transaction import non_atomic_requests
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from ._fallback import Fallback
from ._handshake import HANDSHAKE, carrier, decide

if TYPE_CHECKING:
    from .integration import EngineIO

__all__ = ["endpoint"]


def endpoint(eio: EngineIO) -> Callable[[HttpRequest], HttpResponseBase]:
    """Return the view of a server.

    It has no CSRF check, because the core checks the origin of every request, and no transaction,
    which a parked poll would hold for as long as it is parked.
    """
    fallback = Fallback(eio)

    @csrf_exempt
    @non_atomic_requests
    def engineio(request: HttpRequest) -> HttpResponseBase:
        handshake = carrier(request).get(HANDSHAKE)
        return fallback.serve(request) if handshake is None else decide(handshake, request)

    view: Callable[[HttpRequest], HttpResponseBase] = engineio
    return view
