"""A test client for applications: httpx's own, and Engine.IO clients that share its cookies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engineio.testing import ASGINetwork, Client

__all__ = ["EngineIOTestClient", "connect"]


class EngineIOTestClient(httpx.AsyncClient):
    """An ``httpx.AsyncClient`` for an application in memory, with one method more.

    Entering it starts the application's lifespan, leaving it ends that.

    Args:
        app: The application: FastAPI's, Starlette's, or any other of ASGI.
        **options: Those of ``httpx.AsyncClient``, such as ``headers`` or ``cookies``.

    Example::

        async with EngineIOTestClient(app) as client:
            await client.post("/login", data={"user": "ada"})
            chat = await client.engineio_connect(transport="websocket")
            await chat.send("hello")
    """

    def __init__(self, app: ASGIApp, **options: Any) -> None:
        self._running = _Running(app)
        options.setdefault("base_url", "http://testserver")
        super().__init__(transport=httpx.ASGITransport(self._running), **options)
        self._connected: list[Client] = []

    async def __aenter__(self) -> Self:
        await self._running.start()
        return await super().__aenter__()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        try:
            while self._connected:
                await self._connected.pop().close()
        finally:
            await super().__aexit__(exc_type, exc_value, traceback)
            await self._running.stop()

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
        known = {cookie.name: cookie.value or "" for cookie in self.cookies.jar}
        cookies = known | dict(options.pop("cookies", {}))
        client = Client(ASGINetwork(self._running), path=path, cookies=cookies, **options)
        await client.connect()
        self._connected.append(client)
        # Those that are new alone: a second one of the same name would be ambiguous.
        for name, value in client.cookies.items():
            if known.get(name) != value:
                self.cookies.set(name, value)
        return client


@asynccontextmanager
async def connect(app: ASGIApp, path: str = "/engine.io/", **options: Any) -> AsyncIterator[Client]:
    """Open a session for the length of a block, while the application runs.

    Args:
        app: The application.
        path: Where the server is.
        **options: Those of `engineio.testing.Client`, such as ``transport`` or ``headers``.

    Raises:
        ConnectionRejected: The server refused it.

    Example::

        async with connect(app, transport="websocket") as client:
            await client.send("hello")
    """
    async with EngineIOTestClient(app) as client:
        yield await client.engineio_connect(path, **options)


class _Running:
    """An application with its lifespan, whose state requests have as under a server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._state: dict[str, Any] = {}
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Future[None] | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        # As servers do: each request has a copy.
        await self._app({**scope, "state": self._state.copy()}, receive, send)

    async def start(self) -> None:
        """Start the lifespan."""
        scope: Scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self._state}
        lifespan = self._app(scope, self._events.get, self._answers.put)
        self._task = asyncio.ensure_future(lifespan)
        await self._step(self._task, "startup")

    async def stop(self) -> None:
        """End it."""
        if self._task is not None:
            await self._step(self._task, "shutdown")
            await self._task

    async def _step(self, lifespan: asyncio.Future[None], name: str) -> None:
        """Let one half of the lifespan happen; raise what the application raises."""
        self._events.put_nowait({"type": f"lifespan.{name}"})
        answered = asyncio.ensure_future(self._answers.get())
        waiting: set[asyncio.Future[Any]] = {answered, lifespan}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not answered.done() or answered.result()["type"].endswith(".failed"):
            answered.cancel()
            await lifespan
