"""Who pings, when, and what silence means (protocol.md section 7)."""

import asyncio
import contextlib
import time

import pytest

from tests.conformance.application.profiles import INTERVAL, PATIENT_TIMEOUT, TIMEOUT
from tests.conformance.harness.expect import SESSION_UNKNOWN, assert_refused, takes
from tests.conformance.harness.payload import V3
from tests.conformance.harness.server import Server
from tests.conformance.harness.websocket import Closed

pytestmark = pytest.mark.timing

EARLY = 0.1
"""How much later than it was sent a busy machine may show the packet that a wait begins with."""
LATE = 1.0
"""How much too late a busy machine may make anything."""


async def test_the_first_ping_comes_one_interval_after_the_open(server: Server) -> None:
    """EIO 4: the server sends `2` one `pingInterval` after open, on both transports."""
    polling = await server.polling("heartbeat")
    async with takes(INTERVAL - EARLY, INTERVAL + LATE):
        assert await polling.poll() == ["2"]

    websocket = await server.websocket("heartbeat")
    async with takes(INTERVAL - EARLY, INTERVAL + LATE):
        assert await websocket.receive() == "2"


async def test_the_next_ping_comes_one_interval_after_the_pong(server: Server) -> None:
    """The next ping is one interval after the pong, not after the ping."""
    session = await server.websocket("heartbeat")
    assert await session.receive() == "2"
    await asyncio.sleep(TIMEOUT / 2)  # the client takes its time
    await session.send("3")
    async with takes(INTERVAL - EARLY, INTERVAL + LATE):
        assert await session.receive() == "2"


async def test_pongs_keep_a_polling_session_alive(server: Server) -> None:
    """Ping and pong over several intervals."""
    session = await server.polling("heartbeat")
    for _ in range(4):
        assert await session.poll() == ["2"]
        await session.send("3")
    await session.echo("alive")


async def test_pongs_keep_a_websocket_session_alive(server: Server) -> None:
    """Ping and pong over several intervals."""
    session = await server.websocket("heartbeat")
    for _ in range(4):
        assert await session.receive() == "2"
        await session.send("3")
    await session.echo("alive")


async def test_no_pong_over_polling(server: Server) -> None:
    """Waits at most `pingTimeout` for `3`, else closes with ping timeout; the held GET gets `1`."""
    session = await server.polling("heartbeat")
    assert await session.poll() == ["2"]
    poll = await session.park()

    async with takes(0, TIMEOUT + LATE):
        assert await poll.packets() == ["1"]

    assert await session.finish() == "ping timeout"
    assert_refused(server, await session.get(), SESSION_UNKNOWN)


async def test_no_pong_and_no_poll(server: Server) -> None:
    """Ping timeout is noticed with no poll outstanding, too."""
    session = await server.polling("heartbeat")
    await session.echo("hello")

    async with takes(TIMEOUT, INTERVAL + TIMEOUT + LATE):
        assert await session.finish() == "ping timeout"


async def test_no_pong_over_websocket(server: Server) -> None:
    """Ping timeout on a WebSocket: closed no later than the client itself gives up."""
    session = await server.websocket("heartbeat")
    assert await session.receive() == "2"

    async with takes(TIMEOUT - EARLY, TIMEOUT + LATE):
        await session.closed()

    assert await session.finish() == "ping timeout"


async def test_f53_a_black_holed_connection(server: Server) -> None:
    """Half-open: noticed after interval and timeout, at most 1 s later."""
    session = await server.websocket("hurried")
    assert await session.finish(within=INTERVAL + TIMEOUT + 1) == "ping timeout"


async def test_another_packet_extends_the_wait_once(server: Server) -> None:
    """A message while waiting for the pong extends the wait, once: not for ever, not thrice."""
    session = await server.websocket("patient")
    assert await session.receive() == "2"
    started = time.monotonic()
    with contextlib.suppress(Closed):
        while time.monotonic() - started < 5 * PATIENT_TIMEOUT:
            await session.echo("still here")
            await asyncio.sleep(PATIENT_TIMEOUT / 10)  # the client talks, and does not answer
    seconds = time.monotonic() - started

    assert 2 * PATIENT_TIMEOUT - EARLY <= seconds <= 2 * PATIENT_TIMEOUT + LATE
    assert await session.finish() == "ping timeout"


async def test_silence_does_not_extend_the_wait(server: Server) -> None:
    """Nothing arrives while waiting for the pong: one timeout, not two."""
    session = await server.websocket("patient")
    assert await session.receive() == "2"
    async with takes(PATIENT_TIMEOUT - EARLY, PATIENT_TIMEOUT + LATE):
        await session.closed()
    assert await session.finish() == "ping timeout"


async def test_an_early_pong_starts_no_timer(server: Server) -> None:
    """An unsolicited pong is harmless: the pings neither wait for its end nor multiply."""
    session = await server.websocket("heartbeat")
    started = time.monotonic()
    pings = 0
    while (seconds := time.monotonic() - started) < 6 * INTERVAL:
        await session.send(*["3"] * 10)
        with contextlib.suppress(TimeoutError):
            assert await session.receive(within=INTERVAL / 10) == "2"
            pings += 1

    # A timer that each pong starts anew would never be due while they keep coming.
    assert 2 <= pings <= seconds / INTERVAL + 1


async def test_no_ping_before_the_application_has_accepted(server: Server) -> None:
    """Do not start timers before the session is accepted."""
    session = await server.websocket("heartbeat", connect="slow:0.6")

    async with takes(INTERVAL - EARLY, INTERVAL + LATE):
        assert await session.receive() == "2"


async def test_a_slow_handler_does_not_delay_heartbeats(server: Server) -> None:
    """Messages are handled in order without delaying pings and pongs (F-74)."""
    session = await server.websocket("heartbeat")
    await session.send("4!slow 0.8")
    for _ in range(2):
        assert await session.receive() == "2"
        await session.send("3")
    assert await session.receive() == "4slept"


async def test_silence_while_the_server_does_not_read(server: Server) -> None:
    """A full inbound queue keeps pongs from being read: no ping timeout for that (F-68, F-74)."""
    session = await server.websocket("short-inbox-heartbeat")
    pause = INTERVAL + 3 * TIMEOUT
    await session.send(f"4!slow {pause}", *[f"4{number}" for number in range(20)])
    received: list[str] = []
    while len(received) < 21:
        packet = str(await session.receive())
        if packet == "2":
            await session.send("3")
        else:
            received.append(packet)
    assert received == ["4slept", *[f"4{number}" for number in range(20)]]


async def test_heartbeats_go_on_after_an_upgrade(server: Server) -> None:
    """No timeout after an upgrade; pings come on the WebSocket."""
    session = await server.polling("heartbeat")
    websocket = await session.upgrade()
    for _ in range(3):
        assert await websocket.receive() == "2"
        await websocket.send("3")
    await websocket.send("4alive")
    assert await websocket.receive() == "4alive"


async def test_a_session_that_is_upgrading_does_not_time_out(server: Server) -> None:
    """The server must not be later than interval and timeout, including during upgrades."""
    session = await server.polling("heartbeat")
    websocket = await session.probe()
    packets: list[str] = []
    while "2" not in packets:
        packets += await session.poll()
    await session.send("3")
    await websocket.send("5")

    assert await websocket.receive() == "2"
    await websocket.send("3")
    assert set(packets) <= {"2", "6"}
    await websocket.close()


async def test_no_pong_while_upgrading(server: Server) -> None:
    """Ping timeout during an upgrade: both transports are closed, one event (F-63)."""
    session = await server.polling("heartbeat")
    websocket = await session.probe()

    assert await session.finish(within=INTERVAL + TIMEOUT + 1) == "ping timeout"
    await websocket.closed()


@pytest.mark.parametrize("data", ["", "probe", "abc"])
async def test_eio3_the_client_pings_and_the_server_answers(server: Server, data: str) -> None:
    """EIO 3: the client sends `2`; the server answers `3`, with the ping's data."""
    polling = await server.polling("legacy", codec=V3, EIO=3)
    await polling.send(f"2{data}")
    assert await polling.poll() == [f"3{data}"]

    websocket = await server.websocket("legacy", EIO=3)
    await websocket.send(f"2{data}")
    assert await websocket.receive() == f"3{data}"


async def test_eio3_pings_keep_the_session_alive(server: Server) -> None:
    """EIO 3: no ping from the server; the client's pings keep the session open."""
    session = await server.websocket("legacy-heartbeat", EIO=3)
    for _ in range(3):
        await asyncio.sleep(INTERVAL)  # the client's own interval
        await session.send("2")
        assert await session.receive() == "3"
    await session.echo("alive")


async def test_eio3_silence(server: Server) -> None:
    """EIO 3: the server closes after interval + timeout without a ping."""
    session = await server.websocket("legacy-heartbeat", EIO=3)
    async with takes(INTERVAL + TIMEOUT - EARLY, INTERVAL + TIMEOUT + LATE):
        await session.closed()
    assert await session.finish() == "ping timeout"


async def test_eio3_a_pong_from_the_client(server: Server) -> None:
    """EIO 3: `3` from a client is the wrong heartbeat direction: transport error."""
    session = await server.websocket("legacy", EIO=3)
    await session.send("3")
    await session.closed()
    assert await session.finish() == "transport error"
