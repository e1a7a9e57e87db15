"""A test client for applications: Engine.IO clients, and requests that share their cookies."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

from engineio.testing import Answer, Client, LiveNetwork
from engineio.testing.network import Outgoing

from ._settings import App

__all__ = ["EngineIOTestClient", "connect", "serve"]

_HOST = "127.0.0.1"
_STOP_TIMEOUT = 5.0


@asynccontextmanager
async def serve(app: App) -> AsyncIterator[LiveNetwork]:
    """Run an application for the length of a block, on a free port and with all its listeners.

    It runs in the test's own loop, where Sanic's own clients start a process or a loop of their
    own. An application can be run once: make a new one, with a name of its own, for each test.

    Args:
        app: The application.
    """
    # Sanic shortens its own methods to what the first application of a process needs, once.
    app.config.TOUCHUP = False
    # To Sanic port 0 is none, and so its port 8000.
    listening = socket.create_server((_HOST, 0))
    server: Any = await app.create_server(
        sock=listening, access_log=False, asyncio_server_kwargs={"start_serving": False}
    )
    try:
        await server.startup()
        await server.before_start()
    except BaseException:
        await server.close()
        raise
    await server.start_serving()
    await server.after_start()
    try:
        yield LiveNetwork(_HOST, listening.getsockname()[1])
    finally:
        await server.before_stop()
        server.close()
        async with asyncio.timeout(_STOP_TIMEOUT):
            while server.connections:
                # First: one that was accepted just now has no task yet that could be idle.
                await asyncio.sleep(0.01)
                for connection in list(server.connections):
                    connection.close_if_idle()
        await server.after_stop()


class EngineIOTestClient:
    """A client of an application that runs while the client is entered.

    Args:
        app: The application.

    Attributes:
        network: The way to it.
        cookies: Those of all requests and sessions of this client.

    Example::

        async with EngineIOTestClient(app) as client:
            await client.request("POST", "/login", b"ada")
            chat = await client.engineio_connect(transport="websocket")
            await chat.send("hello")
    """

    network: LiveNetwork

    def __init__(self, app: App) -> None:
        self.app = app
        self.cookies: dict[str, str] = {}
        self._running = serve(app)
        self._connected: list[Client] = []

    async def __aenter__(self) -> Self:
        self.network = await self._running.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        while self._connected:
            await self._connected.pop().close()
        await self._running.__aexit__(*error)

    async def request(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request to another route of the application.

        Raises:
            ConnectionError: There was no answer.
        """
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def answer(value: Answer | Exception) -> None:
            if isinstance(value, Exception):
                answered.set_exception(value)
            else:
                answered.set_result(value)

        target, _, query = path.partition("?")
        fields = [(name.lower(), value) for name, value in (headers or {}).items()]
        fields += self._cookie_fields()
        if body:
            fields.append(("content-length", str(len(body))))
        self.network.fetch(Outgoing(target, query, tuple(fields), method, body), answer)
        result = await answered
        self._keep(result)
        return result

    async def engineio_connect(self, path: str = "/engine.io/", **options: Any) -> Client:
        """Open a session with the cookies that this client has; it is closed with this client.

        Args:
            path: Where the server is.
            **options: Those of `engineio.testing.Client`, such as ``transport`` or ``headers``.

        Raises:
            ConnectionRejected: The server refused it.
        """
        cookies = self.cookies | options.pop("cookies", {})
        client = Client(self.network, path=path, cookies=cookies, **options)
        await client.connect()
        self._connected.append(client)
        self.cookies.update(client.cookies)
        return client

    def _cookie_fields(self) -> list[tuple[str, str]]:
        text = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return [("cookie", text)] if text else []

    def _keep(self, answer: Answer) -> None:
        for name, value in answer.headers:
            if name == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]


@asynccontextmanager
async def connect(
    app: App | EngineIOTestClient, path: str = "/engine.io/", **options: Any
) -> AsyncIterator[Client]:
    """Open a session for the length of a block, and run the application if nobody does.

    Args:
        app: The application, or a test client that has been entered.
        path: Where the server is.
        **options: Those of `engineio.testing.Client`, such as ``transport`` or ``headers``.

    Raises:
        ConnectionRejected: The server refused it.

    Example::

        async with connect(app, transport="websocket") as client:
            await client.send("hello")
    """
    if isinstance(app, EngineIOTestClient):
        async with Client(app.network, path=path, cookies=app.cookies, **options) as client:
            yield client
        return
    async with serve(app) as network, Client(network, path=path, **options) as client:
        yield client
