"""The client's side of the protocol alone: no loop, no network."""

import json

import pytest

from engineio.protocol.packet import Packet, PacketType
from engineio.testing.errors import ConnectionClosed
from engineio.testing.machine import (
    Action,
    ClientMachine,
    ClientTransport,
    CloseSocket,
    Drop,
    Fetch,
    Kind,
    OpenSocket,
    State,
    WriteFrame,
)
from engineio.testing.network import Answer
from engineio.types import Revision

OPEN = {"sid": "abc", "upgrades": ["websocket"], "pingInterval": 25000, "pingTimeout": 20000}


def outputs(machine: ClientMachine) -> list[Action]:
    """Take what the machine wants."""
    taken = list(machine.outputs)
    machine.outputs.clear()
    return taken


def payload(*packets: str) -> Answer:
    return Answer(200, (("content-type", "text/plain"),), "\x1e".join(packets).encode())


def opened(transport: ClientTransport = "polling", **values: object) -> ClientMachine:
    """A client whose session is open and whose first outputs were taken."""
    machine = ClientMachine(transport, Revision.V4, {}, True)
    machine.start()
    packet = "0" + json.dumps(OPEN | values)
    if transport == "polling":
        machine.answered(Kind.HANDSHAKE, payload(packet))
    else:
        machine.socket_opened()
        machine.frame(packet)
    outputs(machine)
    return machine


def message(data: str | bytes) -> Packet:
    return Packet(PacketType.MESSAGE, data)


POLL = Fetch(Kind.POLL, "EIO=4&transport=polling&sid=abc")


def test_a_polling_session_begins_with_a_request_and_goes_on_with_a_poll() -> None:
    machine = ClientMachine("polling", Revision.V3, {"b64": "1"}, True)
    machine.start()
    assert outputs(machine) == [Fetch(Kind.HANDSHAKE, "EIO=3&transport=polling&b64=1")]

    text = '0{"sid":"abc"}'
    machine.answered(Kind.HANDSHAKE, Answer(200, (), f"{len(text)}:{text}".encode()))

    assert machine.state is State.OPEN
    assert outputs(machine) == [Fetch(Kind.POLL, "EIO=3&transport=polling&b64=1&sid=abc")]


def test_what_the_test_asks_for_wins_over_the_protocol() -> None:
    machine = ClientMachine("websocket", Revision.V4, {"EIO": "9"}, True)
    machine.start()

    assert outputs(machine) == [OpenSocket("EIO=9&transport=websocket")]


def test_messages_wait_for_the_post_before_and_travel_together() -> None:
    machine = opened()
    machine.send(message("a"))
    counts = [machine.send(message("b")), machine.send(message(b"\x01"))]
    (first,) = outputs(machine)
    assert isinstance(first, Fetch)
    assert (first.kind, first.body) == (Kind.POST, b"4a")

    machine.answered(Kind.POST, Answer(200, (), b"ok"))

    assert machine.taken == 1
    (second,) = outputs(machine)
    assert isinstance(second, Fetch)
    assert second.body == b"4b\x1ebAQ=="
    machine.answered(Kind.POST, Answer(200, (), b"ok"))
    assert machine.taken == counts[-1] == 3


def test_a_post_is_no_larger_than_the_server_allows() -> None:
    machine = opened(maxPayload=10)
    for text in ("first", "second", "third"):
        machine.send(message(text))
    machine.answered(Kind.POST, Answer(200, (), b"ok"))

    bodies = [output.body for output in outputs(machine) if isinstance(output, Fetch)]

    assert bodies == [b"4first", b"4second"]


def test_a_ping_is_answered_only_with_heartbeats_on() -> None:
    machine = opened("websocket")
    machine.frame("2")
    assert outputs(machine) == [WriteFrame("3")]

    silent = ClientMachine("websocket", Revision.V4, {}, False)
    silent.start()
    silent.socket_opened()
    silent.frame("0" + json.dumps(OPEN))
    outputs(silent)
    silent.frame("2")
    assert outputs(silent) == []
    assert silent.packets[-1] == Packet(PacketType.PING)


def test_an_upgrade_waits_for_the_poll_and_the_post() -> None:
    machine = opened()
    machine.send(message("before"))
    machine.upgrade()
    machine.socket_opened()
    assert outputs(machine)[1:] == [
        OpenSocket("EIO=4&transport=websocket&sid=abc"),
        WriteFrame("2probe"),
    ]
    machine.frame("3probe")
    machine.send(message("after"))
    machine.answered(Kind.POLL, payload("6"))
    assert outputs(machine) == []
    assert machine.upgrading

    machine.answered(Kind.POST, Answer(200, (), b"ok"))

    assert outputs(machine) == [WriteFrame("5"), WriteFrame("4after")]
    assert machine.transport == "websocket"
    assert not machine.upgrading


@pytest.mark.parametrize("how", ["refused", "closed"])
def test_a_failed_upgrade_leaves_polling_as_it_was(how: str) -> None:
    machine = opened()
    machine.upgrade()
    if how == "refused":
        machine.socket_refused(Answer(400))
    else:
        machine.socket_opened()
        machine.socket_closed(1002, "")
    outputs(machine)

    assert machine.state is State.OPEN
    assert not machine.upgrading
    machine.answered(Kind.POLL, payload("4x"))
    assert outputs(machine) == [POLL]
    assert list(machine.messages) == ["x"]


def test_only_an_open_polling_session_can_be_upgraded() -> None:
    machine = opened("websocket")

    with pytest.raises(RuntimeError, match="polling"):
        machine.upgrade()


def test_a_close_on_polling_is_a_packet_and_ends_with_the_last_answer() -> None:
    machine = opened()
    machine.close(1000, "")
    (post,) = outputs(machine)
    assert isinstance(post, Fetch)
    assert post.body == b"1"

    machine.answered(Kind.POST, Answer(200, (), b"ok"))
    assert outputs(machine) == []
    machine.answered(Kind.POLL, payload("6"))

    assert machine.state is State.CLOSED
    assert outputs(machine) == [Drop()]


def test_a_close_on_a_websocket_is_its_closing_handshake() -> None:
    machine = opened("websocket")
    machine.close(4001, "bye")
    assert outputs(machine) == [CloseSocket(4001, "bye")]

    machine.socket_closed(4001, "bye")

    assert (machine.close_code, machine.close_reason) == (4001, "bye")


def test_a_close_during_an_upgrade_gives_the_upgrade_up() -> None:
    machine = opened()
    machine.upgrade()
    machine.socket_opened()
    outputs(machine)

    machine.close(1000, "")
    machine.socket_closed(1000, "")

    assert [type(output) for output in outputs(machine)] == [CloseSocket, Fetch]
    assert machine.state is State.CLOSING


def test_the_server_closes_polling_with_a_packet() -> None:
    machine = opened()
    machine.answered(Kind.POLL, payload("4last", "1", "4lost"))

    assert machine.state is State.CLOSED
    assert list(machine.messages) == ["last"]
    assert machine.close_reason == "the server closed the session"


def test_a_close_packet_on_a_websocket_is_not_yet_the_end() -> None:
    machine = opened("websocket")
    machine.frame("1")
    assert machine.state is State.OPEN

    machine.socket_closed(1001, "server shutdown")

    assert (machine.state, machine.close_code) == (State.CLOSED, 1001)


@pytest.mark.parametrize("kind", [Kind.POLL, Kind.POST])
def test_a_refused_request_ends_the_session(kind: Kind) -> None:
    machine = opened()
    machine.send(message("x"))
    machine.answered(kind, Answer(400, (), b"why"))

    assert machine.state is State.CLOSED
    assert machine.rejected == Answer(400, (), b"why")
    with pytest.raises(ConnectionClosed, match="400"):
        machine.send(message("y"))


def test_an_unreadable_payload_ends_the_session() -> None:
    machine = opened()
    machine.answered(Kind.POLL, Answer(200, (), b"nonsense"))

    assert machine.state is State.CLOSED
    assert "invalid payload" in machine.close_reason


def test_a_lost_request_ends_the_session() -> None:
    machine = opened()
    machine.dropped(Kind.POLL)

    assert machine.state is State.CLOSED


def test_a_client_that_does_not_read_does_not_poll() -> None:
    machine = opened()
    machine.read(False)
    machine.answered(Kind.POLL, payload("4x"))
    assert outputs(machine) == []

    machine.read(True)

    assert outputs(machine) == [POLL]


def test_raw_data_is_a_request_of_its_own() -> None:
    machine = opened()
    machine.send_raw("not a packet")
    machine.send(message("x"))

    assert outputs(machine) == [
        Fetch(Kind.POST, "EIO=4&transport=polling&sid=abc", b"not a packet", "text/plain")
    ]
    with pytest.raises(RuntimeError, match="POST"):
        machine.send_raw("another")


def test_what_arrives_after_the_end_is_ignored() -> None:
    machine = opened("websocket")
    machine.abort()
    machine.frame("4late")
    machine.answered(Kind.POST, Answer(200))
    machine.socket_closed(1000, "")

    assert not machine.messages
    assert machine.close_code is None
    assert outputs(machine) == [Drop()]
