"""The signatures that type checkers see are those that registering a function checks."""

import inspect
from types import UnionType
from typing import get_args, get_origin

from engineio import callbacks
from engineio.callbacks import EventName, HookName
from engineio.handlers import EVENTS, HOOKS

HANDLERS = {
    "connect": callbacks.ConnectHandler,
    "message": callbacks.MessageHandler,
    "disconnect": callbacks.DisconnectHandler,
}


def arities(alias):
    """How many positional arguments the alternatives of a type take."""
    alternatives = get_args(alias) if get_origin(alias) is UnionType else (alias,)
    return [
        len(list(inspect.signature(each.__call__).parameters.values())[1:]) for each in alternatives
    ]


def test_the_names_are_those_that_can_be_registered():
    assert get_args(EventName) == tuple(EVENTS)
    assert get_args(HookName) == tuple(HOOKS)


def test_handlers_have_every_arity_that_is_accepted():
    for name, (least, most) in EVENTS.items():
        assert arities(HANDLERS[name]) == list(range(least, most + 1))
