"""A WebSocket protocol for uvicorn, chosen with its option ``--ws``.

::

    uvicorn module:app --ws engineio.gateway.uvicorn:WebSocketProtocol

It serves any ASGI application. To `ASGIApp` it also hands over the connection itself, by an
extension in the scope, so that no message takes the detour through events. Nothing here imports
uvicorn: what it needs of it are the three arguments that it is called with.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast
from urllib.parse import quote, unquote

from ..aio.stream import Receiver, WebSocketStream
from ..http.opening import RawHeader, head_bytes, parse_head, refusal, switching_headers
from ..http.request import Headers
from .asgi_conversation import CLOSE_TIMEOUT, ClientDisconnected, Conversation
from .asgi_scope import STREAM_EXTENSION, Scope, raw_headers

__all__ = ["WebSocketProtocol"]

# Where uvicorn says which requests it has served.
_logger = logging.getLogger("uvicorn.error")

# What a client may send before its handshake is answered; then nothing more is read until it is.
_MOST_EARLY = 65_536

# RFC 6455 section 7.4.1, and the registry: 1011 internal error, 1012 service restart.
_NORMAL, _INTERNAL_ERROR, _RESTART = 1000, 1011, 1012


class WebSocketProtocol(asyncio.Protocol):
    """The opening handshake of one WebSocket, and its place in uvicorn's books.

    uvicorn makes one for each request that asks for an upgrade, calls `connection_made` and passes
    the request to `data_received`. After the handshake the transport is a `WebSocketStream`'s.

    Args:
        config: uvicorn's ``Config``.
        server_state: uvicorn's ``ServerState``: connections and tasks that a shutdown waits for.
        app_state: What the application's lifespan has put into the state.
    """

    __slots__ = (
        "_app_state",
        "_config",
        "_conversation",
        "_early",
        "_is_over",
        "_key",
        "_label",
        "_state",
        "_stream",
        "_transport",
    )

    def __init__(self, config: Any, server_state: Any, app_state: dict[str, Any]) -> None:
        if not config.loaded:
            config.load()
        self._config = config
        self._state = server_state
        self._app_state = app_state
        self._key = ""
        self._early = b""
        self._transport: asyncio.Transport
        self._conversation: Conversation | None = None
        self._stream: WebSocketStream | None = None
        self._label: tuple[str, str] = ("", "")
        self._is_over = False

    # -- from uvicorn and the loop, until the handshake is over --------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is this protocol's."""
        self._transport = cast(asyncio.Transport, transport)
        self._state.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """The request, or what a client sends before it is answered."""
        if self._conversation is None:
            self._open(data)
            return
        self._early += data
        if len(self._early) > _MOST_EARLY:
            self._transport.pause_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """The client has gone before its handshake was answered, or after it was refused."""
        self._lost()
        if self._conversation is not None:
            self._conversation.closed(None, "")

    def shutdown(self) -> None:
        """The server stops: the client and the application are told."""
        if self._stream is None:
            if not self._is_over:
                self.deny(503, [], b"")
            return
        self._stream.end(_RESTART, within=CLOSE_TIMEOUT)

    def _lost(self) -> None:
        self._is_over = True
        self._state.connections.discard(self)

    def _open(self, data: bytes) -> None:
        method, target, fields = parse_head(data)
        headers = Headers(
            [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]
        )
        refused = refusal(method, headers)
        if refused is not None:
            self.deny(refused.status, list(raw_headers(refused.headers)), refused.body)
            return
        self._key = headers.get("sec-websocket-key") or ""
        config = self._config
        conversation = self._conversation = Conversation(
            self, config.ws_max_queue, config.ws_ping_interval, config.ws_ping_timeout
        )
        scope = self._scope(target, fields, headers)
        scope["extensions"][STREAM_EXTENSION] = {"take_over": conversation.take_over}
        task = asyncio.get_running_loop().create_task(self._run(scope, conversation))
        self._state.tasks.add(task)
        task.add_done_callback(self._state.tasks.discard)

    def _scope(self, target: bytes, fields: list[RawHeader], headers: Headers) -> Scope:
        raw_path, _, query = target.partition(b"?")
        root_path = self._config.root_path
        transport = self._transport
        client = _address(transport.get_extra_info("peername"))
        path = root_path + unquote(raw_path.decode("latin-1"))
        if _logger.isEnabledFor(logging.INFO):
            shown = quote(path) + (f"?{query.decode('latin-1')}" if query else "")
            self._label = (f"{client[0]}:{client[1]}" if client else "", shown)
        return {
            "type": "websocket",
            "asgi": {"version": self._config.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if transport.get_extra_info("sslcontext") else "ws",
            "server": _address(transport.get_extra_info("sockname")),
            "client": client,
            "root_path": root_path,
            "path": path,
            "raw_path": root_path.encode() + raw_path,
            "query_string": query,
            "headers": fields,
            "subprotocols": [
                name.strip(" \t")
                for value in headers.all("sec-websocket-protocol")
                for name in value.split(",")
            ],
            "state": self._app_state.copy(),
            "extensions": {"websocket.http.response": {}},
        }

    async def _run(self, scope: Scope, conversation: Conversation) -> None:
        code, reason = _NORMAL, ""
        try:
            await self._config.loaded_app(scope, conversation.receive, conversation.send)
        except ClientDisconnected:
            pass
        except Exception:
            _logger.exception("Exception in ASGI application")
            code = _INTERNAL_ERROR
        finally:
            # A cancelled application, too, leaves nothing behind.
            if self._stream is not None:
                self._stream.close(code, reason, within=CLOSE_TIMEOUT)
            elif not self._is_over and not self._transport.is_closing():
                if code == _NORMAL:
                    _logger.error("ASGI callable returned without completing handshake.")
                self.deny(500, [], b"Internal Server Error")

    # -- the two ways in which the handshake ends ------------------------------------------------

    def switch(self, headers: list[RawHeader], receiver: Receiver, limit: int | None) -> None:
        """Answer 101, and give the receiver the stream.

        Args:
            headers: More fields of the answer.
            receiver: Who gets what is read.
            limit: The largest message in bytes, if that is less than uvicorn's own limit.

        Raises:
            ClientDisconnected: The client has not waited.
            ValueError: A header field is none.
        """
        transport, most = self._transport, self._config.ws_max_size
        if self._is_over or transport.is_closing():
            raise ClientDisconnected
        fields = [*switching_headers(self._key), *self._state.default_headers, *headers]
        transport.write(head_bytes(101, fields))
        _logger.info('%s - "WebSocket %s" [accepted]', *self._label)
        early, self._early = self._early, b""
        stream = self._stream = WebSocketStream(
            transport, receiver, most if limit is None else min(limit, most), early, self._lost
        )
        if len(early) > _MOST_EARLY:
            transport.resume_reading()
        receiver.opened(stream)

    def deny(self, status: int, headers: list[RawHeader], body: bytes) -> None:
        """Answer with a response, and close the connection.

        Raises:
            ValueError: A header field is none.
        """
        fields = [*self._state.default_headers, *headers, (b"connection", b"close")]
        if all(name.lower() != b"content-length" for name, _ in headers):
            fields.append((b"content-length", b"%d" % len(body)))
        answer = head_bytes(status, fields) + body
        _logger.info('%s - "WebSocket %s" %d', *self._label, status)
        self._is_over = True
        self._transport.write(answer)
        self._transport.close()


def _address(address: Any) -> tuple[str, int | None] | None:
    """Return an address as ASGI has it: a Unix domain socket is a path, or has no name."""
    if isinstance(address, tuple | list):
        return str(address[0]), int(address[1])
    return (address, None) if isinstance(address, str) and address else None
