"""What is the same of a server in both shells: options, handlers, saved user sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar, overload

from .config import ServerConfig
from .errors import QueueFullError, SessionClosedError, UnknownSessionError
from .handlers import HandlerTable
from .protocol.session import SendOutcome

__all__ = ["BaseServer", "is_sent"]

F = TypeVar("F", bound=Callable[..., Any])


class Record(Protocol):
    """What a server keeps for each session.

    Attributes:
        user: What ``save_session`` stored.
    """

    user: dict[str, Any]


R = TypeVar("R", bound=Record)


class BaseServer(Generic[R]):
    """The base of a server.

    Args:
        options: The fields of `ServerConfig`.

    Raises:
        ConfigError: An option is unknown or impossible.

    Attributes:
        config: The options.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.config = ServerConfig.build(options)
        self._handlers = HandlerTable()
        self._inboxes: dict[str, R] = {}

    @overload
    def on(self, event: str) -> Callable[[F], F]: ...

    @overload
    def on(self, event: str, handler: F) -> F: ...

    def on(self, event: str, handler: F | None = None) -> F | Callable[[F], F]:
        """Register the handler of an event, or a hook; usable as a decorator.

        Args:
            event: ``connect``, ``message``, ``disconnect``, or a hook of `engineio.handlers.HOOKS`.
            handler: The function; a coroutine function only where the server is an asyncio one.

        Raises:
            ConfigError: The event is unknown, or the function takes other arguments.
        """

        def register(function: F) -> F:
            self._check(event, function)
            self._handlers.add(event, function)
            self._registered()
            return function

        return register if handler is None else register(handler)

    def _check(self, event: str, function: Callable[..., Any]) -> None:
        """Raise `ConfigError` for a function that this kind of server cannot call."""

    def _registered(self) -> None:
        """Take note that there is one function more."""

    def _inbox(self, sid: str) -> R:
        inbox = self._inboxes.get(sid)
        if inbox is None:
            raise UnknownSessionError
        return inbox

    @contextmanager
    def _saving(self, sid: str) -> Iterator[dict[str, Any]]:
        """Return what was saved for a client, and save it again unless the client has gone."""
        user = self._inbox(sid).user
        yield user
        if sid in self._inboxes:
            self._inboxes[sid].user = user


def is_sent(outcome: SendOutcome, can_wait: bool) -> bool | None:
    """Return what ``send`` returns for an outcome, or None if it must wait and try again.

    Raises:
        SessionClosedError: The session has ended.
        QueueFullError: The queue is full and the call cannot wait.
    """
    if outcome is SendOutcome.CLOSED:
        raise SessionClosedError("the session ended before the message was accepted")
    if outcome is not SendOutcome.FULL:
        return outcome is SendOutcome.ACCEPTED
    if not can_wait:
        raise QueueFullError("the send queue is full and the client is not connected yet")
    return None
