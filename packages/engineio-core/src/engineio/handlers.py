"""The handler table: which function hears of which event, and how many arguments it takes.

Shared by both shells; nothing here calls a handler.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import ConfigError
from .functions import is_async

__all__ = ["EVENTS", "HOOKS", "Handler", "HandlerTable"]

EVENTS: dict[str, tuple[int, int]] = {"connect": (1, 2), "message": (2, 2), "disconnect": (1, 3)}
"""The events, each with the least and the most positional arguments its handler may take."""

HOOKS: dict[str, int] = {
    "open": 1,
    "close": 2,
    "connection_error": 1,
    "upgrade": 2,
    "heartbeat": 1,
    "drain": 1,
    "packet": 3,
    "initial_headers": 2,
    "headers": 2,
}
"""The hooks, each with the number of its arguments.

A hook is a plain function that is called at once, while the server waits: it must be quick.

- ``open(sid)``: a client was let in.
- ``close(sid, info)``: its session ended; an `engineio.DisconnectInfo`. The ``disconnect`` handler
  is called when those of earlier messages are over, this hook at once.
- ``connection_error(error)``: a request was refused; an `engineio.RequestRejected`.
- ``upgrade(sid, transport)``: a session moved to another transport.
- ``heartbeat(sid)``: the client answered a ping (EIO 4) or sent one (EIO 3).
- ``drain(sid)``: a full send queue that a ``send`` waits for (policy ``wait``) has room again.
- ``packet(sid, packet, direction)``: a packet went ``"in"`` or ``"out"``. Slows everything down.
- ``initial_headers(headers, request)``: the list of header fields of a session's first response.
- ``headers(headers, request)``: the same for every response; change the list in place.
"""


@dataclass(frozen=True, slots=True)
class Handler:
    """A registered function.

    Attributes:
        function: The function.
        is_async: Whether calling it returns a coroutine.
        arity: How many of the event's arguments it takes.
    """

    function: Callable[..., Any]
    is_async: bool
    arity: int

    @property
    def name(self) -> str:
        """The name of the function, for logs."""
        return getattr(self.function, "__qualname__", type(self.function).__name__)


class HandlerTable:
    """The handlers of one server: one for each event, any number for each hook."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}
        self._hooks: dict[str, list[Callable[..., None]]] = {}

    def add(self, event: str, function: Callable[..., Any]) -> None:
        """Register ``function``; a second handler for an event replaces the first.

        Raises:
            ConfigError: There is no such event (the message lists near matches), or the function
                takes another number of arguments.
        """
        if event in EVENTS:
            least, most = EVENTS[event]
            arity = _arity(event, function, least, most)
            self._handlers[event] = Handler(function, is_async(function), arity)
        elif event in HOOKS:
            if is_async(function):
                raise ConfigError(f"the hook {event!r} must be a plain function, not a coroutine")
            _arity(event, function, HOOKS[event], HOOKS[event])
            self._hooks.setdefault(event, []).append(function)
        else:
            near = difflib.get_close_matches(event, [*EVENTS, *HOOKS], n=2)
            hint = f"; did you mean {' or '.join(near)}?" if near else f"; there are {_names()}"
            raise ConfigError(f"unknown event {event!r}{hint}")

    def get(self, event: str) -> Handler | None:
        """Return the handler of an event."""
        return self._handlers.get(event)

    def hooks(self, name: str) -> list[Callable[..., None]]:
        """Return the functions of a hook."""
        return self._hooks.get(name, [])


def _names() -> str:
    return ", ".join([*EVENTS, *HOOKS])


def _arity(event: str, function: Callable[..., Any], least: int, most: int) -> int:
    """Return how many of ``most`` positional arguments ``function`` takes."""
    if not callable(function):
        raise ConfigError(f"the handler for {event!r} must be a function, not {function!r}")
    required = optional = 0
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            optional = most
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            if parameter.default is parameter.empty:
                required += 1
            else:
                optional += 1
        elif parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            raise ConfigError(f"the handler for {event!r} has a required keyword-only parameter")
    if required > most or required + optional < least:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise ConfigError(f"the handler for {event!r} must take {wanted} arguments")
    return min(most, required + optional)
