"""Database connections that have grown old: long-lived consumers close them as requests would."""

from __future__ import annotations

import time

from asgiref.sync import sync_to_async
from django import db

__all__ = ["close_old_connections"]

# Django closes what is too old or broken around every request. Here a message may come every
# millisecond, and to look costs a turn of the one thread in which Django's ORM runs.
_INTERVAL = 1.0

_next = 0.0


async def close_old_connections() -> None:
    """Close what is older than ``CONN_MAX_AGE``, or broken; look at most once a second."""
    global _next
    now = time.monotonic()
    if now < _next:
        return
    _next = now + _INTERVAL
    if _has_databases():
        await sync_to_async(db.close_old_connections)()


def _has_databases() -> bool:
    """Whether the project has any: without, there is nothing to look for."""
    return any(
        database["ENGINE"] != "django.db.backends.dummy"
        for database in db.connections.settings.values()
    )
