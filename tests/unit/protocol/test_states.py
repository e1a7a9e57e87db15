"""The tables of states: every transition there is, and no other."""

from itertools import product

import pytest

from engineio.errors import LocalProtocolError
from engineio.protocol.packet import Packet, PacketType
from engineio.protocol.states import State, UpgradeState, UpgradeStep, advance, upgrade_step

LEGAL = [
    (State.CONNECTING, State.OPEN),
    (State.CONNECTING, State.CLOSED),
    (State.OPEN, State.CLOSING),
    (State.CLOSING, State.CLOSED),
]
ILLEGAL = [pair for pair in product(State, State) if pair not in LEGAL]


@pytest.mark.parametrize(("current", "new"), LEGAL)
def test_a_session_goes_from_state_to_state(current, new):
    assert advance(current, new) is new


@pytest.mark.parametrize(("current", "new"), ILLEGAL)
def test_any_other_transition_is_a_mistake_of_ours(current, new):
    with pytest.raises(LocalProtocolError, match=f"from {current.name} to {new.name}"):
        advance(current, new)


PROBE = Packet(PacketType.PING, "probe")
UPGRADE = Packet(PacketType.UPGRADE)


def test_an_upgrade_is_a_probe_and_then_an_upgrade_packet():
    assert upgrade_step(UpgradeState.OPENED, PROBE) is UpgradeStep.ANSWER_PROBE
    assert upgrade_step(UpgradeState.PROBED, UPGRADE) is UpgradeStep.SWITCH


@pytest.mark.parametrize(
    ("state", "packet"),
    [
        *((UpgradeState.OPENED, Packet(kind)) for kind in PacketType),
        (UpgradeState.OPENED, Packet(PacketType.PING, "prob")),
        (UpgradeState.OPENED, Packet(PacketType.PONG, "probe")),
        (UpgradeState.OPENED, Packet(PacketType.MESSAGE, b"probe")),
        *((UpgradeState.PROBED, Packet(kind)) for kind in PacketType if kind != UPGRADE.type),
        (UpgradeState.PROBED, PROBE),
        (UpgradeState.PROBED, Packet(PacketType.UPGRADE, "now")),
    ],
)
def test_f62_anything_else_abandons_the_upgrade(state, packet):
    """Rule: "Anything else first: close the new transport only"."""
    assert upgrade_step(state, packet) is UpgradeStep.ABANDON
