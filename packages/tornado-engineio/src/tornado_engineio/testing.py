"""A test client for applications: a server for the length of a block, and for test cases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.testing import AsyncHTTPTestCase, bind_unused_port
from tornado.web import Application

from engineio.testing import Client, LiveNetwork

__all__ = ["EngineIOTestMixin", "EngineIOTestServer", "connect"]

_HOST = "127.0.0.1"


class EngineIOTestServer:
    """Runs an application on a free port, and opens sessions.

    Args:
        app: The application.
        **options: Those of `tornado.httpserver.HTTPServer`.

    Attributes:
        port: Where it listens on 127.0.0.1.

    Example::

        async with EngineIOTestServer(app) as server:
            login = await server.fetch("/login", method="POST", body="user=ada")
            cookies = {"user": ...}
            chat = await server.engineio_connect(transport="websocket", cookies=cookies)
    """

    def __init__(self, app: Application, **options: Any) -> None:
        self._server = HTTPServer(app, **options)
        self._connected: list[Client] = []
        socket, self.port = bind_unused_port(address=_HOST)
        self._server.add_socket(socket)

    async def __aenter__(self) -> Self:
        """Serve."""
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Close the sessions and the server."""
        while self._connected:
            await self._connected.pop().close()
        self._server.stop()
        await self._server.close_all_connections()

    def url(self, path: str) -> str:
        """Return the whole address of a path."""
        return f"http://{_HOST}:{self.port}{path}"

    async def fetch(self, path: str, **options: Any) -> HTTPResponse:
        """Make a request, as `tornado.httpclient.AsyncHTTPClient.fetch`, whatever the answer is."""
        return await AsyncHTTPClient().fetch(self.url(path), raise_error=False, **options)

    def client(self, path: str = "/engine.io/", **options: Any) -> Client:
        """Return a client that is not connected yet.

        Args:
            path: Where the server is.
            **options: Those of `engineio.testing.Client`, such as ``transport`` or ``cookies``.
        """
        return Client(LiveNetwork(_HOST, self.port), path=path, **options)

    async def engineio_connect(self, path: str = "/engine.io/", **options: Any) -> Client:
        """Open a session, which is closed together with this server, if not before.

        Args:
            path: As for `client`.
            **options: As for `client`.

        Raises:
            ConnectionRejected: The server refused it.
        """
        client = self.client(path, **options)
        await client.connect()
        self._connected.append(client)
        return client


Tested: TypeAlias = Application | EngineIOTestServer
"""What can be tested: an application, or a server that runs one."""


@asynccontextmanager
async def connect(app: Tested, path: str = "/engine.io/", **options: Any) -> AsyncIterator[Client]:
    """Open a session for the length of a block, and run the application if nobody does.

    Args:
        app: The application, or a server that runs it.
        path: Where the server is.
        **options: Those of `engineio.testing.Client`, such as ``transport`` or ``cookies``.

    Raises:
        ConnectionRejected: The server refused it.

    Example::

        async with connect(app, transport="websocket") as client:
            await client.send("hello")
    """
    if isinstance(app, EngineIOTestServer):
        async with app.client(path, **options) as client:
            yield client
        return
    async with EngineIOTestServer(app) as server, server.client(path, **options) as client:
        yield client


if TYPE_CHECKING:
    _Base = AsyncHTTPTestCase
else:
    _Base = object


class EngineIOTestMixin(_Base):
    """For a `tornado.testing.AsyncHTTPTestCase`: sessions with the application under test.

    Example::

        class ChatTest(EngineIOTestMixin, AsyncHTTPTestCase):
            def get_app(self):
                return make_app()

            @gen_test
            async def test_echo(self):
                client = await self.engineio_connect(transport="websocket")
                await client.send("hello")
                self.assertEqual(await client.receive(), "hello")
    """

    def setUp(self) -> None:
        """Start the application."""
        super().setUp()
        self._engineio_clients: list[Client] = []

    def tearDown(self) -> None:
        """Close the sessions, then stop the application."""
        for client in self._engineio_clients:
            self.io_loop.run_sync(client.close)
        super().tearDown()

    async def engineio_connect(self, path: str = "/engine.io/", **options: Any) -> Client:
        """Open a session, which is closed at the end of the test, if not before.

        Args:
            path: Where the server is.
            **options: Those of `engineio.testing.Client`, such as ``transport`` or ``cookies``.

        Raises:
            ConnectionRejected: The server refused it.
        """
        client = Client(LiveNetwork(_HOST, self.get_http_port()), path=path, **options)
        await client.connect()
        self._engineio_clients.append(client)
        return client
