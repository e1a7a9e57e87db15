"""What can be seen of a function before it is called."""

import functools

import pytest

from engineio.functions import is_async


def plain(request):
    """Return at once."""


async def asynchronous(request):
    """Return a coroutine."""


class Plain:
    """An object that can be called."""

    def __call__(self, request):
        """Return at once."""

    async def method(self, request):
        """Return a coroutine."""


class Asynchronous:
    """An object whose call returns a coroutine."""

    async def __call__(self, request):
        """Return a coroutine."""


class AsyncPartial(functools.partial):
    """A partial of somebody's own."""


ASYNC = [
    asynchronous,
    Asynchronous(),
    Plain().method,
    functools.partial(asynchronous),
    functools.partial(Asynchronous()),
    functools.partial(functools.partial(Asynchronous(), 1)),
    AsyncPartial(asynchronous),
]


@pytest.mark.parametrize("function", ASYNC)
def test_what_returns_a_coroutine_is_async(function):
    assert is_async(function)


@pytest.mark.parametrize("function", [plain, Plain(), functools.partial(plain), print, 5, None])
def test_everything_else_is_not(function):
    assert not is_async(function)
