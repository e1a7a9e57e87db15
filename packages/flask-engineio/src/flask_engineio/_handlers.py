"""What is registered with an `EngineIO`, for the servers of all its applications."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from engineio.handlers import HOOKS, Handler
from engineio.registrar import Registrar

if TYPE_CHECKING:
    from ._binding import Binding

__all__ = ["Handlers"]


class Handlers(Registrar):
    """Handlers and hooks that may be registered before there is an application, and after.

    Attributes:
        bindings: The servers that they are for; each lives as long as its application.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bindings: WeakSet[Binding] = WeakSet()

    def get(self, event: str) -> Handler | None:
        """Return the handler of an event."""
        return self._handlers.get(event)

    def bind(self, binding: Binding) -> None:
        """Serve one application more."""
        self.bindings.add(binding)
        for name in HOOKS:
            for hook in self._handlers.hooks(name):
                _register(binding, name, hook)

    def _registered(self, event: str, function: Callable[..., Any]) -> None:
        # Handlers are looked up for each event; hooks are called by the servers themselves.
        if event in HOOKS:
            for binding in self.bindings:
                _register(binding, event, function)


def _register(binding: Binding, hook: str, function: Callable[..., Any]) -> None:
    cast(Any, binding.server.on)(hook, function)
