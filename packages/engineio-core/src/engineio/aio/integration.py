"""`AsyncIntegration`: what the class ``EngineIO`` of every asyncio framework package has in common.

What lives here: the vocabulary that is the same in each of them, typed for the framework's own
request. How a server gets into an application is the framework package's.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, TypeVar, Unpack

from ..errors import ConfigError
from ..integration import TypedHandlers
from ..options import ServerOptions
from ..types import SendData, TransportName
from .background import BackgroundTask
from .server import AsyncServer

__all__ = ["AsyncIntegration"]

NativeRequest = TypeVar("NativeRequest")


class AsyncIntegration(TypedHandlers[NativeRequest]):
    """The base of a framework package's ``EngineIO``.

    A subclass names its mode and says how to get into an application. ``NativeRequest`` is what a
    ``connect`` handler receives as its second argument.

    Args:
        server: A server made before, of the right mode; one is made if None.
        **options: The fields of `engineio.config.ServerConfig`, for the server that is made.

    Attributes:
        async_mode: The mode of the servers of this class.
        server: The server.

    Raises:
        ConfigError: An option is unknown or impossible, there are options beside a server, or the
            server has another mode.
    """

    async_mode: ClassVar[str]

    def __init__(self, server: AsyncServer | None = None, **options: Unpack[ServerOptions]) -> None:
        if server is None:
            server = AsyncServer(self.async_mode, **options)
        elif options:
            raise ConfigError(f"the server has its options already: {', '.join(options)}")
        elif server.async_mode != self.async_mode:
            raise ConfigError(
                f"the server has the mode {server.async_mode!r}, not {self.async_mode!r}"
            )
        super().__init__(server)
        self.server = server

    # -- sessions: coroutines are passed on as they are, for a frame more would cost a message -----

    def send(self, sid: str, data: SendData) -> Coroutine[Any, Any, bool]:
        """Send a message to one client, as `AsyncServer.send` does."""
        return self.server.send(sid, data)

    def broadcast(
        self, data: SendData, sids: Iterable[str] | None = None
    ) -> Coroutine[Any, Any, int]:
        """Send a message to many clients, as `AsyncServer.broadcast` does."""
        return self.server.broadcast(data, sids)

    def disconnect(self, sid: str | None = None) -> Coroutine[Any, Any, None]:
        """End a session, or all of them, as `AsyncServer.disconnect` does."""
        return self.server.disconnect(sid)

    def session(self, sid: str) -> AbstractAsyncContextManager[dict[str, Any]]:
        """Return what was saved for a client, and save it again at the end of the block."""
        return self.server.session(sid)

    def get_session(self, sid: str) -> Coroutine[Any, Any, dict[str, Any]]:
        """Return what was saved for a client, as `AsyncServer.get_session` does."""
        return self.server.get_session(sid)

    def save_session(self, sid: str, session: dict[str, Any]) -> Coroutine[Any, Any, None]:
        """Save something for a client, as `AsyncServer.save_session` does."""
        return self.server.save_session(sid, session)

    def transport(self, sid: str) -> TransportName:
        """Return the transport that carries a session now."""
        return self.server.transport(sid)

    @property
    def sids(self) -> list[str]:
        """The ids of all open sessions."""
        return self.server.sids

    # -- background ------------------------------------------------------------------------

    def start_background_task(
        self, target: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> BackgroundTask:
        """Run a coroutine function as a task, or a plain function in a thread."""
        return self.server.start_background_task(target, *args, **kwargs)

    def sleep(self, seconds: float = 0) -> Coroutine[Any, Any, None]:
        """Sleep for ``seconds``."""
        return self.server.sleep(seconds)

    def shutdown(self) -> Coroutine[Any, Any, None]:
        """End all sessions; applications that stop in the framework's own way need not call it."""
        return self.server.shutdown()
