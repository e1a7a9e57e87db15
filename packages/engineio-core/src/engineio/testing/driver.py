"""The client at work: what the `ClientMachine` wants is done over a `Network`, in order.

What lives here: requests, cookies, and waiting for what happens. Nothing here decides anything
about the protocol.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from http.cookies import SimpleCookie
from typing import assert_never

from ..types import Data
from .machine import (
    Action,
    ClientMachine,
    CloseSocket,
    Drop,
    Fetch,
    Kind,
    OpenSocket,
    WriteFrame,
)
from .network import Answer, Call, Headers, Network, Outgoing, Socket

__all__ = ["ClientDriver"]


class ClientDriver:
    """Drives one machine over one network; it is the listener of its WebSocket too.

    Args:
        machine: The machine.
        network: The network.
        path: The path of the server.
        headers: Fields of every request, names in lower case.
        cookies: Cookies of every request; those that the server sets are added.

    Attributes:
        response: The answer that opened the session.
        error: What the application raised, until somebody reports it.
    """

    def __init__(
        self,
        machine: ClientMachine,
        network: Network,
        path: str,
        headers: Headers,
        cookies: dict[str, str],
    ) -> None:
        self.response: Answer | None = None
        self.error: Exception | None = None
        self._machine = machine
        self._network = network
        self._path = path
        self._headers = headers
        self._cookies = cookies
        self._calls: dict[Kind, Call] = {}
        self._socket: Socket | None = None
        self._waiting: list[asyncio.Future[None]] = []
        self._performing = False

    def perform(self) -> None:
        """Carry out what the machine wants, then wake whoever waits."""
        if self._performing:
            return
        self._performing = True
        try:
            while self._machine.outputs:
                self._carry_out(self._machine.outputs.popleft())
        finally:
            self._performing = False
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, happened: Callable[[], bool], timeout: float, what: str) -> None:
        """Wait until something has happened.

        Args:
            happened: Tells whether it has.
            timeout: How long to wait, in seconds of real time.
            what: What is said if it does not happen.

        Raises:
            TimeoutError: It did not happen in time.
            Exception: What the application raised.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                while not happened():
                    self.report()
                    future = loop.create_future()
                    self._waiting.append(future)
                    await future
        except TimeoutError:
            raise TimeoutError(f"{what} within {timeout:g} s") from None
        self.report()

    def report(self) -> None:
        """Raise what the application raised, once."""
        error, self.error = self.error, None
        if error is not None:
            raise error

    async def finish(self) -> None:
        """Wait until nothing is under way any more."""
        for error in await self._network.finish():
            self.error = self.error or error

    def read(self, reading: bool) -> None:
        """Stop reading from the network, or go on."""
        if self._socket is not None:
            (self._socket.resume if reading else self._socket.pause)()
        self._machine.read(reading)
        self.perform()

    # -- what the network tells ------------------------------------------------------------

    def opened(self, answer: Answer) -> None:
        """The WebSocket is open."""
        self._note(answer)
        self._machine.socket_opened()
        self.perform()

    def refused(self, answer: Answer | Exception) -> None:
        """The WebSocket is not open."""
        self._socket = None
        self._machine.socket_refused(self._checked(answer))
        self.perform()

    def frame(self, data: Data) -> None:
        """A WebSocket message arrived."""
        self._machine.frame(data)
        self.perform()

    def closed(self, code: int, reason: str) -> None:
        """The WebSocket is closed."""
        self._socket = None
        self._machine.socket_closed(code, reason)
        self.perform()

    def _answered(self, kind: Kind, answer: Answer | Exception) -> None:
        del self._calls[kind]
        checked = self._checked(answer)
        if checked is None:
            self._machine.dropped(kind)
        else:
            self._note(checked)
            self._machine.answered(kind, checked)
        self.perform()

    def _checked(self, answer: Answer | Exception) -> Answer | None:
        if isinstance(answer, Answer):
            return answer
        if not isinstance(answer, ConnectionError):
            self.error = answer
        return None

    def _note(self, answer: Answer) -> None:
        if self.response is None:
            self.response = answer
        for name, value in answer.headers:
            if name == "set-cookie":
                for key, morsel in SimpleCookie(value).items():
                    self._cookies[key] = morsel.value

    # -- what the machine wants ------------------------------------------------------------

    def _carry_out(self, action: Action) -> None:
        match action:
            case Fetch(kind, query, body, content_type):
                method = "POST" if kind is Kind.POST else "GET"
                fields = (("content-type", content_type),) if content_type else ()
                request = self._request(query, method, body, fields)
                self._calls[kind] = self._network.fetch(request, partial(self._answered, kind))
            case OpenSocket(query):
                self._socket = self._network.connect(self._request(query), self)
            case WriteFrame(data):
                if self._socket is not None:
                    self._socket.send(data)
            case CloseSocket(code, reason):
                if self._socket is not None:
                    self._socket.close(code, reason)
            case Drop():
                self._drop()
            case _:
                assert_never(action)

    def _drop(self) -> None:
        for call in self._calls.values():
            call.abort()
        self._calls.clear()
        if self._socket is not None:
            self._socket.abort()
            self._socket = None

    def _request(
        self, query: str, method: str = "GET", body: bytes | None = None, more: Headers = ()
    ) -> Outgoing:
        own: Headers = (("host", "testserver"), *more)
        if body:
            own = (*own, ("content-length", str(len(body))))
        if self._cookies:
            own = (*own, ("cookie", "; ".join(f"{k}={v}" for k, v in self._cookies.items())))
        # What the user of the client gives wins over what it would send itself.
        given = {name for name, _ in self._headers}
        headers = tuple(field for field in own if field[0] not in given) + self._headers
        return Outgoing(self._path, query, headers, method, body)
