"""Django's session of a client that comes by WebSocket."""

from __future__ import annotations

from channels.db import database_sync_to_async

from engineio.gateway.asgi_scope import Scope

__all__ = ["save_session"]


async def save_session(scope: Scope) -> None:
    """Save ``scope["session"]``, if there is one and ``connect`` has changed it."""
    session = scope.get("session")
    if session is not None and session.modified:
        await database_sync_to_async(session.save)()
