"""The floor on a WSGI server: the same bytes on the wire, and nothing of Engine.IO behind them.

No session has a name, a deadline, a limit or a heartbeat; the open packet is a constant. WSGI
has no WebSockets, so this takes the connection over and frames with wsproto, as one would by hand.
"""

from __future__ import annotations

import itertools
import socket
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha1
from typing import Any
from urllib.parse import parse_qs

from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, TextMessage

from .wsgi_run import Application, Environ, StartResponse, run, server_module

_OPEN = (
    '0{"sid":"%s","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,'
    '"maxPayload":1000000}'
)
_OPEN_WEBSOCKET = _OPEN % ("x" * 20)
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_server = server_module()
_polls: dict[str, Any] = {}
_numbers = itertools.count()
_others: set[socket.socket] = set()


def _application(answer: Callable[[socket.socket, bytes], object]) -> Application:
    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if "HTTP_UPGRADE" in environ:
            return _websocket(environ, start_response, answer)
        return _http(environ, start_response)

    return application


def _http(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    sid = parse_qs(environ["QUERY_STRING"]).get("sid", [""])[0]
    if not sid:
        sid = f"{next(_numbers):020}"
        _polls[sid] = _server.Queue()
        body = (_OPEN % sid).encode()
    elif environ["REQUEST_METHOD"] == "POST":
        _polls[sid].put(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        body = b"ok"
    else:
        body = _polls[sid].get()
    headers = [
        ("Content-Type", "text/plain; charset=UTF-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    start_response("200 OK", headers)
    return [body]


def _websocket(
    environ: Environ,
    start_response: StartResponse,
    answer: Callable[[socket.socket, bytes], object],
) -> Iterator[bytes]:
    key = environ["HTTP_SEC_WEBSOCKET_KEY"].encode()
    accept = b64encode(sha1(key + _GUID, usedforsecurity=False).digest())
    connection = Connection(ConnectionType.SERVER)
    stream = _server.connection(environ)
    stream.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    stream.sendall(connection.send(TextMessage(_OPEN_WEBSOCKET)))
    _others.add(stream)
    while data := stream.recv(65_536):
        connection.receive_data(data)
        for event in connection.events():
            if isinstance(event, TextMessage | BytesMessage):
                answer(stream, connection.send(event))
            elif isinstance(event, CloseConnection):
                stream.sendall(connection.send(event.response()))
                stream.shutdown(socket.SHUT_WR)
    _others.discard(stream)
    start_response("101 Switching Protocols", [("Connection", "close")])
    return
    yield b""


def echo() -> Application:
    """Every message goes back to its sender."""
    return _application(_send_back)


def _send_back(stream: socket.socket, frame: bytes) -> None:
    stream.sendall(frame)


def _send_to_all(stream: socket.socket, frame: bytes) -> None:
    for other in _others:
        other.sendall(frame)


def broadcast() -> Application:
    """Every message goes to all."""
    return _application(_send_to_all)


if __name__ == "__main__":
    run({"echo": echo, "broadcast": broadcast})
