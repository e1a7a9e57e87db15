"""Registering: what the overloads say is what the table takes."""

from typing import get_args, get_overloads, get_type_hints

import pytest

from engineio import callbacks
from engineio.errors import ConfigError
from engineio.handlers import EVENTS, HOOKS
from engineio.registrar import Registrar


class Recording(Registrar):
    """A server that writes down what happens when a function is registered."""

    def __init__(self):
        super().__init__()
        self.happened = []

    def _check(self, event, function):
        self.happened.append(("check", event, function))

    def _registered(self, event, function):
        self.happened.append(("registered", len(self._handlers.hooks("drain"))))


def overloads():
    """Each overload of ``on``: the names it takes, and its type hints."""
    for overload in get_overloads(Registrar.on):
        hints = get_type_hints(overload)
        yield get_args(hints["event"]), hints


def test_every_event_and_hook_has_a_decorator_and_a_function():
    """A name without an overload would be an error for a type checker, and for nobody else."""
    names = [name for events, _ in overloads() for name in events]

    assert sorted(names) == sorted(2 * [*EVENTS, *HOOKS])


def test_hooks_take_as_many_arguments_as_the_table_says():
    for events, hints in overloads():
        for name in set(events) & set(HOOKS):
            if "handler" in hints:
                arguments, result = get_args(hints["handler"].__bound__)
                assert (len(arguments), result) == (HOOKS[name], None), name


def test_handlers_are_bound_by_their_types():
    bounds = {
        name: hints["handler"].__bound__
        for events, hints in overloads()
        for name in events
        if "handler" in hints
    }

    assert {name: bounds[name] for name in EVENTS} == {
        "connect": callbacks.ConnectHandler,
        "message": callbacks.MessageHandler,
        "disconnect": callbacks.DisconnectHandler,
    }


def test_a_function_is_checked_registered_and_given_back():
    server = Recording()

    def drained(sid):
        """Watch."""

    assert server.on("drain", drained) is drained
    assert server.on("drain")(drained) is drained
    assert server.happened == [
        ("check", "drain", drained),
        ("registered", 1),
        ("check", "drain", drained),
        ("registered", 2),
    ]


def test_what_the_table_refuses_is_not_registered():
    server = Recording()

    with pytest.raises(ConfigError, match="did you mean drain"):
        server.on("drian", print)  # type: ignore[call-overload]  # the mistake is what is tested
    assert [what for what, *_ in server.happened] == ["check"]


def test_the_handler_of_an_event_can_be_asked_for():
    server = Recording()
    assert server.handler("connect") is None

    server.on("connect", first := lambda sid: None)
    assert server.handler("connect") is first

    server.on("connect", second := lambda sid: None)
    assert server.handler("connect") is second
