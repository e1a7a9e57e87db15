"""How many asyncio tasks and timers the server has, at ``/counts``, for the idle scenario."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def counts() -> dict[str, int]:
    """Tasks and timers of this process."""
    timers = sum(type(item).__name__ == "TimerHandle" for item in gc.get_objects())
    return {"tasks": len(asyncio.all_tasks()), "timers": timers}


def with_counts(application: Application) -> Application:
    """The ASGI application, and ``/counts`` beside it."""

    # Not a coroutine function: a frame more in every connection would be in the memory figures.
    def outer(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http" and scope["path"] == "/counts":
            return _answer(send)
        return application(scope, receive, send)

    return outer


async def _answer(send: Send) -> None:
    body = json.dumps(counts()).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
