"""``send`` and ``broadcast``: types, order, and what they raise."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

import engineio
from engineio.protocol.packet import PacketType, SharedPacket
from tests.aio.served import Served

Serve = Callable[..., Served]


@pytest.mark.parametrize(
    ("data", "received"),
    [
        ("text", "text"),
        ("", ""),
        ("€ 😀 \x00 \u2028", "€ 😀 \x00 \u2028"),
        (b"\x00\xff", b"\x00\xff"),
        (b"", b""),
        (bytearray(b"\x01\x02"), b"\x01\x02"),
        (memoryview(b"\x01\x02\x03")[1:], b"\x02\x03"),
        ({"foo": ["bar", None]}, '{"foo": ["bar", null]}'),
        ([1, {"a": 2}], '[1, {"a": 2}]'),
    ],
)
async def test_what_can_be_sent(serve: Serve, transport: str, data: Any, received: Any) -> None:
    served = serve()

    async with served.client(transport) as client:
        assert await served.eio.send(client.sid, data) is True
        assert await client.receive() == received
        assert await served.eio.broadcast(data) == 1
        assert await client.receive() == received


@pytest.mark.parametrize("data", [None, 5, 1.5, {1, 2}, object()])
async def test_what_cannot(serve: Serve, carrier: str, data: Any) -> None:
    served = serve()

    async with served.client(carrier) as client:
        for attempt in (served.eio.send(client.sid, data), served.eio.broadcast(data)):
            with pytest.raises(TypeError, match="a message is"):
                await attempt
        assert not client.closed
        assert await client.receive_nothing()


async def test_a_lone_surrogate_is_refused_where_it_is_sent(serve: Serve, transport: str) -> None:
    served = serve()

    async with served.client(transport) as client:
        with pytest.raises(UnicodeEncodeError):
            await served.eio.send(client.sid, "bad \ud800")
        await served.eio.send(client.sid, "good")
        assert await client.receive() == "good"


async def test_the_json_module_may_be_another(serve: Serve) -> None:
    class Shouting:
        def dumps(self, obj: Any) -> bytes:
            return repr(obj).upper().encode()

        def loads(self, text: str) -> Any:
            raise ValueError

    served = serve(json=Shouting())

    async with served.client() as client:
        await served.eio.send(client.sid, {"a": 1})
        assert await client.receive() == "{'A': 1}"


async def test_the_order_is_kept_whatever_the_size_and_kind(serve: Serve, transport: str) -> None:
    served = serve(max_payload=2_000)
    sent: list[str | bytes] = [
        f"{number} " + "x" * (number * 37 % 1_400) if number % 3 else bytes([number]) * number
        for number in range(200)
    ]

    async with served.client(transport) as client:
        for data in sent:
            await served.eio.send(client.sid, data)
        assert [await client.receive() for _ in sent] == sent


async def test_messages_sent_in_connect_follow_the_open_packet(
    serve: Serve, transport: str
) -> None:
    served = serve()

    @served.on("connect")
    async def connected(sid: str) -> None:
        await served.eio.send(sid, "one")
        await asyncio.sleep(0)
        await served.eio.send(sid, b"two")

    async with served.client(transport) as client:
        assert await client.receive() == "one"
        assert await client.receive() == b"two"
        assert client.packets[0].type is PacketType.OPEN


async def test_an_unknown_session_is_an_error(serve: Serve, carrier: str) -> None:
    served = serve()
    served.keep_reasons()

    async with served.client(carrier) as client:
        for unknown in ("", "unknown", client.sid[:-1]):
            with pytest.raises(engineio.UnknownSessionError):
                await served.eio.send(unknown, "x")
            with pytest.raises(KeyError):
                served.eio.transport(unknown)
        sid = client.sid
    with pytest.raises(engineio.UnknownSessionError) as caught:
        await served.eio.send(sid, "too late")

    assert sid not in str(caught.value)
    assert await served.eio.broadcast("x") == 0
    assert await served.eio.broadcast("x", [sid]) == 0


async def test_a_closing_session_takes_nothing(serve: Serve) -> None:
    served = serve()

    async with served.client("websocket") as client:
        client.stop_reading()
        await served.eio.disconnect(client.sid)
        with pytest.raises(engineio.UnknownSessionError):
            await served.eio.send(client.sid, "x")
        assert served.eio.sids == []


async def test_a_message_that_can_never_fit_is_an_error(serve: Serve, transport: str) -> None:
    served = serve(max_payload=1_000)

    async with served.client(transport) as client:
        for data in ("x" * 1_001, b"x" * 1_001, "€" * 400, ["x" * 1_000]):
            with pytest.raises(engineio.MessageTooLargeError) as caught:
                await served.eio.send(client.sid, data)
            assert caught.value.limit == 1_000
            assert caught.value.size > 1_000
        await served.eio.send(client.sid, "x" * 998)
        assert await client.receive() == "x" * 998
        assert not client.closed


async def test_broadcast_reaches_all_or_the_chosen(serve: Serve) -> None:
    served = serve(allow_eio3=True)
    kinds: list[tuple[Any, int]] = [
        ("polling", 4), ("websocket", 4), ("upgrade", 4), ("polling", 3), ("websocket", 3),
    ]  # fmt: skip

    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(served.client(kind, revision=revision))
            for kind, revision in kinds
        ]
        for data in ("to all", b"\x00\x01"):
            assert await served.eio.broadcast(data) == 5
            assert [await client.receive() for client in clients] == [data] * 5
        chosen = [clients[1].sid, clients[3].sid, "unknown"]
        assert await served.eio.broadcast("to some", chosen) == 2
        assert [await clients[number].receive() for number in (1, 3)] == ["to some"] * 2
        assert all([await client.receive_nothing(0.01) for client in clients])


@pytest.mark.parametrize("data", ["text", b"binary", {"a": 1}])
async def test_a_broadcast_is_encoded_once(serve: Serve, data: Any) -> None:
    """Every session that has to wait holds the very same packet, and so the same encoded forms."""

    class Counting:
        dumped = 0

        def dumps(self, obj: Any) -> str:
            self.dumped += 1
            return json.dumps(obj)

        def loads(self, text: str) -> Any:
            return json.loads(text)

    served = serve(json=(counting := Counting()))

    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(served.client(kind))
            for kind in ("polling", "websocket") * 3
        ]
        for client in clients:
            client.stop_reading()
        # The poll that is parked takes one message, and so does the WebSocket that then waits.
        await served.eio.broadcast("first")
        assert await served.eio.broadcast(data) == 6
        waiting = [served.session(client.sid).outbox._queue for client in clients]
        packets = [queue[-1] for queue in waiting if queue]

        assert len(packets) == 6
        assert all(packet is packets[0] for packet in packets)
        assert isinstance(packets[0], SharedPacket)
        assert packets[0].frame is packets[0].frame
        assert packets[0].text is packets[0].text
        assert counting.dumped == isinstance(data, dict)
        for client in clients:
            client.start_reading()
        expected = '{"a": 1}' if isinstance(data, dict) else data
        assert [await client.receive() for client in clients] == ["first"] * 6
        assert [await client.receive() for client in clients] == [expected] * 6


async def test_sends_from_many_tasks_are_each_delivered_once(serve: Serve, transport: str) -> None:
    served = serve(send_queue_packets=5)

    async with served.client(transport) as client:

        async def talk(who: int) -> None:
            for number in range(20):
                await served.eio.send(client.sid, f"{who} {number}")

        async with asyncio.TaskGroup() as group:
            for who in range(10):
                group.create_task(talk(who))
            received = [str(await client.receive()) for _ in range(200)]

    for who in range(10):
        mine = [text for text in received if text.startswith(f"{who} ")]
        assert mine == [f"{who} {number}" for number in range(20)]


async def test_messages_cross_an_upgrade_in_order(serve: Serve) -> None:
    served = serve()
    served.echo()

    async with served.client("polling") as client:

        async def talk() -> None:
            for number in range(100):
                await served.eio.send(client.sid, f"down {number}")
                await asyncio.sleep(0)

        async def shout() -> None:
            for number in range(100):
                await client.send(f"up {number}")

        async with asyncio.TaskGroup() as group:
            group.create_task(talk())
            group.create_task(shout())
            await asyncio.sleep(0)
            await client.upgrade()
        received = [str(await client.receive()) for _ in range(200)]
        assert client.transport == "websocket"
        assert served.eio.transport(client.sid) == "websocket"

    for direction in ("down", "up"):
        mine = [text for text in received if text.startswith(direction)]
        assert mine == [f"{direction} {number}" for number in range(100)]


async def test_the_transport_of_a_session_is_known(serve: Serve, transport: str) -> None:
    served = serve()
    moved: list[Any] = []
    served.eio.on("upgrade", lambda sid, name: moved.append((sid, name)))

    async with served.client(transport) as client:
        assert served.eio.transport(client.sid) == client.transport
        assert served.eio.sids == [client.sid]

    assert moved == ([(client.sid, "websocket")] if transport == "upgrade" else [])


async def test_a_broadcast_that_is_too_large_for_some_reaches_the_others(serve: Serve) -> None:
    """Binary data grows by a third on polling."""
    served = serve(max_payload=1_000)

    async with (
        served.client("websocket") as first,
        served.client("polling") as middle,
        served.client("websocket") as last,
    ):
        with pytest.raises(engineio.MessageTooLargeError):
            await served.eio.broadcast(b"x" * 900)
        assert [await client.receive() for client in (first, last)] == [b"x" * 900] * 2
        assert await middle.receive_nothing()
        assert await served.eio.broadcast("small") == 3
