"""One HTTP request on the side of threads: the engine's ticket, the gateway's way to an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

from ..errors import BodyError
from ..http.request import Request
from ..http.response import Response
from .concurrency import Event

if TYPE_CHECKING:
    from .driver import Driver

__all__ = ["Connection", "Exchange", "ReadBody"]

ReadBody: TypeAlias = Callable[[int], bytes]
"""Reads a whole body of at most so many bytes, or raises `BodyError`."""


class Connection(Protocol):
    """What a gateway can tell about the connection of a request, and do to it, without waiting."""

    def is_gone(self) -> bool:
        """Whether the client is known to have left."""

    def stop_reading(self) -> None:
        """Let whoever reads from it find its end."""


class Exchange:
    """One HTTP request.

    A gateway calls `response`, writes what it returns, and then calls `sent`. A request that waits
    costs the thread that brought it and no other.

    Args:
        driver: Where it goes.
        request: The request.
        connection: What it came on, where the server tells.

    Attributes:
        request: The request.
        connection: What it came on, where the server tells.
        is_over: Whether the server has written the answer, or has given up.
    """

    __slots__ = (
        "_confirm",
        "_driver",
        "_event",
        "_gone",
        "_initial",
        "_limit",
        "_reading",
        "_response",
        "connection",
        "is_over",
        "request",
    )

    def __init__(self, driver: Driver, request: Request, connection: Connection | None) -> None:
        self.request = request
        self.connection = connection
        self.is_over = False
        self._driver = driver
        self._event: Event | None = None
        self._response: Response | None = None
        self._limit: int | None = None
        self._reading = False
        self._gone = False
        self._confirm = False
        self._initial = False

    def response(self, read: ReadBody) -> Response | None:
        """Return the answer, or None if the client went away before there was one.

        Args:
            read: Reads the body, should the engine want it.
        """
        try:
            while self._response is None and not self._gone:
                limit, self._limit = self._limit, None
                if limit is None:
                    self._wait()
                else:
                    self._read(read, limit)
        except BaseException:
            # Interrupted by the server, or a gateway that failed: either way nobody will answer.
            self.is_over = True
            self._driver.http_closed(self)
            raise
        if self._response is None:
            return None
        return self._driver.finish_response(self.request, self._response, self._initial)

    @property
    def is_answered(self) -> bool:
        """Whether `response` returns at once."""
        return self._response is not None or self._gone

    def sent(self, accepted: bool) -> None:
        """Say whether the answer could be written."""
        self.is_over = True
        if self._confirm:
            self._confirm = False
            self._driver.replied(self, accepted)

    def reply(self, response: Response, confirm: bool, initial: bool) -> bool:
        """Take the answer (for the driver); True if a reader must be interrupted."""
        self._confirm = confirm
        self._initial = initial
        self._response = response
        self._wake()
        return self._reading

    def read_body(self, limit: int) -> None:
        """Take the engine's wish for the body (for the driver)."""
        self._limit = limit
        self._wake()

    def leave(self) -> None:
        """Take note that the client has gone (for the driver)."""
        self._gone = True
        self._wake()

    def interrupt(self) -> None:
        """End the reading of a body: there is an answer already (for the driver)."""
        if self.connection is not None:
            self.connection.stop_reading()

    def _wait(self) -> None:
        event = self._event = self._driver.concurrency.event()
        # What came before the event could be seen has not set it.
        if self._response is None and self._limit is None and not self._gone:
            self._driver.park(self)
            try:
                event.wait()
            finally:
                self._driver.unpark(self)
        self._event = None

    def _wake(self) -> None:
        event = self._event
        if event is not None:
            event.set()

    def _read(self, read: ReadBody, limit: int) -> None:
        self._reading = True
        try:
            body = read(limit)
        except BodyError as error:
            self._reading = False
            self._driver.body_failed(self, error)
        else:
            self._reading = False
            self._driver.body(self, body)
