"""Random conversations: nothing is lost, doubled or out of order, and each ends once."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

import engineio
from engineio.testing import Client, ConnectionClosed
from tests.aio.served import Served, eventually

Serve = Callable[..., Served]


class Conversation:
    """One client and its server, both of which send numbered messages at random times."""

    def __init__(self, serve: Serve, seed: int) -> None:
        self.chance = chance = random.Random(seed)
        self.served = serve(
            allow_eio3=True,
            async_handlers=False,
            max_payload=chance.choice([2_000, 100_000]),
            send_queue_packets=chance.choice([3, 50, 1_000]),
            receive_queue_packets=chance.choice([2, 1_000]),
            max_packets_per_poll=chance.choice([0, 2]),
        )
        self.revision = chance.choice([3, 4, 4])
        self.up: list[Any] = []
        self.down: list[Any] = []
        self.heard: list[Any] = []
        self.ended: list[engineio.DisconnectInfo] = []
        self.served.eio.on("message", self._message)
        self.served.eio.on("disconnect", self._disconnect)
        self.client: Client = self.served.client(
            chance.choice(["polling", "websocket", "upgrade"]), revision=self.revision
        )

    async def _message(self, sid: str, data: Any) -> None:
        for _ in range(self.chance.choice([0, 0, 0, 1, 3])):
            await asyncio.sleep(0)
        self.heard.append(data)

    def _disconnect(self, sid: str, reason: str, info: engineio.DisconnectInfo) -> None:
        self.ended.append(info)

    def _data(self, number: int) -> str | bytes:
        text = f"{number} " + "x" * self.chance.choice([0, 10, 700])
        return text if self.chance.random() < 0.7 else text.encode()

    async def pause(self) -> None:
        for _ in range(self.chance.randrange(4)):
            await asyncio.sleep(0)

    async def talk_up(self, count: int) -> None:
        for number in range(count):
            self.up.append(data := self._data(number))
            await self.client.send(data)
            await self.pause()

    async def talk_down(self, count: int) -> None:
        for number in range(count):
            self.down.append(data := self._data(number))
            await self.served.eio.send(self.client.sid, data)
            await self.pause()

    async def disturb(self, count: int) -> None:
        client = self.client
        for _ in range(count):
            await self.pause()
            match self.chance.randrange(5):
                case 0 if client.transport == "polling" and not client._machine.upgrading:
                    await client.upgrade()
                case 1:
                    client.stop_reading()
                    await self.pause()
                    client.start_reading()
                case 2:
                    await self.served.clock.advance(self.chance.uniform(0, 5))
                case 3:
                    await self.served.clock.advance(25.0)
                case _:
                    await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(60))
async def test_nothing_is_lost_doubled_or_out_of_order(serve: Serve, seed: int) -> None:
    talk = Conversation(serve, seed)

    async with talk.client as client:
        async with asyncio.TaskGroup() as group:
            group.create_task(talk.talk_up(60))
            group.create_task(talk.talk_down(60))
            group.create_task(talk.disturb(15))
        received = [await client.receive() for _ in talk.down]
        assert received == talk.down
        await eventually(lambda: len(talk.heard) >= 60)
        assert talk.heard == talk.up
        assert await client.receive_nothing(0.01)
        assert not client.closed
    await eventually(lambda: talk.served.is_empty)

    assert len(talk.ended) == 1
    assert talk.ended[0].undelivered == ()


@pytest.mark.parametrize("seed", range(60))
async def test_whoever_cuts_it_off_it_ends_once(serve: Serve, seed: int) -> None:
    talk = Conversation(serve, seed + 1_000)
    client, chance = talk.client, talk.chance

    async def cut() -> None:
        for _ in range(chance.randrange(60)):
            await asyncio.sleep(0)
        match chance.randrange(4):
            case 0:
                client.abort()
            case 1:
                await talk.served.eio.disconnect(client.sid)
            case 2:
                ending = asyncio.create_task(talk.served.eio.shutdown())
                await talk.served.clock.advance(120.0)
                await ending
            case _:
                with suppress(ConnectionClosed, RuntimeError):
                    await client.send_raw("nonsense")
        # A client that was lost between two polls is missed by its heartbeat only.
        await talk.served.clock.advance(120.0)

    async def until_the_end(talking: Any) -> None:
        # Whatever is under way when it is cut off fails, each in its way.
        with suppress(engineio.EngineIOError, RuntimeError, TimeoutError):
            await talking

    await client.connect()
    async with asyncio.TaskGroup() as group:
        group.create_task(until_the_end(talk.talk_up(60)))
        group.create_task(until_the_end(talk.talk_down(60)))
        group.create_task(until_the_end(talk.disturb(15)))
        group.create_task(cut())
    await client.close()
    await eventually(lambda: talk.served.is_empty)

    assert len(talk.ended) == 1
    assert talk.heard == talk.up[: len(talk.heard)]
    received = list(client._machine.messages)
    assert received == talk.down[: len(received)]
    # What is told as undelivered was sent, and did not arrive, unless it was just on its way.
    undelivered = list(talk.ended[0].undelivered)
    on_its_way = [data for data in undelivered if data in received]
    assert undelivered[: len(on_its_way)] == on_its_way
    assert received[len(received) - len(on_its_way) :] == on_its_way
    assert undelivered == [data for data in talk.down if data in undelivered]
