"""`Engine`: one `EngineIO` at work in this process, on the server that fits its entry point.

What lives here: what is the same under WSGI and ASGI. A subclass makes the server of the core, and
knows how its methods are called from plain code and from coroutines.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from django.dispatch import Signal

from engineio import AsyncServer, DisconnectInfo, Reason, Server, UnknownSessionError
from engineio.handlers import HOOKS

from . import signals

if TYPE_CHECKING:
    from .integration import EngineIO

__all__ = ["AnyServer", "Engine", "announcement"]

T = TypeVar("T")

AnyServer: TypeAlias = Server | AsyncServer
"""A server of the core, of either kind."""


class Engine(ABC):
    """The base of both kinds.

    Args:
        eio: Whose handlers are called.
        server: The server of the core.

    Attributes:
        eio: The same.
        handled: Told of each event whose handler is over, as tests want to know: the name of the
            event and the session id.
    """

    def __init__(self, eio: EngineIO, server: AnyServer) -> None:
        self.eio = eio
        self.handled: Callable[[str, str], None] = _nobody
        for name in HOOKS:
            for hook in eio.handlers.hooks(name):
                server.on(name, hook)  # type: ignore[call-overload]  # any of them

    def gone(self, sid: str) -> DisconnectInfo | None:
        """Return how a session ended whose client Django has just let in, or None if it has not.

        The handler has accepted, and then the answer went back through the middleware. In that time
        the client may have left, or ``connect_timeout`` passed, and for the core nobody was ever
        let in; but to the application somebody was, and so must go again.
        """
        try:
            self.server.transport(sid)
        except UnknownSessionError:
            return DisconnectInfo(Reason.TRANSPORT_CLOSE, "it ended before Django had answered")
        return None

    @property
    @abstractmethod
    def server(self) -> AnyServer:
        """The server of the core."""

    @abstractmethod
    def call(self, use: Callable[[AnyServer], T | Coroutine[Any, Any, T]]) -> T:
        """Use the server from plain code, and wait for what comes of it.

        Raises:
            SynchronousOnlyOperation: This is a coroutine, which must not wait.
        """

    @abstractmethod
    async def acall(self, use: Callable[[AnyServer], T | Coroutine[Any, Any, T]]) -> T:
        """Use the server from a coroutine."""

    @abstractmethod
    def at_once(self, use: Callable[[AnyServer], T | Coroutine[Any, Any, T]]) -> T:
        """Use the server from anywhere, for what never waits."""

    @abstractmethod
    def task(self, target: Callable[..., Any]) -> Callable[..., Any]:
        """Return a background task's function in a form that the server can run."""


_AFTER: dict[str, tuple[Signal, tuple[str, ...]]] = {
    "message": (signals.message_received, ("sid", "data")),
    "disconnect": (signals.client_disconnected, ("sid", "reason", "info")),
}


def announcement(event: str, args: tuple[Any, ...]) -> tuple[Signal, dict[str, Any]]:
    """Return the signal that follows an event, and its arguments."""
    signal, names = _AFTER[event]
    return signal, dict(zip(names, args, strict=True))


def _nobody(event: str, sid: str) -> None:
    """Tell nobody."""
