"""Bounded memory and fairness, as far as they show on the wire (faults F-64 to F-69)."""

import asyncio

import pytest

from tests.conformance.harness.deployment import Ability
from tests.conformance.harness.server import Server
from tests.conformance.harness.sessions import Polling
from tests.conformance.harness.websocket import Closed

MEGABYTE = 1_000_000


@pytest.mark.timing
async def test_f64_a_websocket_that_never_reads(server: Server) -> None:
    """The queue is bounded; after the write deadline the session is closed as a slow client."""
    session = await server.websocket("impatient")
    await session.send("4!flood 40 900000")
    if not server.can(Ability.BACKPRESSURE):
        return

    account = await server.disconnected(session.key, within=4)

    assert account.reason == "slow client"
    assert account.goodbye.undelivered > 0
    assert account.goodbye.undelivered * 900_000 <= 3 * MEGABYTE


async def test_f65_a_client_that_never_polls(server: Server) -> None:
    """The policy `close`: a full queue ends the session; what was not delivered is listed."""
    session = await server.polling("narrow")
    await session.send("4!flood 50 10")

    account = await server.disconnected(session.key)

    assert account.reason == "slow client"
    assert account.goodbye.undelivered == 10


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_f65_a_message_over_max_payload_is_not_sent(server: Server, transport: str) -> None:
    """`send` refuses what no answer can carry: nothing of it goes out, the session goes on."""
    server.expected_errors.append("MessageTooLargeError")
    if transport == "polling":
        polling = await server.polling("small")
        await polling.send("4!bulk 1 1000")
        await polling.echo("still here")
    else:
        websocket = await server.websocket("small")
        await websocket.send("4!bulk 1 1000")
        await websocket.echo("still here")


async def test_policy_wait(server: Server) -> None:
    """The policy `wait`: `send` waits for room, nothing is lost."""
    session = await server.polling()
    await session.send("4!flood 3000 1")
    packets: list[str] = []
    while len(packets) < 3_000:
        packets += await session.poll()
    assert packets == ["4x"] * 3_000


PLACES = (9, 10)
"""In the queue; the answer to the handshake takes one until the server knows that it is out."""


async def test_policy_drop_oldest(server: Server) -> None:
    """The policy `drop_oldest`: the newest messages are kept."""
    session = await server.polling("drop-oldest")
    kept = await _kept(server, session)
    assert kept == [f"4{number}" for number in range(50 - len(kept), 50)]


async def test_policy_drop_newest(server: Server) -> None:
    """The policy `drop_newest`: the oldest messages are kept."""
    session = await server.polling("drop-newest")
    kept = await _kept(server, session)
    assert kept == [f"4{number}" for number in range(len(kept))]


async def _kept(server: Server, session: Polling) -> list[str]:
    """Make the server send fifty messages, and return what a full queue kept of them."""
    # The second is noted when the handler of the first is over.
    await session.send("4!send 50", "4!send 0")
    await server.until(
        lambda: server.account(session.key), lambda account: len(account.messages) == 2
    )
    kept = await session.poll()
    assert len(kept) in PLACES
    return kept


async def test_f68_a_flooding_client_does_not_hold_up_others(server: Server) -> None:
    """10 000 messages at once: all delivered in order, while the bystander talks on."""
    session = await server.websocket()
    messages = [f"4{number}" for number in range(10_000)]
    for start in range(0, len(messages), 500):
        await session.send(*messages[start : start + 500])
        assert [await session.receive() for _ in range(500)] == messages[start : start + 500]


async def test_a_reader_that_comes_back(server: Server) -> None:
    """A slow reader within its deadline gets everything, in order."""
    session = await server.websocket()
    await session.send("4!bulk 300 50000")
    await asyncio.sleep(0.3)  # every buffer on the way is full by now, and the queue too
    received = [str(await session.receive()) for _ in range(300)]
    assert [packet[1:9] for packet in received] == [f"{number:08}" for number in range(300)]
    assert session.ended is None or isinstance(session.ended, Closed)
