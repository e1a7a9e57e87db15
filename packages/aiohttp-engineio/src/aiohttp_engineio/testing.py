"""A test client for applications: aiohttp's own, and Engine.IO clients that share its cookies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from engineio.testing import Client, LiveNetwork

__all__ = ["Application", "EngineIOTestClient", "connect"]

Application: TypeAlias = web.Application | TestServer | TestClient[Any, Any]
"""What can be tested: an application, a server of aiohttp's test kit, or a client that has one."""


class EngineIOTestClient(TestClient[web.Request, web.Application]):
    """The test client of aiohttp with one method more.

    Example::

        async with EngineIOTestClient(TestServer(app)) as client:
            await client.post("/login", data={"user": "ada"})
            chat = await client.engineio_connect(transport="websocket")
            await chat.send("hello")
    """

    def __init__(self, server: TestServer, **options: Any) -> None:
        super().__init__(server, **options)
        self._connected: list[Client] = []

    async def engineio_connect(self, path: str = "/engine.io/", **options: Any) -> Client:
        """Open a session, with the cookies that this client has now.

        Cookies that come with the answer are kept. The session is closed together with this client,
        if not before.

        Args:
            path: Where the server is.
            **options: Those of `engineio.testing.Client`, such as ``transport`` or ``headers``.

        Raises:
            ConnectionRejected: The server refused it.
        """
        client = _client(self, path, options)
        await client.connect()
        self._connected.append(client)
        self.session.cookie_jar.update_cookies(client.cookies, self.make_url("/"))
        return client

    async def close(self) -> None:
        """Close the sessions, the client and the server."""
        while self._connected:
            await self._connected.pop().close()
        await super().close()


@asynccontextmanager
async def connect(
    app: Application, path: str = "/engine.io/", **options: Any
) -> AsyncIterator[Client]:
    """Open a session for the length of a block, and run the application if nobody does.

    Args:
        app: The application, a test server, or a test client, whose cookies are sent.
        path: Where the server is.
        **options: Those of `engineio.testing.Client`, such as ``transport`` or ``headers``.

    Raises:
        ConnectionRejected: The server refused it.

    Example::

        async with connect(app, transport="websocket") as client:
            await client.send("hello")
    """
    if isinstance(app, TestClient):
        async with _client(app, path, options) as client:
            yield client
        return
    server = app if isinstance(app, TestServer) else TestServer(app)
    async with EngineIOTestClient(server) as http, _client(http, path, options) as client:
        yield client


def _client(http: TestClient[Any, Any], path: str, options: dict[str, Any]) -> Client:
    server = http.server
    if server.port is None:
        raise RuntimeError("the test server is not running yet")
    jar = http.session.cookie_jar.filter_cookies(http.make_url(path))
    cookies = {name: morsel.value for name, morsel in jar.items()} | (options.pop("cookies", {}))
    return Client(LiveNetwork(server.host, server.port), path=path, cookies=cookies, **options)
