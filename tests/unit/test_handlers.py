"""The handler table: which function hears of which event, and with how many arguments."""

from functools import partial

import pytest

from engineio.errors import ConfigError
from engineio.handlers import EVENTS, HOOKS, HandlerTable


def one(sid):
    """Take one argument."""


def two(sid, data):
    """Take two arguments."""


def three(sid, reason, info):
    """Take three arguments."""


def any_number(*args):
    """Take any number of arguments."""


async def asynchronous(sid, data):
    """Be a coroutine function."""


class Methods:
    """Handlers that are methods and objects."""

    def method(self, sid, data):
        """Take two arguments beside self."""

    @staticmethod
    def static(sid, data):
        """Take two arguments."""

    @classmethod
    def of_class(cls, sid, data):
        """Take two arguments beside the class."""


class Callable:
    """An object that can be called."""

    def __call__(self, sid, data):
        """Take two arguments."""


class AsyncCallable:
    """An object that can be called and awaited."""

    async def __call__(self, sid, data):
        """Take two arguments."""


def added(event, function):
    table = HandlerTable()
    table.add(event, function)
    handler = table.get(event)
    assert handler is not None
    return handler


@pytest.mark.parametrize(
    ("event", "function", "arity"),
    [
        ("connect", one, 1),
        ("connect", two, 2),
        ("connect", any_number, 2),
        ("connect", lambda sid, environ=None: None, 2),
        ("connect", lambda sid, environ=None, more=None: None, 2),
        ("connect", lambda sid, *, option=1: None, 1),
        ("connect", lambda sid, **options: None, 1),
        ("connect", lambda sid, *rest: None, 2),
        ("connect", lambda sid, /, environ: None, 2),
        ("message", two, 2),
        ("message", any_number, 2),
        ("message", Methods().method, 2),
        ("message", Methods.static, 2),
        ("message", Methods.of_class, 2),
        ("message", Callable(), 2),
        ("message", partial(three, "bound"), 2),
        ("disconnect", one, 1),
        ("disconnect", two, 2),
        ("disconnect", three, 3),
        ("disconnect", lambda sid, reason=None, info=None: None, 3),
    ],
)
def test_a_handler_gets_as_many_arguments_as_it_takes(event, function, arity):
    """Rule: connect takes (sid) or (sid, environ), disconnect (sid) or (sid, reason)."""
    handler = added(event, function)

    assert (handler.function, handler.arity) == (function, arity)


@pytest.mark.parametrize(
    ("event", "function", "wanted"),
    [
        ("connect", lambda: None, "1 to 2 arguments"),
        ("connect", three, "1 to 2 arguments"),
        ("message", one, "must take 2 arguments"),
        ("message", three, "must take 2 arguments"),
        ("disconnect", lambda: None, "1 to 3 arguments"),
        ("disconnect", lambda a, b, c, d: None, "1 to 3 arguments"),
        ("connect", lambda sid, *, needed: None, "required keyword-only parameter"),
        ("drain", two, "must take 1 arguments"),
        ("packet", two, "must take 3 arguments"),
    ],
)
def test_another_number_is_an_error_when_it_is_registered(event, function, wanted):
    with pytest.raises(ConfigError, match=wanted) as caught:
        HandlerTable().add(event, function)

    assert repr(event) in str(caught.value)


@pytest.mark.parametrize(
    ("function", "is_async"),
    [
        (two, False),
        (asynchronous, True),
        (Callable(), False),
        (AsyncCallable(), True),
        (partial(asynchronous), True),
        (partial(two), False),
    ],
)
def test_coroutine_functions_are_known_before_they_are_called(function, is_async):
    assert added("message", function).is_async is is_async


@pytest.mark.parametrize("function", [None, "two", 5, []])
def test_what_cannot_be_called_is_no_handler(function):
    with pytest.raises(ConfigError, match="must be a function"):
        HandlerTable().add("message", function)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("conect", "did you mean connect"),
        ("messages", "did you mean message"),
        ("drained", "did you mean drain"),
        ("xyzzy", "there are connect, message, disconnect, open, close"),
    ],
)
def test_an_unknown_event_is_an_error_that_helps(name, hint):
    with pytest.raises(ConfigError, match=hint):
        HandlerTable().add(name, two)


def test_a_second_handler_replaces_the_first():
    table = HandlerTable()
    table.add("message", two)
    table.add("message", any_number)

    handler = table.get("message")
    assert handler is not None
    assert handler.function is any_number


@pytest.mark.parametrize("event", EVENTS)
def test_without_a_handler_there_is_none(event):
    assert HandlerTable().get(event) is None


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_may_have_several_functions(name):
    table = HandlerTable()
    assert table.hooks(name) == []

    def hook(*args):
        """Watch."""

    table.add(name, hook)
    table.add(name, any_number)

    assert table.hooks(name) == [hook, any_number]
    assert table.get(name) is None


def test_a_hook_cannot_be_async():
    with pytest.raises(ConfigError, match="must be a plain function"):
        HandlerTable().add("heartbeat", asynchronous)


@pytest.mark.parametrize("function", [two, Methods().method, partial(two, "sid"), Callable()])
def test_every_handler_has_a_name_for_the_log(function):
    name = added("disconnect", function).name

    assert name
    assert isinstance(name, str)
