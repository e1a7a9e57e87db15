"""How many threads the server takes, on a real server with many clients."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from werkzeug.serving import BaseWSGIServer, make_server

import engineio
from tests.sync.served import Served, eventually

CLIENTS = 500
SHARED = 2
_OPENING = (
    b"GET /engine.io/?EIO=4&transport=%s HTTP/1.1\r\nHost: localhost\r\n%s"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)
_WEBSOCKET = _OPENING % (b"websocket", b"Connection: Upgrade\r\nUpgrade: websocket\r\n")

_HELLO = b"\x81\x064hello"


@pytest.fixture
def eio() -> engineio.Server:
    return engineio.Server(async_mode="threading", ping_interval=300)


@pytest.fixture
def server(eio: engineio.Server) -> Iterator[BaseWSGIServer]:
    app = engineio.Middleware(eio, handle_signals=False)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    eio.shutdown()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_websocket_costs_one_thread(eio: engineio.Server, server: BaseWSGIServer) -> None:
    """At most one for each that is connected, and two shared ones; greeting them makes no more."""
    before = threading.active_count()
    with ExitStack() as stack:
        clients = []
        for _ in range(CLIENTS):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=10)
            clients.append(stack.enter_context(client))
            client.sendall(_WEBSOCKET)
        for client in clients:
            head = b""
            while b"pingTimeout" not in head:
                head += client.recv(65_536)

        assert len(eio.sids) == CLIENTS
        eventually(lambda: threading.active_count() - before <= CLIENTS + SHARED)
        eio.broadcast("hello")
        for client in clients:
            assert client.recv(len(_HELLO), socket.MSG_WAITALL) == _HELLO
        assert threading.active_count() - before <= CLIENTS + SHARED
    eventually(lambda: threading.active_count() - before <= SHARED)


def test_a_system_without_threads_loses_nothing(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system has none to give, or Python is ending: what they would do is done at once."""
    served = serve()
    served.echo()
    served.keep_reasons()
    sid = served.open_polling()

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert served.post(sid, "4hello").body == b"ok"
    assert served.poll(sid) == ["4hello"]
    served.eio.shutdown()
    assert served.heard == ["server shutdown"]
