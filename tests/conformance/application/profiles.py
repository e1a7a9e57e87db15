"""The servers that one conformance application hosts: one per set of options, each under its path.

Plain values and plain functions only, so that servers of every family are built from them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from engineio.http.request import Request
    from engineio.http.response import Header

__all__ = [
    "ALLOWED_ORIGIN",
    "HOOKS",
    "INTERVAL",
    "PATIENT_TIMEOUT",
    "PROFILES",
    "SHORT",
    "TIMEOUT",
    "HeaderHooks",
    "path_of",
]

ALLOWED_ORIGIN = "http://good.example"
"""The one origin that the profile ``cors`` allows."""


def path_of(profile: str) -> str:
    """Return the path of a profile's server, without slashes at its ends."""
    return "engine.io" if profile == "default" else f"{profile}/engine.io"


def _allow_request(request: Request) -> bool | str:
    wish = request.headers.get("x-refuse")
    return wish or request.headers.get("x-forbid") is None


def _is_local(origin: str) -> bool:
    return origin.startswith(("http://127.0.0.1:", "http://localhost:"))


def _generate_id(request: Request) -> str:
    if request.headers.get("x-broken-id"):
        raise RuntimeError("asked to fail")
    wish = request.headers.get("x-id")
    return wish or f"custom-{secrets.token_urlsafe(16)}"


def _mark_every_answer(headers: list[Header], request: Request) -> None:
    headers.append(("X-Every", request.headers.get("x-wish") or "no wish"))


def _mark_first_answer(headers: list[Header], request: Request) -> None:
    headers.append(("X-First", request.method))


INTERVAL, TIMEOUT = 0.3, 0.4
"""The heartbeat of the profiles that have a quick one, in seconds."""

PATIENT_TIMEOUT = 1.5
"""The ``ping_timeout`` of the profile ``patient``: so long that twice it and thrice it, in seconds,
are no more mistaken for one another on a busy machine."""

SHORT = 0.4
"""Every timeout of the profile ``impatient``, in seconds."""

_HEARTBEAT = {"ping_interval": INTERVAL, "ping_timeout": TIMEOUT}

PROFILES: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "heartbeat": _HEARTBEAT,
    "patient": {"ping_interval": INTERVAL, "ping_timeout": PATIENT_TIMEOUT},
    "legacy": {"allow_eio3": True, "allow_jsonp": True},
    "legacy-small": {"allow_eio3": True, "max_payload": 1_000},
    "legacy-heartbeat": {"allow_eio3": True, **_HEARTBEAT},
    # What tests/interop talks to with the official clients: 900 kB of binary are 1.2 MB of base64.
    "interop": {
        "allow_eio3": True,
        "max_payload": 1_500_000,
        "cookie": "io",
        "cors_allowed_origins": _is_local,
    },
    "jsonp": {"allow_jsonp": True},
    "small": {"max_payload": 1_000},
    "cookie": {"cookie": "io"},
    "own-cookie": {
        "cookie": {
            "name": "lb",
            "path": "/own-cookie",
            "httponly": False,
            "samesite": "Strict",
            "max_age": 60,
        }
    },
    "cors": {"cors_allowed_origins": [ALLOWED_ORIGIN]},
    "open-cors": {"cors_allowed_origins": "*"},
    "no-credentials": {"cors_allowed_origins": [ALLOWED_ORIGIN], "cors_credentials": False},
    "behind-proxy": {"trusted_proxies": ["127.0.0.1"], "cookie": "io"},
    "no-upgrades": {"allow_upgrades": False},
    "polling-only": {"transports": ["polling"]},
    "websocket-only": {"transports": ["websocket"]},
    "plain": {"http_compression": False},
    "guarded": {"allow_request": _allow_request, "generate_id": _generate_id},
    "hooked": {},
    "capped": {"max_sessions": 2},
    "capped-address": {"max_sessions_per_address": 2},
    "few-packets": {"max_packets_per_poll": 16},
    "concurrent": {"async_handlers": True, "max_concurrent_handlers": 4},
    "impatient": {
        "connect_timeout": SHORT,
        "first_request_timeout": SHORT,
        "upgrade_timeout": SHORT,
        "body_timeout": SHORT,
        "write_timeout": SHORT,
        "close_timeout": SHORT,
    },
    "hurried": {**_HEARTBEAT, "close_timeout": SHORT, "upgrade_timeout": SHORT},
    "narrow": {"send_queue_packets": 10, "send_queue_policy": "close"},
    "short-inbox": {"receive_queue_packets": 4},
    "short-inbox-heartbeat": {**_HEARTBEAT, "receive_queue_packets": 4},
    "drop-oldest": {"send_queue_packets": 10, "send_queue_policy": "drop_oldest"},
    "drop-newest": {"send_queue_packets": 10, "send_queue_policy": "drop_newest"},
}

HeaderHooks: TypeAlias = Mapping[Literal["headers", "initial_headers"], Callable[..., None]]

HOOKS: Mapping[str, HeaderHooks] = {
    "hooked": {"headers": _mark_every_answer, "initial_headers": _mark_first_answer},
}
"""The hooks that the servers of some profiles have, by event name."""
