"""Clients that do not read: every policy, the limits, and how it ends."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, cast

import pytest

import engineio
from engineio.aio.port import WebSocketPort
from tests.aio.served import Served, eventually

Serve = Callable[..., Served]


def held(served: Served, sid: str) -> int:
    """The bytes that wait for a client."""
    queue = served.session(sid).outbox._queue or ()
    return sum(packet.size for packet in queue)


@pytest.mark.parametrize("size", [10, 1_000, 60_000])
async def test_wait_holds_the_sender_up_within_the_limits(
    serve: Serve, transport: str, size: int
) -> None:
    served = serve(send_queue_bytes=100_000, send_queue_packets=200)
    served.keep_reasons()
    sent = 0

    async with served.client(transport) as client:
        client.stop_reading()

        async def flood() -> None:
            nonlocal sent
            while True:
                await served.eio.send(client.sid, f"{sent:010}" + "x" * (size - 10))
                sent += 1
                # A message that is taken at once does not give the loop its turn.
                await asyncio.sleep(0)

        flooding = asyncio.create_task(flood())
        for _ in range(20):
            await served.clock.settle()
        before = sent
        await served.clock.settle()
        assert sent == before > 0
        assert held(served, client.sid) <= 100_000 + size
        assert len(served.session(client.sid).outbox) <= 201

        client.start_reading()
        received = [str(await client.receive()) for _ in range(before + 20)]
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
        assert [int(text[:10]) for text in received] == list(range(before + 20))

    assert len(served.heard) == 1


async def test_a_websocket_that_takes_nothing_is_a_slow_client(serve: Serve) -> None:
    served = serve(send_queue_bytes=10_000, write_timeout=10)
    infos: list[engineio.DisconnectInfo] = []
    served.eio.on("disconnect", lambda sid, reason, info: infos.append(info))

    async with served.client("websocket") as client:
        client.stop_reading()
        sending = [
            asyncio.create_task(served.eio.send(client.sid, f"{number}" + "x" * 999))
            for number in range(20)
        ]
        await served.clock.advance(9.9)
        assert infos == []
        assert held(served, client.sid) <= 11_000
        waiting = [task for task in sending if not task.done()]
        assert waiting
        await served.clock.advance(0.2)
        results = await asyncio.gather(*sending, return_exceptions=True)
        await eventually(lambda: infos)

        assert infos[0].reason is engineio.Reason.SLOW_CLIENT
        accepted = [result for result in results if result is True]
        refused = [result for result in results if result is not True]
        assert all(type(error) is engineio.SessionClosedError for error in refused)
        assert len(refused) == len(waiting)
        # Whatever was accepted and not delivered is told.
        assert len(infos[0].undelivered) == len(accepted)
    await served.clock.settle()
    assert served.is_empty
    assert client.closed


async def test_a_poller_that_stops_polling_times_out(serve: Serve) -> None:
    served = serve(send_queue_packets=5)
    served.keep_reasons()

    async with served.client("polling") as client:
        client.stop_reading()
        await served.eio.send(client.sid, "taken by the parked poll")
        sending = [asyncio.create_task(served.eio.send(client.sid, "x")) for _ in range(10)]
        await served.clock.advance(44.0)
        assert sum(task.done() for task in sending) == 5
        await served.clock.advance(2.0)
        results = await asyncio.gather(*sending, return_exceptions=True)
        assert [type(result) for result in results[5:]] == [engineio.SessionClosedError] * 5

    assert served.heard == ["ping timeout"]
    assert served.is_empty


async def test_f65_a_poller_that_only_posts_ends_although_its_handler_waits(serve: Serve) -> None:
    """The handler waits for a poll, reading waits for the handler, and nobody polls."""
    served = serve(send_queue_packets=10, receive_queue_packets=10)
    served.echo()
    served.keep_reasons()
    client = served.client("polling", heartbeats=False)
    await client.connect()
    client.stop_reading()
    await client.send_raw("\x1e".join(["4x"] * 40))
    await served.clock.settle()
    client.abort()
    await served.clock.advance(65.0)

    assert served.heard == ["ping timeout"]
    await eventually(lambda: served.is_empty)


@pytest.mark.parametrize("kind", ["polling", "websocket"])
async def test_close_ends_the_session_of_whoever_does_not_read(serve: Serve, kind: str) -> None:
    served = serve(send_queue_policy="close", send_queue_packets=5)
    served.keep_reasons()

    async with served.client(kind) as client:
        client.stop_reading()

        async def flood() -> None:
            for number in range(10):
                await served.eio.send(client.sid, str(number))

        with pytest.raises(engineio.SessionClosedError):
            await flood()
        await served.clock.settle()
        with pytest.raises(engineio.UnknownSessionError):
            await served.eio.send(client.sid, "x")

    assert served.heard == ["slow client"]
    assert served.is_empty


@pytest.mark.parametrize("kind", ["polling", "websocket"])
@pytest.mark.parametrize("policy", ["drop_oldest", "drop_newest"])
async def test_drop_keeps_the_session_and_the_limits(serve: Serve, kind: str, policy: str) -> None:
    served = serve(send_queue_policy=policy, send_queue_packets=5)

    async with served.client(kind) as client:
        client.stop_reading()
        outcomes = []
        for number in range(50):
            outcomes.append(await served.eio.send(client.sid, str(number)))
            # A WebSocket takes them in different turns of the loop.
            await asyncio.sleep(0)
        assert len(served.session(client.sid).outbox) <= 5
        client.start_reading()
        for _ in range(5):
            await served.clock.settle()
        numbers = [int(text) for text in client._machine.messages]

    assert numbers == sorted(numbers)
    assert len(numbers) <= 7
    if policy == "drop_newest":
        assert numbers == list(range(len(numbers)))
        assert outcomes.count(True) == len(numbers)
    else:
        assert numbers[-4:] == [46, 47, 48, 49]
        assert all(outcomes)


async def test_a_queue_that_is_full_before_the_client_is_connected(serve: Serve) -> None:
    served = serve(send_queue_packets=3)

    @served.on("connect")
    async def connected(sid: str) -> None:
        for _ in range(3):
            await served.eio.send(sid, "fits")
        with pytest.raises(engineio.QueueFullError):
            await served.eio.send(sid, "does not fit")

    async with served.client() as client:
        assert [await client.receive() for _ in range(3)] == ["fits"] * 3
        assert await client.receive_nothing()


async def test_a_polling_answer_is_never_larger_than_max_payload(serve: Serve) -> None:
    served = serve(max_payload=1_000, http_compression=False)
    sizes: list[int] = []

    async def measured(scope: Any, receive: Any, send: Any) -> None:
        async def measuring(event: Any) -> None:
            if event["type"] == "http.response.body":
                sizes.append(len(event["body"]))
            await send(event)

        await served.app(scope, receive, measuring)

    client = served.client()
    client.network.app = measured  # type: ignore[attr-defined]  # it is in memory
    async with client:
        client.stop_reading()
        for number in range(40):
            await served.eio.send(client.sid, f"{number:04}" + "x" * 300)
            await served.eio.send(client.sid, bytes([number]) * 200)
        client.start_reading()
        received = [await client.receive() for _ in range(80)]

    assert received[1::2] == [bytes([number]) * 200 for number in range(40)]
    assert max(sizes) <= 1_000
    assert sum(sizes) > 20_000


async def test_one_slow_reader_does_not_hold_up_a_broadcast_for_the_others(serve: Serve) -> None:
    served = serve(send_queue_packets=2, write_timeout=10)
    served.keep_reasons()

    async with AsyncExitStack() as stack:
        kinds: list[Any] = ["polling", "websocket"] * 3
        clients = [await stack.enter_async_context(served.client(kind)) for kind in kinds]
        slow = clients[1]
        slow.stop_reading()
        reached: list[int] = []

        async def broadcast(number: int) -> None:
            reached.append(await served.eio.broadcast(str(number)))

        tasks = [asyncio.create_task(broadcast(number)) for number in range(5)]
        for client in clients:
            if client is not slow:
                assert [await client.receive() for _ in range(5)] == list("01234")
        assert sorted(reached) == [6] * len(reached)
        assert len(reached) < 5
        await served.clock.advance(10.5)
        await asyncio.gather(*tasks)
        assert min(reached) == 5

    assert served.heard[0] == "slow client"


async def test_drain_is_told_when_a_full_queue_has_room(serve: Serve, carrier: str) -> None:
    served = serve(send_queue_packets=2)
    served.eio.on("drain", lambda sid: served.heard.append(sid))

    async with served.client(carrier) as client:
        client.stop_reading()
        tasks = [asyncio.create_task(served.eio.send(client.sid, str(n))) for n in range(10)]
        await served.clock.settle()
        # The poll that was parked has taken one message, and so made room once.
        assert len(served.heard) <= (carrier == "polling")
        served.heard.clear()
        client.start_reading()
        assert [await client.receive() for _ in range(10)] == [str(n) for n in range(10)]
        await asyncio.gather(*tasks)
        assert set(served.heard) == {client.sid}


async def test_a_sender_that_is_cancelled_while_it_waits_harms_nobody(
    serve: Serve, carrier: str
) -> None:
    served = serve(send_queue_packets=2)

    async with served.client(carrier) as client:
        client.stop_reading()
        tasks = [asyncio.create_task(served.eio.send(client.sid, str(n))) for n in range(8)]
        await served.clock.settle()
        waiting = [task for task in tasks if not task.done()]
        for task in waiting[::2]:
            task.cancel()
        await served.clock.settle()
        client.start_reading()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        expected = [str(n) for n, result in enumerate(results) if result is True]
        assert len(expected) == 8 - len(waiting[::2])
        assert [await client.receive() for _ in expected] == expected
        assert await client.receive_nothing()
        assert served.session(client.sid).owner.senders is None


async def test_senders_that_give_up_do_not_pile_up(serve: Serve) -> None:
    served = serve(send_queue_packets=2)

    async with served.client("polling") as client:
        client.stop_reading()
        tasks = [asyncio.create_task(served.eio.send(client.sid, str(n))) for n in range(8)]
        await served.clock.settle()
        waiting = [task for task in tasks if not task.done()]
        assert waiting
        for task in waiting:
            task.cancel()
        await served.clock.settle()

        assert served.session(client.sid).owner.senders is None


async def test_nobody_overtakes_a_sender_that_waits(serve: Serve, carrier: str) -> None:
    """Not even a message that would fit, or one that comes as room is made."""
    served = serve(send_queue_bytes=100)

    async with served.client(carrier) as client:
        client.stop_reading()
        large = ["a" * 90, "b" * 90, "c" * 90]
        tasks: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(served.eio.send(client.sid, text)) for text in large
        ]
        await served.clock.settle()
        tasks += [asyncio.ensure_future(served.eio.send(client.sid, text)) for text in "xyz"]
        tasks.append(asyncio.ensure_future(served.eio.broadcast("all")))
        await served.clock.settle()
        assert not any(task.done() for task in tasks[3:])
        client.start_reading()
        expected = [*large, "x", "y", "z", "all"]
        assert [await client.receive() for _ in expected] == expected
        await asyncio.gather(*tasks)


@pytest.mark.parametrize(
    ("message", "error"),
    [("x" * 2_000, engineio.MessageTooLargeError), ("\ud800", UnicodeEncodeError)],
)
async def test_a_message_that_can_never_be_sent_holds_up_nobody_in_the_line(
    serve: Serve, carrier: str, message: str, error: type[Exception]
) -> None:
    served = serve(send_queue_packets=1, max_payload=1_000)

    async with served.client(carrier) as client:
        client.stop_reading()
        texts = ["a", "b", "c", message, "d"]
        tasks = [asyncio.create_task(served.eio.send(client.sid, text)) for text in texts]
        await served.clock.settle()
        client.start_reading()
        assert [await client.receive() for _ in range(4)] == ["a", "b", "c", "d"]
        with pytest.raises(error):
            await tasks[3]
        await asyncio.gather(*tasks[:3], tasks[4])


async def test_a_waiting_sender_goes_on_after_an_upgrade(serve: Serve) -> None:
    """What fills the queue leaves it over the new transport."""
    served = serve(send_queue_packets=2)

    async with served.client("polling") as client:
        client.stop_reading()
        tasks = [asyncio.create_task(served.eio.send(client.sid, str(n))) for n in range(10)]
        await served.clock.settle()
        assert not all(task.done() for task in tasks)
        await client.upgrade()
        assert [await client.receive() for _ in range(10)] == [str(n) for n in range(10)]
        await asyncio.gather(*tasks)


async def test_a_broadcast_passes_by_a_session_that_ends_before_it_can_wait(serve: Serve) -> None:
    """It and its inbox are gone when the broadcast comes to stand in its line."""
    served = serve(send_queue_packets=1)
    async with served.client("websocket") as client:
        client.stop_reading()
        await served.eio.send(client.sid, "this one fills the queue")
        broadcast = asyncio.create_task(served.eio.broadcast("this one has to wait"))
        await asyncio.sleep(0)
        websocket = served.session(client.sid).websocket
        assert websocket is not None
        served.eio.driver.closed(cast(WebSocketPort, websocket.port))

        assert served.eio.sids == []
        assert await broadcast == 0
