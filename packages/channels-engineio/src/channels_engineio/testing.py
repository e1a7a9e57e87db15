"""`EngineIOCommunicator`: a client for tests, with the names of Channels' communicators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from engineio.gateway.asgi_scope import App
from engineio.testing import Answer, ASGINetwork, Client, ConnectionRejected
from engineio.types import Data, SendData

__all__ = ["EngineIOCommunicator"]

# Long enough for a busy machine: it is waited in full only where a test fails.
_PATIENCE = 5.0


class EngineIOCommunicator:
    """Talks to an application in memory; entering it connects, and leaving it disconnects.

    Args:
        application: What ``as_asgi`` returns, a router, or any other ASGI application.
        path: Where the server is, with a query if need be.
        headers: Header fields, as text or as the bytes of a scope; among them ``Origin``, if
            something is to look at it.
        transport: ``polling``, ``websocket``, or ``upgrade`` for polling that becomes a WebSocket
            before `connect` is over.
        cookies: Cookies; those that the application sets are added.

    Attributes:
        scope: Values for the scopes of all requests, such as ``{"user": user}`` where no middleware
            is around the consumer; to be filled before `connect`.

    Example::

        communicator = EngineIOCommunicator(application, "/engine.io/", transport="websocket")
        connected, sid = await communicator.connect()
        await communicator.send_to("hello")
        assert await communicator.receive_from() == "hello"
        await communicator.disconnect()
    """

    def __init__(
        self,
        application: App,
        path: str = "/engine.io/",
        headers: Iterable[tuple[str | bytes, str | bytes]] = (),
        *,
        transport: Literal["polling", "websocket", "upgrade"] = "polling",
        cookies: Mapping[str, str] | None = None,
    ) -> None:
        self.scope: dict[str, Any] = {}
        self._application = application
        self._path = urlsplit(path)
        self._headers = [(_text(name), _text(value)) for name, value in headers]
        self._transport = transport
        self._cookies = cookies
        self._client: Client | None = None
        self._rejected: Answer | None = None

    async def __aenter__(self) -> Self:
        connected, _ = await self.connect()
        if not connected:
            raise ConnectionRejected(self._rejected)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.disconnect()

    async def connect(self, timeout: float = _PATIENCE) -> tuple[bool, str | int]:
        """Open the session.

        Returns:
            True and the session id; or False and the HTTP status of the refusal, whose body
            `rejected` has.

        Raises:
            TimeoutError: There was no answer in time.
            Exception: What the application raised.
        """
        client = Client(
            ASGINetwork(self._application, self.scope),
            transport=self._transport,
            path=unquote(self._path.path),
            query=dict(parse_qsl(self._path.query, keep_blank_values=True)),
            headers=self._headers,
            cookies=self._cookies,
        )
        try:
            await client.connect(timeout)
        except ConnectionRejected as refused:
            if refused.answer is None:
                raise
            self._rejected = refused.answer
            return False, refused.answer.status
        self._client = client
        return True, client.sid

    @property
    def client(self) -> Client:
        """The client, which can do more: see `engineio.testing.Client`.

        Raises:
            RuntimeError: It is not connected.
        """
        if self._client is None:
            raise RuntimeError("the communicator is not connected")
        return self._client

    @property
    def rejected(self) -> Answer | None:
        """The answer that refused the session."""
        return self._rejected

    async def send_to(self, data: SendData, timeout: float = _PATIENCE) -> None:
        """Send text, bytes, or a dict or list as JSON text."""
        await self.client.send(data, timeout)

    async def receive_from(self, timeout: float = _PATIENCE) -> Data:
        """Return the next message.

        Raises:
            ConnectionClosed: The session is over.
            TimeoutError: None came in time.
        """
        return await self.client.receive(timeout)

    async def receive_json_from(self, timeout: float = _PATIENCE) -> Any:
        """Return the value of the next message, which must be JSON text; as `receive_from`."""
        return await self.client.receive_json(timeout)

    async def receive_nothing(self, timeout: float = 0.1) -> bool:
        """Return whether no message comes for so many seconds."""
        return await self.client.receive_nothing(timeout)

    async def disconnect(self) -> None:
        """Close the session, as the JavaScript client does; one that is closed is no error.

        Raises:
            Exception: What the application raised, if no other call has raised it yet.
        """
        client, self._client = self._client, None
        if client is not None:
            await client.close()


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
