"""`SyncIntegration`: what the class ``EngineIO`` of every WSGI framework package has in common.

What lives here: the vocabulary that is the same in each of them, typed for the framework's own
request. How a server gets into an application is the framework package's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from ..integration import TypedHandlers
from ..types import SendData, TransportName
from .concurrency import Task
from .server import Server

__all__ = ["SyncIntegration"]

NativeRequest = TypeVar("NativeRequest")


class SyncIntegration(TypedHandlers[NativeRequest], ABC):
    """The base of a framework package's ``EngineIO``.

    A subclass says which server it is. ``NativeRequest`` is what a ``connect`` handler receives as
    its second argument.

    Args:
        registrar: Where handlers are registered.
    """

    @property
    @abstractmethod
    def server(self) -> Server:
        """The server of the core."""

    @property
    def sids(self) -> list[str]:
        """The ids of all open sessions."""
        return self.server.sids

    def send(self, sid: str, data: SendData) -> bool:
        """Send a message to one client, as `engineio.Server.send` does."""
        return self.server.send(sid, data)

    def broadcast(self, data: SendData, sids: Iterable[str] | None = None) -> int:
        """Send a message to many clients, as `engineio.Server.broadcast` does."""
        return self.server.broadcast(data, sids)

    def disconnect(self, sid: str | None = None) -> None:
        """End a session, or all of them, as `engineio.Server.disconnect` does."""
        self.server.disconnect(sid)

    def transport(self, sid: str) -> TransportName:
        """Return the transport that carries a session now."""
        return self.server.transport(sid)

    def get_session(self, sid: str) -> dict[str, Any]:
        """Return what was saved for a client, as `engineio.Server.get_session` does."""
        return self.server.get_session(sid)

    def save_session(self, sid: str, session: dict[str, Any]) -> None:
        """Save something for a client, as `engineio.Server.save_session` does."""
        self.server.save_session(sid, session)

    def session(self, sid: str) -> AbstractContextManager[dict[str, Any]]:
        """Return what was saved for a client, and save it again at the end of the block."""
        return self.server.session(sid)

    def start_background_task(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Task:
        """Run a function in a thread or greenlet of its own."""
        return self.server.start_background_task(target, *args, **kwargs)

    def sleep(self, seconds: float = 0) -> None:
        """Sleep for ``seconds``."""
        self.server.sleep(seconds)

    def shutdown(self) -> None:
        """End all sessions; on the stop signal this is done without being called."""
        self.server.shutdown()
