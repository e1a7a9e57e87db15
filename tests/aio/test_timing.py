"""Heartbeats and deadlines, with a clock that the test moves."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from engineio.protocol.packet import PacketType
from tests.aio.served import Served

Serve = Callable[..., Served]


async def test_pings_come_at_their_interval(serve: Serve, transport: str) -> None:
    served = serve(ping_interval=10, ping_timeout=5)
    served.eio.on("heartbeat", lambda sid: served.heard.append(sid))

    async with served.client(transport) as client:

        def pings() -> int:
            return sum(packet == (PacketType.PING, "") for packet in client.packets)

        await served.clock.advance(9.9)
        assert pings() == 0
        await served.clock.advance(0.2)
        assert pings() == 1
        await served.clock.advance(50)
        assert pings() == 6
        assert served.heard == [client.sid] * 6


@pytest.mark.parametrize("late", [0.0, 4.8])
async def test_silence_is_noticed_in_time_and_not_before(
    serve: Serve, transport: str, late: float
) -> None:
    served = serve(ping_interval=10, ping_timeout=5)
    served.keep_reasons()

    async with served.client(transport, heartbeats=False) as client:
        await served.clock.advance(10)
        if late:
            await served.clock.advance(late)
            await client.pong()
            await served.clock.advance(10)
        await served.clock.advance(4.9)
        assert not client.closed
        await served.clock.advance(0.2)
        assert client.closed
        assert client.close_code == (None if transport == "polling" else 1000)

    assert served.heard == ["ping timeout"]
    assert served.is_empty


async def test_unsolicited_pongs_start_nothing(serve: Serve, transport: str) -> None:
    """CVE-2026-48802 of another server: each pong started a heartbeat."""
    served = serve(ping_interval=10, ping_timeout=5)

    async with served.client(transport) as client:
        timers = served.clock.scheduled
        for _ in range(500):
            await client.pong()
        assert served.clock.scheduled == timers == 1
        await served.clock.advance(10.1)
        assert sum(packet == (PacketType.PING, "") for packet in client.packets) == 1


async def test_a_client_that_never_polls_is_dropped_early(serve: Serve) -> None:
    served = serve(first_request_timeout=10)
    served.keep_reasons()

    client = served.client("polling")
    client._machine.reading = False
    async with client:
        await served.clock.advance(9.9)
        assert served.heard == []
        await served.clock.advance(0.2)
        assert served.heard == ["ping timeout"]
    assert served.is_empty


async def test_a_stopped_process_gives_its_clients_a_chance(serve: Serve, transport: str) -> None:
    served = serve()
    served.keep_reasons()

    async with served.client(transport) as client:
        await served.clock.suspend(300.0)
        await served.clock.settle()
        assert not client.closed
        for _ in range(5):
            await served.clock.advance(25.0)
        assert not client.closed
        client._machine._heartbeats = False
        await served.clock.suspend(300.0)
        await served.clock.advance(60.0)
        assert client.closed

    assert served.heard == ["ping timeout"]


@pytest.mark.parametrize("jump", [3_600.0, -3_600.0, 86_400.0, -86_400.0])
async def test_the_wall_clock_has_no_say(
    monkeypatch: pytest.MonkeyPatch, transport: str, jump: float
) -> None:
    """With the loop's own clock, as in production."""
    served = Served(traced=False)
    served.eio.driver._given_clock = None
    served.echo()
    served.keep_reasons()
    real = time.time

    async with served.client(transport) as client:
        await client.send("before")
        monkeypatch.setattr(time, "time", lambda: real() + jump)
        await client.send("after")
        assert [await client.receive(), await client.receive()] == ["before", "after"]
        assert await client.receive_nothing()
        due = served.session(client.sid).heartbeat.deadline
        assert 20 < due - served.eio.driver.now() <= 25
        assert not client.closed
        assert served.heard == []


async def test_an_upgrade_has_a_deadline_and_polling_goes_on(serve: Serve) -> None:
    served = serve(upgrade_timeout=10)
    served.echo()
    refused: list[Any] = []
    served.eio.on("connection_error", refused.append)

    async with served.client("polling") as client:
        machine = client._machine
        machine.upgrade()
        machine.outputs.clear()
        silent = served.client("websocket", query={"sid": client.sid})
        silent._machine.start()
        silent._driver.perform()
        machine._probe = None
        await served.clock.advance(9.9)
        assert served.session(client.sid).upgrade is not None
        await served.clock.advance(0.2)
        assert served.session(client.sid).upgrade is None
        await client.send("still here")
        assert await client.receive() == "still here"
        await client.upgrade()
        await client.send("moved")
        assert await client.receive() == "moved"

    assert refused == []
    assert served.is_empty


async def test_a_peer_that_takes_no_part_in_the_close_is_dropped(serve: Serve) -> None:
    served = serve(close_timeout=5, write_timeout=10)
    served.keep_reasons()

    async with served.client("websocket") as client:
        await served.eio.send(client.sid, "x")
        client.stop_reading()
        await served.eio.disconnect(client.sid)
        await served.clock.settle()
        assert served.heard == ["server disconnect"]
        assert client.network.connections  # type: ignore[attr-defined]  # it is in memory
        await served.clock.advance(5.1)
        assert not client.network.connections  # type: ignore[attr-defined]  # it is in memory

    assert served.is_empty


async def test_a_poller_that_never_comes_back_for_the_close_is_forgotten(serve: Serve) -> None:
    served = serve(close_timeout=5)
    served.keep_reasons()

    async with served.client("polling") as client:
        client.stop_reading()
        await served.eio.send(client.sid, "ends the parked poll")
        await served.clock.settle()
        await served.eio.disconnect(client.sid)
        assert served.heard == ["server disconnect"]
        assert not served.is_empty
        await served.clock.advance(5.1)
        assert served.is_empty
