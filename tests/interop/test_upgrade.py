"""While polling turns into a WebSocket no message is lost, doubled or reordered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.conformance.harness.http import Address
from tests.interop.peer import POLLING, UPGRADE, Peer
from tests.interop.tally import Tally
from tests.support.chaos_proxy import ChaosProxy, Weather

pytestmark = pytest.mark.interop

UPGRADES = 20
"""How many there are in one test."""

SOAK_SEEDS = [pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 11)]
"""Ten times as many for each client in each runtime, each time in other weather."""

RATES = (100, 200, 500, 1_000)
"""Messages in a second."""

SECONDS = 1.2
"""How long they are sent: longer than nearly every upgrade takes."""


async def judge(peer: Peer, results: Sequence[Any]) -> Tally:
    """Add up the three streams of each session: the server's, the client's, and the echoes."""
    tally = Tally(upgrades=len(results))
    for result in results:
        account = await peer.server.account(result["key"])
        heard = [int(text[1:]) for text in account.messages if text.startswith("c")]
        for stream in (result["stream"], result["echoes"], heard):
            tally.add_stream(stream, sent=result["count"])
    return tally


async def test_a_thousand_messages_each_way_during_the_upgrade(peer: Peer) -> None:
    count = 1_000
    jobs = [{"key": peer.key, "count": count, "rate": 500}]
    results = await peer.play("traffic", UPGRADE, jobs=jobs, atOnce=1)
    assert results[0]["transport"] == "websocket"
    assert results[0]["upgrade"]["sent"] < count, "the upgrade came when the messages were over"
    tally = await judge(peer, results)
    assert tally == Tally(upgrades=1, messages=3 * count)


@pytest.mark.parametrize("seed", [0, *SOAK_SEEDS])
async def test_upgrades_over_a_bad_network(peer: Peer, total: Tally, seed: int) -> None:
    weather = Weather(delay=0.15, pieces=4, seed=seed)
    rates = [RATES[number % len(RATES)] for number in range(UPGRADES)]
    jobs: list[dict[str, Any]] = [
        {"key": peer.server.new_key(), "count": round(rate * SECONDS), "rate": rate}
        for rate in rates
    ]
    async with ChaosProxy(peer.server.address.port, weather) as proxy:
        via = Address("127.0.0.1", proxy.port)
        results = await peer.play("traffic", UPGRADE, via=via, jobs=jobs, atOnce=4)
    tally = await judge(peer, results)
    total.add(tally)
    assert tally == Tally(upgrades=UPGRADES, messages=3 * sum(job["count"] for job in jobs))
    assert [result["transport"] for result in results] == ["websocket"] * UPGRADES
    amid = sum(result["upgrade"]["sent"] < result["count"] for result in results)
    assert amid > UPGRADES / 2, "most upgrades came when the messages were over"


async def test_a_session_goes_on_polling_where_websockets_are_blocked(peer: Peer) -> None:
    async with ChaosProxy(peer.server.address.port) as proxy:
        proxy.block_websockets = True
        via = Address("127.0.0.1", proxy.port)
        result = await peer.play("stayPolling", UPGRADE, via=via)
    assert result == {"transport": POLLING[0], "echo": "still here"}
