"""Test clients: Engine.IO clients beside Django's own, which share their cookies.

`EngineIOClient` is for plain tests: a server listens on the loopback address, and whatever the
project does, middleware and handlers alike, is done in the thread of the test, while that waits in
a method of the client. `AsyncEngineIOClient` is for coroutines, and needs no port. With both, a
`django.test.TestCase` and the handlers see the same transaction.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from django.test import TestCase
from django.test.client import AsyncClient, Client

from engineio import SendData
from engineio.testing import ASGINetwork, LiveNetwork
from engineio.testing import Client as EngineIONetworkClient
from engineio.testing.blocking import BlockingClient

from ._test_sites import ASGISite, WSGISite
from .integration import EngineIO
from .integration import eio as default

__all__ = ["AsyncEngineIOClient", "EngineIOClient", "EngineIOTestCase", "EngineIOTestMixin"]

_PATIENCE = 5.0
# What Django's test client calls itself, and test settings allow. With a port, so that it is taken
# for what it says.
_HOST = "testserver:80"


class EngineIOClient(BlockingClient):
    """An Engine.IO client for plain tests; entering it opens the session, leaving it closes it.

    It is a `engineio.testing.BlockingClient` that knows when the project is done: `send` returns
    when the handler of the message is over, `close` when that of ``disconnect`` is.

    Args:
        client: Django's test client, whose cookies are sent: a login there counts here.
        eio: The server.
        **options: Those of `engineio.testing.Client`, such as ``transport`` or ``headers``.

    Example::

        def test_echo(self):
            with EngineIOClient(client=self.client, transport="websocket") as chat:
                chat.send("hello")
                self.assertEqual(chat.receive(), "hello")
    """

    def __init__(
        self, *, client: Client | None = None, eio: EngineIO = default, **options: Any
    ) -> None:
        self._django = client
        self._site = WSGISite.join()
        super().__init__(LiveNetwork(*self._site.address), **_options(client, eio, options))

    def connect(self, timeout: float = _PATIENCE) -> None:
        """Open the session; what entering the client does.

        Raises:
            ConnectionRejected: The server refused it.
        """
        super().connect(timeout)
        _keep(self._django, self.cookies)

    def send(self, data: SendData, timeout: float = _PATIENCE) -> None:
        """Send a message, and wait until its handler is over.

        Raises:
            ConnectionClosed: The session is over.
            TimeoutError: The handler is not over in time.
        """
        before = self._site.handled["message", self.sid]
        super().send(data, timeout)
        self._until("message", before, timeout)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """End the session, and wait until the handler of ``disconnect`` is over."""
        if self._loop.is_closed():
            return
        before = self._site.handled["disconnect", self.sid]
        was_open = bool(self.sid) and not before
        try:
            self._wait(self._client.close(code, reason))
            if was_open:
                self._until("disconnect", before, _PATIENCE)
        finally:
            self._end()

    def _until(self, event: str, before: int, timeout: float) -> None:
        handled, sid = self._site.handled, self.sid
        over = ("disconnect", sid)
        self._site.desk.until(lambda: handled[event, sid] > before or handled[over] > 0, timeout)

    def _wait(self, call: Any) -> Any:
        # Not a wait for the event loop alone: meanwhile this thread does what the project has to.
        if self._loop.is_closed():
            return super()._wait(call)
        return self._site.desk.wait(asyncio.run_coroutine_threadsafe(call, self._loop))

    def _end(self) -> None:
        if not self._loop.is_closed():
            super()._end()
            self._site.leave()


class AsyncEngineIOClient(EngineIONetworkClient):
    """An Engine.IO client for coroutines; entering it opens the session, leaving it closes it.

    It is a `engineio.testing.Client` that knows when the project is done, as `EngineIOClient` does.

    Args:
        client: Django's test client, whose cookies are sent: a login there counts here.
        eio: The server.
        **options: Those of `engineio.testing.Client`, such as ``transport`` or ``headers``.

    Example::

        async def test_echo(self):
            async with AsyncEngineIOClient(client=self.async_client) as chat:
                await chat.send("hello")
                self.assertEqual(await chat.receive(), "hello")
    """

    def __init__(
        self, *, client: AsyncClient | None = None, eio: EngineIO = default, **options: Any
    ) -> None:
        self._django = client
        self._site: ASGISite | None = ASGISite.join()
        self._handled = self._site.handled
        super().__init__(ASGINetwork(self._site.app), **_options(client, eio, options))

    async def connect(self, timeout: float = _PATIENCE) -> None:
        """Open the session; what entering the client does.

        Raises:
            ConnectionRejected: The server refused it.
        """
        try:
            await super().connect(timeout)
        except BaseException:
            await self._leave()
            raise
        _keep(self._django, self.cookies)

    async def send(self, data: SendData, timeout: float = _PATIENCE) -> None:
        """Send a message, and wait until its handler is over.

        Raises:
            ConnectionClosed: The session is over.
            TimeoutError: The handler is not over in time.
        """
        before = self._handled["message", self.sid]
        await super().send(data, timeout)
        await self._until("message", before, timeout)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """End the session, and wait until the handler of ``disconnect`` is over."""
        try:
            await super().close(code, reason)
            if self.sid:
                await self._until("disconnect", 0, _PATIENCE)
        finally:
            await self._leave()

    async def _until(self, event: str, before: int, timeout: float) -> None:
        handled, sid = self._handled, self.sid
        over = ("disconnect", sid)
        if self._site is not None:
            await self._site.until(
                lambda: handled[event, sid] > before or handled[over] > 0, timeout
            )

    async def _leave(self) -> None:
        site, self._site = self._site, None
        if site is not None:
            await site.leave()


class EngineIOTestMixin:
    """Adds `engineio_connect` to a test case of Django."""

    client: Client
    addCleanup: Any  # noqa: N815  # the name that unittest has
    engineio_client_class: ClassVar[type[EngineIOClient]] = EngineIOClient

    def engineio_connect(self, **options: Any) -> EngineIOClient:
        """Open a session with the cookies of ``self.client``; it is closed with the test.

        Args:
            **options: Those of `EngineIOClient`.

        Raises:
            ConnectionRejected: The server refused it.
        """
        client = self.engineio_client_class(client=self.client, **options)
        client.connect()
        self.addCleanup(client.close)
        return client


class EngineIOTestCase(EngineIOTestMixin, TestCase):
    """A `django.test.TestCase` with `engineio_connect`.

    Example::

        class ChatTests(EngineIOTestCase):
            def test_a_message_is_kept(self):
                self.client.force_login(self.ada)
                chat = self.engineio_connect(transport="websocket")
                chat.send("hello")
                self.assertEqual(Message.objects.get().text, "hello")
    """


def _options(
    client: Client | AsyncClient | None, eio: EngineIO, options: dict[str, Any]
) -> dict[str, Any]:
    """Return the options of the client beneath."""
    jar = {} if client is None else {name: each.value for name, each in client.cookies.items()}
    headers = dict(options.pop("headers", ()))
    if not any(name.lower() == "host" for name in headers):
        headers["host"] = _HOST
    cookies = {**jar, **options.pop("cookies", {})}
    return {"path": eio.path, **options, "headers": headers, "cookies": cookies}


def _keep(client: Client | AsyncClient | None, cookies: Any) -> None:
    if client is not None:
        for name, value in cookies.items():
            client.cookies[name] = value
