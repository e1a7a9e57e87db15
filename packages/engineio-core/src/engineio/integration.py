"""`TypedHandlers`: registering handlers in the framework packages, typed for their own requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from .registrar import Registrar
from .types import DisconnectInfo, Reason

__all__ = ["TypedHandlers"]

T = TypeVar("T")
NativeRequest = TypeVar("NativeRequest")


class TypedHandlers(Generic[NativeRequest]):
    """The decorators that the class ``EngineIO`` of every framework package has.

    ``NativeRequest`` is what a ``connect`` handler receives as its second argument.

    Args:
        registrar: Where they are registered, commonly the server.

    Attributes:
        on: Registers the handler of an event, or a hook, as `engineio.Server.on` does.
    """

    def __init__(self, registrar: Registrar) -> None:
        self._registrar = registrar
        self.on = registrar.on

    @overload
    def on_connect(self, handler: Callable[[str], T]) -> Callable[[str], T]: ...

    @overload
    def on_connect(
        self, handler: Callable[[str, NativeRequest], T]
    ) -> Callable[[str, NativeRequest], T]: ...

    def on_connect(self, handler: Callable[..., T]) -> Callable[..., T]:
        """Register ``handler(sid)`` or ``handler(sid, request)``, which decides about a client.

        Returning False or a value refuses it with 401 and that value as JSON; so does an exception
        of the framework that stands for an answer, with its own status and body.
        """
        return self._registrar.on("connect", handler)

    def on_message(self, handler: Callable[[str, Any], T]) -> Callable[[str, Any], T]:
        """Register ``handler(sid, data)``; ``data`` is the same text or bytes that were sent."""
        return self._registrar.on("message", handler)

    @overload
    def on_disconnect(self, handler: Callable[[str], T]) -> Callable[[str], T]: ...

    @overload
    def on_disconnect(self, handler: Callable[[str, Reason], T]) -> Callable[[str, Reason], T]: ...

    @overload
    def on_disconnect(
        self, handler: Callable[[str, Reason, DisconnectInfo], T]
    ) -> Callable[[str, Reason, DisconnectInfo], T]: ...

    def on_disconnect(self, handler: Callable[..., T]) -> Callable[..., T]:
        """Register ``handler(sid)``, ``(sid, reason)`` or ``(sid, reason, info)``."""
        return self._registrar.on("disconnect", handler)
