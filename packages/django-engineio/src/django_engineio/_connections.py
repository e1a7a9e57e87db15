"""Database connections: none is left open by what may be waiting for a long time.

A parked poll, an open WebSocket and an idle session need no database. What a handler has opened is
closed when the handler is over; a pool (``OPTIONS``) makes that cheap.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections
from django.db.backends.signals import connection_created

__all__ = ["ReleasingAsync", "release"]

# Whether a connection was opened by the handler that runs in this context, in whatever thread.
_opened: ContextVar[list[object] | None] = ContextVar("django_engineio_opened", default=None)


def release() -> None:
    """Close the connections of this thread, but none within a transaction, as tests have it."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


class ReleasingAsync:
    """Closes what was opened in the block by way of the thread that asgiref has for it.

    A class and no generator, which would cost a message twice as much.
    """

    __slots__ = ("_found", "_token")

    async def __aenter__(self) -> None:
        self._found: list[object] = []
        self._token = _opened.set(self._found)

    async def __aexit__(self, *_: object) -> None:
        _opened.reset(self._token)
        if self._found:
            await sync_to_async(release)()


def _note(*, connection: Any, **_: object) -> None:
    opened = _opened.get()
    if opened is not None:
        opened.append(connection)


connection_created.connect(_note, dispatch_uid="django_engineio")
