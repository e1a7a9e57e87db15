"""The test client without await: the same calls, against a server in another thread."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.serving import make_server

import engineio
from engineio.testing import BlockingClient, ConnectionClosed, ConnectionRejected, LiveNetwork
from tests.sync.served import eventually


@pytest.fixture
def eio() -> engineio.Server:
    eio = engineio.Server(async_mode="threading", shutdown_timeout=0.2)
    eio.on("message", lambda sid, data: eio.send(sid, data))
    return eio


@pytest.fixture
def network(eio: engineio.Server) -> Iterator[LiveNetwork]:
    app: Any = engineio.Middleware(eio, handle_signals=False)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield LiveNetwork("127.0.0.1", server.port)
    eio.shutdown()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("transport", ["polling", "websocket", "upgrade"])
def test_messages_there_and_back(network: LiveNetwork, transport: str) -> None:
    with BlockingClient(network, transport=transport) as client:
        assert client.transport == ("polling" if transport == "polling" else "websocket")
        for data in ("hello", b"\x00\x01"):
            client.send(data)
            assert client.receive() == data
        client.send({"a": 1})
        assert client.receive_json() == {"a": 1}
        assert client.receive_nothing()
        assert client.sid == client.handshake["sid"]
        assert client.response is not None
        assert not client.closed
    assert client.closed
    client.close()


def test_what_is_there_beside_messages(network: LiveNetwork, eio: engineio.Server) -> None:
    with BlockingClient(network, cookies={"a": "1"}) as client:
        client.upgrade()
        client.send_raw("4raw")
        assert client.receive() == "raw"
        client.stop_reading()
        client.start_reading()
        assert client.cookies == {"a": "1"}
        eio.disconnect()
        client.wait_closed()
        assert client.close_code == 1000
        assert client.close_reason == "server disconnect"
        assert [packet.type.name for packet in client.packets][-1] == "CLOSE"
        with pytest.raises(ConnectionClosed):
            client.receive()


def test_a_client_that_vanishes(network: LiveNetwork, eio: engineio.Server) -> None:
    client = BlockingClient(network, transport="websocket")
    client.connect()
    client.abort()
    eventually(lambda: not eio.sids)
    client.close()


def test_a_client_that_is_refused_leaves_nothing(
    network: LiveNetwork, eio: engineio.Server
) -> None:
    eio.on("connect", lambda sid: False)
    client = BlockingClient(network)

    with pytest.raises(ConnectionRejected):
        client.connect()
    assert client.rejected is not None
    assert client.rejected.status == 401
    with pytest.raises(RuntimeError, match="make another"):
        client.connect()
