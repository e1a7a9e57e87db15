"""While polling turns into a WebSocket no message is lost, doubled or reordered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conformance.harness.http import Address
from tests.interop.peer import POLLING, UPGRADE, Peer
from tests.support.chaos_proxy import ChaosProxy, Weather

pytestmark = pytest.mark.interop

RATES = (100, 200, 500, 1_000)
"""Messages in a second."""

SECONDS = 1.2
"""How long they are sent: longer than nearly every upgrade takes."""


@dataclass(slots=True)
class Tally:
    """What went wrong in numbered messages, all streams together."""

    messages: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0

    def add(self, numbers: Sequence[int], count: int) -> None:
        """Compare one stream with the ``count`` numbers that were sent."""
        first = dict.fromkeys(numbers)
        self.messages += count
        self.lost += count - len(first)
        self.doubled += len(numbers) - len(first)
        self.reordered += sum(a > b for a, b in zip(list(first), list(first)[1:], strict=False))


async def judge(peer: Peer, results: Sequence[Any]) -> Tally:
    """Add up the three streams of each session: the server's, the client's, and the echoes."""
    tally = Tally()
    for result in results:
        account = await peer.server.account(result["key"])
        heard = [int(text[1:]) for text in account.messages if text.startswith("c")]
        for stream in (result["stream"], result["echoes"], heard):
            tally.add(stream, result["count"])
    return tally


async def test_a_thousand_messages_each_way_during_the_upgrade(peer: Peer) -> None:
    count = 1_000
    jobs = [{"key": peer.key, "count": count, "rate": 500}]
    results = await peer.play("traffic", UPGRADE, jobs=jobs, atOnce=1)
    assert results[0]["transport"] == "websocket"
    assert results[0]["upgrade"]["sent"] < count, "the upgrade came when the messages were over"
    tally = await judge(peer, results)
    assert tally == Tally(messages=3 * count)


@pytest.mark.parametrize("upgrades", [20, pytest.param(200, marks=pytest.mark.soak)])
async def test_upgrades_over_a_bad_network(peer: Peer, upgrades: int) -> None:
    weather = Weather(delay=0.15, pieces=4, seed=upgrades)
    rates = [RATES[number % len(RATES)] for number in range(upgrades)]
    jobs: list[dict[str, Any]] = [
        {"key": peer.server.new_key(), "count": round(rate * SECONDS), "rate": rate}
        for rate in rates
    ]
    async with ChaosProxy(peer.server.address.port, weather) as proxy:
        via = Address("127.0.0.1", proxy.port)
        results = await peer.play("traffic", UPGRADE, via=via, jobs=jobs, atOnce=4)
    tally = await judge(peer, results)
    amid = sum(result["upgrade"]["sent"] < result["count"] for result in results)
    print(f"{upgrades} upgrades, {amid} of them amid the messages: {tally}")
    assert [result["transport"] for result in results] == ["websocket"] * upgrades
    assert amid > upgrades / 2, "most upgrades came when the messages were over"
    assert tally == Tally(messages=3 * sum(job["count"] for job in jobs))


async def test_a_session_goes_on_polling_where_websockets_are_blocked(peer: Peer) -> None:
    async with ChaosProxy(peer.server.address.port) as proxy:
        proxy.block_websockets = True
        via = Address("127.0.0.1", proxy.port)
        result = await peer.play("stayPolling", UPGRADE, via=via)
    assert result == {"transport": POLLING[0], "echo": "still here"}
