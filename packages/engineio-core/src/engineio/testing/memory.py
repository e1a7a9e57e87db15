"""An ASGI server in memory: no port, no lifespan, any number of requests at the same time.

What lives here: HTTP requests and WebSockets as the ASGI specification describes them. Nothing
knows Engine.IO.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias

from ..types import Data
from .network import Answer, Answered, Call, Headers, Listener, Network, Outgoing, Socket, ended

__all__ = ["ASGIApplication", "ASGINetwork"]

Event: TypeAlias = MutableMapping[str, Any]
ASGIApplication: TypeAlias = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Event]], Callable[[Event], Awaitable[None]]],
    Awaitable[None],
]

_ABNORMAL = 1006


class ASGINetwork(Network):
    """Calls an ASGI application, a task for each request as every ASGI server does.

    Args:
        app: The application.
        scope: Replaces values of the scopes, such as ``client``, ``scheme`` or ``root_path``.

    Attributes:
        connections: What is under way.
        errors: What the application raised when its client was served already.
    """

    def __init__(self, app: ASGIApplication, scope: Mapping[str, Any] | None = None) -> None:
        self.app = app
        self.connections: set[_Connection] = set()
        self.errors: list[Exception] = []
        self._scope = dict(scope or {})

    def fetch(self, request: Outgoing, answered: Answered) -> Call:
        """Send an HTTP request."""
        return _Exchange(self, self._scope_of("http", request), request.body or b"", answered)

    def connect(self, request: Outgoing, listener: Listener) -> Socket:
        """Open a WebSocket."""
        return _Socket(self, self._scope_of("websocket", request), listener)

    async def finish(self) -> list[Exception]:
        """Wait until the application has returned from everything."""
        await ended(connection.task for connection in self.connections)
        errors, self.errors = self.errors, []
        return errors

    def _scope_of(self, kind: str, request: Outgoing) -> dict[str, Any]:
        scope: dict[str, Any] = {
            "type": kind,
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "http",
            "path": request.path,
            "raw_path": request.path.encode(),
            "query_string": request.query.encode("ascii"),
            "root_path": "",
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers
            ],
            "client": ("127.0.0.1", 50_000),
            "server": ("testserver", 80),
            **self._scope,
        }
        if kind == "http":
            return {**scope, "method": request.method}
        scheme = {"http": "ws", "https": "wss"}[scope["scheme"]]
        denial: dict[str, Any] = {"websocket.http.response": {}}
        return {"subprotocols": [], "extensions": denial, **scope, "scheme": scheme}


class _Connection(ABC):
    """One call of the application.

    Attributes:
        task: The task that runs it.
    """

    def __init__(self, network: ASGINetwork, scope: dict[str, Any]) -> None:
        self._status = 0
        self._headers: Headers = ()
        self._body = b""
        self._incoming: deque[Event] = deque()
        self._arrival: asyncio.Future[None] | None = None
        self._over = False
        network.connections.add(self)
        self.task = asyncio.get_running_loop().create_task(self._serve(network, scope))

    async def _serve(self, network: ASGINetwork, scope: dict[str, Any]) -> None:
        error: Exception = ConnectionError("the application returned without an answer")
        try:
            await network.app(scope, self._receive, self._send)
        except asyncio.CancelledError:
            error = ConnectionError("the application was cancelled")
            raise
        except Exception as raised:  # noqa: BLE001  # the client reports it
            error = raised
            # What `_send` raises after the end is no fault of the application.
            if self._over and not isinstance(raised, OSError):
                network.errors.append(raised)
        finally:
            network.connections.discard(self)
            if not self._over:
                self._over = True
                self._failed(error)

    @abstractmethod
    def _failed(self, error: Exception) -> None:
        """The application is over, and nobody was told how."""

    @abstractmethod
    async def _send(self, event: Event) -> None:
        """Take what the application sends."""

    async def _receive(self) -> Event:
        while not self._incoming:
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        event = self._incoming[0]
        # Whoever asks again after the end gets the same again.
        if not event["type"].endswith(".disconnect"):
            self._incoming.popleft()
        return event

    def _put(self, event: Event) -> None:
        self._incoming.append(event)
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def _collect(self, event: Event) -> Answer | None:
        """Add to the response; the whole of it once it is complete."""
        if event["type"].endswith(".start"):
            self._status = event["status"]
            self._headers = _decoded(event)
            return None
        self._body += event.get("body", b"")
        if event.get("more_body", False):
            return None
        return Answer(self._status, self._headers, self._body)


class _Exchange(_Connection):
    """One HTTP request."""

    def __init__(
        self, network: ASGINetwork, scope: dict[str, Any], body: bytes, answered: Answered
    ) -> None:
        super().__init__(network, scope)
        self._answered = answered
        self._put({"type": "http.request", "body": body, "more_body": False})

    def abort(self) -> None:
        """Drop the connection."""
        self._over = True
        self._put({"type": "http.disconnect"})

    def _failed(self, error: Exception) -> None:
        self._answered(error)

    async def _send(self, event: Event) -> None:
        answer = None if self._over else self._collect(event)
        if answer is not None:
            self.abort()
            self._answered(answer)


class _Socket(_Connection):
    """One WebSocket."""

    def __init__(self, network: ASGINetwork, scope: dict[str, Any], listener: Listener) -> None:
        super().__init__(network, scope)
        self._listener = listener
        self._accepted = False
        self._blocked: asyncio.Future[None] | None = None
        self._put({"type": "websocket.connect"})

    def send(self, data: Data) -> None:
        """Send a message."""
        kind = "bytes" if isinstance(data, bytes) else "text"
        self._put({"type": "websocket.receive", "bytes": None, "text": None, kind: data})

    def close(self, code: int, reason: str) -> None:
        """Close it."""
        if not self._over:
            self._leave(code, reason)
            self._listener.closed(code, reason)

    def abort(self) -> None:
        """Drop the connection."""
        self._leave(_ABNORMAL, "")

    def pause(self) -> None:
        """Read nothing until `resume`."""
        if self._blocked is None:
            self._blocked = asyncio.get_running_loop().create_future()

    def resume(self) -> None:
        """Read again."""
        if self._blocked is not None:
            self._blocked.set_result(None)
            self._blocked = None

    def _leave(self, code: int, reason: str) -> None:
        self._over = True
        self._put({"type": "websocket.disconnect", "code": code, "reason": reason})
        # What waits for this client to read learns that it never will.
        self.resume()

    def _failed(self, error: Exception) -> None:
        if not isinstance(error, ConnectionError) or not self._accepted:
            self._listener.refused(error)
        else:
            self._listener.closed(_ABNORMAL, "")
        self.resume()

    async def _send(self, event: Event) -> None:
        while self._blocked is not None and not self._over:
            await asyncio.shield(self._blocked)
        if self._over:
            # "If send is called on a closed connection, the server should raise OSError."
            raise OSError("the client has closed the WebSocket")
        match event["type"]:
            case "websocket.accept":
                self._accepted = True
                self._listener.opened(Answer(101, _decoded(event)))
            case "websocket.send":
                text = event.get("text")
                self._listener.frame(event["bytes"] if text is None else text)
            case "websocket.close" if self._accepted:
                self.close(event.get("code", 1000), event.get("reason") or "")
            case "websocket.close":
                self._refuse(Answer(403))
            case _:
                answer = self._collect(event)
                if answer is not None:
                    self._refuse(answer)

    def _refuse(self, answer: Answer) -> None:
        self._leave(_ABNORMAL, "")
        self._listener.refused(answer)


def _decoded(event: Event) -> Headers:
    return tuple(
        (bytes(name).decode("latin-1").lower(), bytes(value).decode("latin-1"))
        for name, value in event.get("headers", ())
    )
