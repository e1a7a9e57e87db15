"""How many threads the server takes, on a real server with many clients."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from werkzeug.serving import BaseWSGIServer, make_server

import engineio
from engineio.http.frames import message_frame
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


def test_senders_in_many_threads_come_back(eio: engineio.Server, server: BaseWSGIServer) -> None:
    """Who writes finds what others have sent meanwhile, and must not nest or go on for ever."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    client.sendall(_WEBSOCKET)
    while b"pingTimeout" not in client.recv(65_536):
        pass
    (sid,) = eio.sids
    count, text = 6_000, "x" * 2_000

    def talk() -> None:
        for _ in range(count):
            assert eio.send(sid, text)

    with ThreadPoolExecutor(8) as pool:
        talks = [pool.submit(talk) for _ in range(8)]
        left = len(talks) * count * len(message_frame("4" + text))
        while left:
            left -= len(client.recv(left))
        for each in talks:
            each.result(5)
    client.close()


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> Callable[[Served], None]:
    """From when it is called on, the system has no thread to give, as when Python ends."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    def take_away(served: Served) -> None:
        workers = served.eio.driver.concurrency._workers  # type: ignore[attr-defined]  # of threads
        eventually(lambda: not workers._idle)
        monkeypatch.setattr(threading.Thread, "start", refuse)

    return take_away


def test_a_system_without_threads_loses_nothing(
    serve: Callable[..., Served],
    no_threads: Callable[[Served], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served = serve()
    served.echo()
    sid = served.open_polling()
    no_threads(served)
    assert served.post(sid, "4one").body == b"ok"
    monkeypatch.undo()
    assert served.post(sid, "4two").body == b"ok"
    eventually(lambda: len(served.eio.driver.engine.sessions[sid].outbox) == 2)
    assert served.poll(sid) == ["4one", "4two"]


def test_what_no_thread_can_do_at_the_end_is_done_by_shutdown(
    serve: Callable[..., Served], no_threads: Callable[[Served], None]
) -> None:
    served = serve(shutdown_timeout=2)
    served.keep_reasons()
    for _ in range(3):
        served.open_polling()
    no_threads(served)
    served.eio.shutdown()
    assert served.heard == ["server shutdown"] * 3


def test_the_first_request_needs_a_thread_and_the_next_one_may_get_it(
    serve: Callable[..., Served],
    no_threads: Callable[[Served], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served = serve(ping_interval=0.1, ping_timeout=0.1)
    no_threads(served)
    with pytest.raises(RuntimeError, match="can't start"):
        served.open_polling()
    monkeypatch.undo()
    served.open_polling()
    eventually(lambda: served.is_empty)


def test_no_slow_client_holds_up_the_timer(
    serve: Callable[..., Served], no_threads: Callable[[Served], None]
) -> None:
    """What has to wait for a client waits for a thread too, and not in that of the heartbeats."""
    served = serve(ping_interval=0.2, ping_timeout=60, write_timeout=60)
    slow, quick = served.websocket().opened(), served.websocket().opened()
    no_threads(served)
    served.eio.send(slow.sid, "x" * 900_000)
    for _ in range(3):
        assert quick.receive() == "2"
        quick.send("3")
