"""Sessions live through many heartbeats, in the direction of their protocol revision."""

from __future__ import annotations

import pytest

from tests.interop.peer import Peer, Transports

pytestmark = pytest.mark.interop


async def test_several_heartbeats(peer: Peer, transports: Transports) -> None:
    result = await peer.play("heartbeat", transports, profile="legacy-heartbeat", pongs=4)
    assert result == {"echo": "alive", "upgrades": len(transports) - 1}
    account = await peer.server.disconnected(peer.key)
    assert account.reason != "ping timeout"
