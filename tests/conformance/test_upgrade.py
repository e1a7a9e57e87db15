"""Polling turns into WebSocket (protocol.md section 8; faults F-57 to F-63)."""

import asyncio
import time

import pytest

from tests.conformance.application.profiles import SHORT
from tests.conformance.harness.deployment import Ability
from tests.conformance.harness.expect import (
    BAD_REQUEST,
    SESSION_UNKNOWN,
    assert_refused,
    assert_websocket_refused,
)
from tests.conformance.harness.http import request_bytes
from tests.conformance.harness.payload import split
from tests.conformance.harness.server import Server
from tests.conformance.harness.sessions import Polling
from tests.conformance.harness.websocket import Closed, Opcode, WebSocket


async def test_probe_then_upgrade(server: Server) -> None:
    """`2probe` is answered `3probe`; after `5` messages flow on the WebSocket."""
    session = await server.polling()
    await session.echo("on polling")
    websocket = await session.upgrade()

    await websocket.send("4on websocket")

    assert await websocket.receive() == "4on websocket"
    await websocket.send(b"\x01\x02")
    assert await websocket.receive() == b"\x01\x02"


async def test_the_probe_ends_a_held_poll(server: Server) -> None:
    """The server must end any held GET with `6`; the noop never appears on the new transport."""
    session = await server.polling()
    poll = await session.park()
    websocket = await session.probe()

    assert await poll.packets() == ["6"]
    await websocket.send("5", "4hello")
    assert await websocket.receive() == "4hello"


@pytest.mark.timing
async def test_f61_polls_between_probe_and_upgrade(server: Server) -> None:
    """Every GET until `5` gets packets or `6` within a short tick: some ten noops a second."""
    session = await server.polling()
    websocket = await session.probe()
    noops = 0
    started = time.monotonic()
    while time.monotonic() - started < 1:
        async with asyncio.timeout(1):
            assert await session.poll() == ["6"]
        noops += 1

    assert 6 <= noops <= 12
    await session.send("4hello")
    packets = [packet for packet in await session.poll() if packet != "6"]
    await websocket.send("5")
    if not packets:
        packets = [str(await websocket.receive())]
    assert packets == ["4hello"]


@pytest.mark.timing
async def test_f61_a_poll_that_is_held_when_the_upgrade_happens(server: Server) -> None:
    """A GET between two noops when `5` arrives: it gets `6` too, and is not forgotten."""
    session = await server.polling()
    websocket = await session.probe()
    assert await session.poll() == ["6"]
    poll = await session.park()

    await websocket.send("5", "4hello")

    assert await poll.packets(within=1) == ["6"]
    assert await websocket.receive() == "4hello"
    session.is_over = True


@pytest.mark.timing
async def test_f61_a_post_in_flight_while_the_upgrade_happens(server: Server) -> None:
    """What a POST carries that began before `5` is delivered before what the WebSocket brings."""
    session = await server.polling()
    websocket = await session.probe()
    post = await server.connect()
    head = request_bytes(
        "POST",
        session.target(),
        fields=[("Content-Type", "text/plain"), ("Content-Length", "8")],
    )
    await post.write(head + b"4fi")
    if not server.can(Ability.STREAMED_BODY):
        await websocket.send("5", "4second")
        assert await websocket.receive() == "4second"
        return
    await server.busy(session.key, 2)
    await websocket.send("5", "4second")
    await server.until(
        lambda: server.get(session.target()), lambda answer: answer.status == 400, within=2
    )

    await post.write(b"rst\x1e6")

    assert (await post.response()).body == b"ok"
    assert [await websocket.receive() for _ in range(2)] == ["4first", "4second"]
    session.is_over = True


async def test_f61_what_waits_for_a_post_is_bounded(server: Server) -> None:
    """A client that never ends its POST cannot pile up messages behind it."""
    session = await server.polling("small")
    websocket = await session.probe()
    post = await server.connect()
    fields = [("Content-Type", "text/plain"), ("Content-Length", "8")]
    await post.write(request_bytes("POST", session.target(), fields=fields) + b"4fi")
    if not server.can(Ability.STREAMED_BODY):
        return
    await server.busy(session.key, 2)
    await websocket.send("5", *["4" + "x" * 899] * 2)

    assert (await websocket.closed()).code == server.close_code(1002)
    assert await session.finish() == "transport error"
    assert (await post.response()).status == 400
    assert (await server.account(session.key)).messages == ()


async def test_packets_queued_before_the_upgrade_follow_it(server: Server) -> None:
    """Server switches and flushes queued packets, in order, to the new transport."""
    session = await server.polling()
    websocket = await session.probe()
    await session.send("4!send 50")
    await server.until(
        lambda: server.account(session.key), lambda account: len(account.messages) == 1
    )
    await websocket.send("5", "4!send 50")

    numbers = [f"4{number}" for number in range(50)]
    assert [await websocket.receive() for _ in range(100)] == numbers + numbers


async def test_f60_messages_both_ways_while_upgrading(server: Server) -> None:
    """50 messages each way while upgrading: none lost, none doubled, order kept, no stray noop."""
    session = await server.polling()
    received: list[str] = []
    await session.send("4!stream 50 0.002", *[f"4c{number}" for number in range(10)])
    websocket = await session.websocket()
    await websocket.send("2probe")
    await session.send(*[f"4c{number}" for number in range(10, 25)])
    assert await websocket.receive() == "3probe"
    while "6" not in received:
        received += await session.poll()
    received.remove("6")
    await websocket.send("5", *[f"4c{number}" for number in range(25, 50)])
    while len(received) < 100:
        received.append(str(await websocket.receive()))

    assert [packet for packet in received if packet[1] != "c"] == [f"4{n}" for n in range(50)]
    assert [packet for packet in received if packet[1] == "c"] == [f"4c{n}" for n in range(50)]
    account = await server.account(session.key)
    assert account.messages[1:] == tuple(f"c{number}" for number in range(50))


async def test_polling_is_over_after_the_upgrade(server: Server) -> None:
    """After the switch, GET and POST for that sid: 400 code 3; the session is unharmed (F-7)."""
    session = await server.polling()
    websocket = await session.upgrade()
    await websocket.send("4one")
    assert await websocket.receive() == "4one"

    assert_refused(server, await session.get(), BAD_REQUEST)
    assert_refused(server, await session.post(b"4two"), BAD_REQUEST)

    await websocket.send("4three")
    assert await websocket.receive() == "4three"
    assert (await server.account(session.key)).messages == ("one", "three")


async def test_f59_a_second_websocket_for_an_upgraded_session(server: Server) -> None:
    """A second WebSocket for it: refused before it is accepted, the session is unharmed."""
    session = await server.polling()
    websocket = await session.upgrade()
    await websocket.send("4one")
    assert await websocket.receive() == "4one"

    assert_websocket_refused(server, await session.ask_websocket(), BAD_REQUEST)

    await websocket.send("4two")
    assert await websocket.receive() == "4two"


async def test_f59_a_second_websocket_for_a_websocket_session(server: Server) -> None:
    """A session that began on a WebSocket cannot be upgraded; it is unharmed."""
    session = await server.websocket()
    target = server.target(transport="websocket", sid=session.sid)

    assert_websocket_refused(server, await server.ask_websocket(target), BAD_REQUEST)

    await session.echo("unharmed")


async def test_f59_a_second_upgrade_while_one_is_pending(server: Server) -> None:
    """The second is refused, the first unharmed (SEC-06)."""
    session = await server.polling()
    first = await session.probe()

    assert_websocket_refused(server, await session.ask_websocket(), BAD_REQUEST)

    await first.send("5", "4hello")
    assert await first.receive() == "4hello"
    session.is_over = True


async def test_upgrades_that_are_switched_off(server: Server) -> None:
    """No upgrade is accepted where none is offered; polling continues."""
    session = await server.polling("no-upgrades")

    assert_websocket_refused(server, await session.ask_websocket(), BAD_REQUEST)

    await session.echo("unharmed")


async def _break(session: Polling, websocket: WebSocket, how: str) -> None:
    match how:
        case "reset":
            websocket.connection.reset()
        case "fin":
            websocket.connection.close()
        case "close":
            await websocket.close()
        case "bad frame":
            await websocket.frame(Opcode.TEXT, b"x", rsv=7)
            await websocket.closed()
        case message:
            await websocket.send(message)
            end = await websocket.closed()
            assert end.code == session.server.close_code(1002)


async def _next_upgrade_works(session: Polling) -> None:
    await session.echo("still polling")
    # The server notices the end of the first WebSocket a moment after we caused it.
    answer = await session.server.until(
        session.ask_websocket, lambda answer: isinstance(answer, WebSocket)
    )
    assert isinstance(answer, WebSocket)
    await answer.send("2probe", "5", "4upgraded")
    assert await answer.receive() == "3probe"
    assert await answer.receive() == "4upgraded"
    session.is_over = True


@pytest.mark.parametrize("how", ["reset", "fin", "close", "bad frame", "garbage", "", "7"])
async def test_f57_the_websocket_fails_instead_of_probing(server: Server, how: str) -> None:
    """RST, close or garbage instead of a probe: polling goes on, the next upgrade is allowed."""
    session = await server.polling()
    await _break(session, await session.websocket(), how)
    await _next_upgrade_works(session)


@pytest.mark.parametrize("how", ["reset", "fin", "close", "bad frame", "garbage", "2probe"])
async def test_f57_the_websocket_fails_after_the_probe(server: Server, how: str) -> None:
    """The same after `3probe`: polling goes on, nothing was lost."""
    session = await server.polling()
    await _break(session, await session.probe(), how)
    await _next_upgrade_works(session)


@pytest.mark.parametrize("message", ["5", "2", "2other", "4data", "6", "3probe", "1"])
async def test_f62_anything_but_a_probe_first(server: Server, message: str) -> None:
    """Anything else first: close the new transport only; the polling session continues."""
    session = await server.polling()
    websocket = await session.websocket()
    await websocket.send(message)
    assert (await websocket.closed()).code == server.close_code(1002)

    await session.echo("unharmed")
    assert (await server.account(session.key)).messages == ("unharmed",)


async def test_f62_binary_instead_of_a_probe(server: Server) -> None:
    """A binary frame is a message, so no probe."""
    session = await server.polling()
    websocket = await session.websocket()
    await websocket.send(b"2probe")
    await websocket.closed()
    await session.echo("unharmed")


@pytest.mark.timing
@pytest.mark.parametrize("probing", [False, True], ids=["no probe", "probe"])
async def test_f58_an_upgrade_that_takes_too_long(server: Server, probing: bool) -> None:
    """Nothing within `upgradeTimeout`: that WebSocket is closed, polling resumes."""
    session = await server.polling("impatient")
    await session.echo("before")
    websocket = await (session.probe() if probing else session.websocket())

    started = time.monotonic()
    await websocket.closed()

    assert time.monotonic() - started < SHORT + 1
    await session.echo("after")


@pytest.mark.parametrize("how", ["client", "server"])
async def test_f63_the_session_is_closed_while_upgrading(server: Server, how: str) -> None:
    """Both transports are closed, one event."""
    session = await server.polling()
    websocket = await session.probe()

    await session.send("1" if how == "client" else "4!close")

    await websocket.closed()
    assert await session.finish() == f"{how} disconnect"
    await server.until(session.get, lambda answer: answer.status == 400)
    assert_refused(server, await session.get(), SESSION_UNKNOWN)


async def test_f63_the_poll_is_dropped_while_upgrading(server: Server) -> None:
    """Tab closed during a poll, with a probe under way: one event, the WebSocket is closed."""
    session = await server.polling("heartbeat")
    websocket = await session.websocket()
    poll = await session.park()
    poll.connection.reset()

    assert await session.finish() == "transport error"
    await websocket.closed()


async def test_the_upgrade_packet_twice(server: Server) -> None:
    """`5` on an upgraded session is out of place: transport error."""
    session = await server.polling()
    websocket = await session.upgrade()
    await websocket.send("5")

    assert isinstance(await websocket.closed(), Closed)
    assert await session.finish() == "transport error"


async def test_the_upgraded_websocket_closes(server: Server) -> None:
    """The session ends with its WebSocket: polling does not come back."""
    session = await server.polling()
    websocket = await session.upgrade()
    await websocket.close()

    assert await session.finish() == "transport close"
    assert_refused(server, await session.get(), SESSION_UNKNOWN)


async def test_large_messages_around_an_upgrade(server: Server) -> None:
    """A message larger than any buffer, queued on polling, is fetched from the WebSocket whole."""
    session = await server.polling()
    websocket = await session.probe()
    await session.send("4" + "x" * 900_000)
    await websocket.send("5")
    packet = await websocket.receive()
    assert packet == "4" + "x" * 900_000


async def test_a_poll_after_the_probe_still_gets_messages(server: Server) -> None:
    """Messages sent before the switch go to polling or wait; none is lost."""
    session = await server.polling()
    websocket = await session.probe()
    poll = await session.get()
    assert split(poll.body) == ["6"]
    await session.send("4one")
    packets = [packet for packet in await session.poll() if packet != "6"]
    await websocket.send("5", "4two")
    while len(packets) < 2:
        packets.append(str(await websocket.receive()))
    assert packets == ["4one", "4two"]
    session.is_over = True
