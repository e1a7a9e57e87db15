"""Registering handlers and hooks: the part of a server that is the same in both shells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar, overload

from .callbacks import (
    CloseHook,
    ConnectHandler,
    ConnectionErrorHook,
    DisconnectHandler,
    HeadersHook,
    MessageHandler,
    PacketHook,
    SessionHook,
    UpgradeHook,
)
from .handlers import HandlerTable

__all__ = ["Registrar"]

# One variable for each kind of function, so that a decorated function keeps its own type.
Connect = TypeVar("Connect", bound=ConnectHandler)
Message = TypeVar("Message", bound=MessageHandler)
Disconnect = TypeVar("Disconnect", bound=DisconnectHandler)
Refused = TypeVar("Refused", bound=ConnectionErrorHook)
Upgrade = TypeVar("Upgrade", bound=UpgradeHook)
OfSession = TypeVar("OfSession", bound=SessionHook)
OfClose = TypeVar("OfClose", bound=CloseHook)
OfPacket = TypeVar("OfPacket", bound=PacketHook)
OfHeaders = TypeVar("OfHeaders", bound=HeadersHook)


class Registrar:
    """The base of a server: its handlers and hooks."""

    def __init__(self) -> None:
        self._handlers = HandlerTable()

    @overload
    def on(self, event: Literal["connect"]) -> Callable[[Connect], Connect]: ...
    @overload
    def on(self, event: Literal["connect"], handler: Connect) -> Connect: ...
    @overload
    def on(self, event: Literal["message"]) -> Callable[[Message], Message]: ...
    @overload
    def on(self, event: Literal["message"], handler: Message) -> Message: ...
    @overload
    def on(self, event: Literal["disconnect"]) -> Callable[[Disconnect], Disconnect]: ...
    @overload
    def on(self, event: Literal["disconnect"], handler: Disconnect) -> Disconnect: ...
    @overload
    def on(self, event: Literal["connection_error"]) -> Callable[[Refused], Refused]: ...
    @overload
    def on(self, event: Literal["connection_error"], handler: Refused) -> Refused: ...
    @overload
    def on(self, event: Literal["upgrade"]) -> Callable[[Upgrade], Upgrade]: ...
    @overload
    def on(self, event: Literal["upgrade"], handler: Upgrade) -> Upgrade: ...
    @overload
    def on(
        self, event: Literal["open", "heartbeat", "drain"]
    ) -> Callable[[OfSession], OfSession]: ...
    @overload
    def on(self, event: Literal["open", "heartbeat", "drain"], handler: OfSession) -> OfSession: ...
    @overload
    def on(self, event: Literal["close"]) -> Callable[[OfClose], OfClose]: ...
    @overload
    def on(self, event: Literal["close"], handler: OfClose) -> OfClose: ...
    @overload
    def on(self, event: Literal["packet"]) -> Callable[[OfPacket], OfPacket]: ...
    @overload
    def on(self, event: Literal["packet"], handler: OfPacket) -> OfPacket: ...
    @overload
    def on(
        self, event: Literal["initial_headers", "headers"]
    ) -> Callable[[OfHeaders], OfHeaders]: ...
    @overload
    def on(self, event: Literal["initial_headers", "headers"], handler: OfHeaders) -> OfHeaders: ...

    def on(self, event: str, handler: Callable[..., Any] | None = None) -> Callable[..., Any]:
        """Register the handler of an event, or a hook; usable as a decorator.

        Args:
            event: ``connect``, ``message``, ``disconnect``, or a hook of `engineio.handlers.HOOKS`.
            handler: The function. A coroutine function only where the server is an asyncio one,
                and never for a hook.

        Returns:
            The function, or without ``handler`` the decorator that registers one.

        Raises:
            ConfigError: The event is unknown, or the function takes other arguments.
        """

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            self._check(event, function)
            self._handlers.add(event, function)
            self._registered(event, function)
            return function

        return register if handler is None else register(handler)

    def handler(self, event: str) -> Callable[..., Any] | None:
        """Return the handler of an event, or None while there is none."""
        found = self._handlers.get(event)
        return None if found is None else found.function

    def _check(self, event: str, function: Callable[..., Any]) -> None:
        """Raise `ConfigError` for a function that this kind of server cannot call."""

    def _registered(self, event: str, function: Callable[..., Any]) -> None:
        """Take note that there is one function more."""
