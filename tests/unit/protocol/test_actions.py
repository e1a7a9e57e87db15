"""What the engine asks its shell to do, as the shell gets it."""

import pytest

from engineio.config import ServerConfig
from engineio.http.request import Headers, Request
from engineio.protocol.actions import Abort, Accept, Hangup, ReadBody, Refuse, Reply, Write
from engineio.protocol.engine import Engine
from engineio.protocol.events import Connecting, Opened


def request(query, method="GET"):
    return Request(method, "/engine.io/", query, Headers())


def take(engine):
    outputs = list(engine.outputs)
    engine.outputs.clear()
    return outputs


@pytest.mark.parametrize(
    "ticket", [0, "", (1, 2), frozenset(), None, object()], ids=lambda key: type(key).__name__
)
def test_anything_that_can_be_a_key_can_be_a_ticket_or_port(ticket):
    """The shell gets the same objects back, even those that count as false."""
    engine = Engine(ServerConfig())
    engine.http(0.0, request("transport=polling&EIO=4"), ticket)
    (connecting,) = take(engine)
    engine.accept(0.0, connecting.session)
    opened, reply = take(engine)
    assert opened == Opened(connecting.session)
    assert reply[0] is ticket
    assert reply[2:] == (True, True)
    engine.replied(0.0, ticket, True)
    sid = connecting.session.sid
    engine.http(1.0, request(f"transport=polling&EIO=4&sid={sid}", "POST"), ticket)
    assert take(engine) == [ReadBody(ticket, 1_000_000)]
    engine.body(1.0, ticket, b"4a")
    _, reply = take(engine)
    assert reply[0] is ticket
    assert reply[2:] == (False, False)

    engine.websocket_open(2.0, request(f"transport=websocket&EIO=4&sid={sid}"), ticket)
    assert take(engine) == [Accept(ticket)]
    engine.drained(2.0, ticket)
    engine.websocket_data(2.0, ticket, "2probe")
    assert take(engine) == [Write(ticket, ["3probe"])]
    engine.drained(2.0, ticket)
    engine.websocket_data(2.0, ticket, "?")
    assert take(engine) == [Hangup(ticket, 1002, "expected a probe")]
    engine.tick(20.0)
    assert Abort(ticket) in take(engine)


def test_an_action_says_by_its_type_what_to_do():
    engine = Engine(ServerConfig())
    engine.websocket_open(0.0, request("transport=websocket&EIO=9"), "port")
    _, refuse = take(engine)
    engine.http(0.0, request("", "OPTIONS"), "ticket")
    (reply,) = take(engine)

    assert isinstance(refuse, Refuse)
    assert isinstance(reply, Reply)
    assert not reply.confirm
    assert not reply.initial


def test_a_websocket_that_opens_a_session_is_told_from_an_upgrade():
    engine = Engine(ServerConfig())
    engine.websocket_open(0.0, request("transport=websocket&EIO=4"), "port")
    (connecting,) = take(engine)
    assert isinstance(connecting, Connecting)
    engine.accept(0.0, connecting.session)

    assert take(engine) == [Accept("port", (), True), Opened(connecting.session)]
