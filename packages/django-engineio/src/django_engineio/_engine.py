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
from engineio.http.response import Accepted, Response

from . import signals
from ._handshake import Handshake

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

    def handshake(self, sid: str) -> Handshake:
        """Return the question whether a client may come in."""
        # Several applications may have been made in this process, and this one serves.
        self.eio.engine = self
        return Handshake(self.eio.handlers.get("connect"), sid, lambda: self._is_open(sid))

    def lost(self, handshake: Handshake, decision: Accepted | Response) -> DisconnectInfo | None:
        """Return how a session ended whose client Django has just let in, or None if it has not.

        When the handler has accepted, the answer goes back through the middleware. Meanwhile the
        client may leave, or ``connect_timeout`` pass, and then for the core nobody was let in; but
        for the application somebody was, who must go again.
        """
        is_lost = isinstance(decision, Accepted) and handshake.was_open and not handshake.is_open()
        if not is_lost:
            return None
        return DisconnectInfo(Reason.TRANSPORT_CLOSE, "it ended before Django had answered")

    def _is_open(self, sid: str) -> bool:
        try:
            self.server.transport(sid)
        except UnknownSessionError:
            return False
        return True

    @abstractmethod
    def check(self, event: str, function: Callable[..., Any]) -> None:
        """Refuse a handler that cannot be called here.

        Raises:
            ConfigError: It cannot.
        """

    @property
    @abstractmethod
    def server(self) -> AnyServer:
        """The server of the core."""

    @abstractmethod
    def call(self, use: Callable[[AnyServer], T | Coroutine[Any, Any, T]]) -> T:
        """Use the server from plain code, and wait for what comes of it.

        Raises:
            SynchronousOnlyOperation: This is a coroutine under ASGI, which must not wait.
        """

    @abstractmethod
    async def acall(self, use: Callable[[AnyServer], T | Coroutine[Any, Any, T]]) -> T:
        """Use the server from a coroutine."""

    @abstractmethod
    def at_once(self, use: Callable[[AnyServer], T | Coroutine[Any, Any, T]]) -> T:
        """Use the server from anywhere, for what never waits."""

    @abstractmethod
    def start(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Start a background task, which leaves no database connection open."""


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
