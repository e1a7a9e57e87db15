"""The states of a session and of an upgrade, and every transition there is.

Two rules for this file: all transitions stand here, as tables; and an illegal transition is simply
a key that is missing. Nothing here knows about transports, time or the application.
"""

from __future__ import annotations

from enum import Enum, auto

from ..errors import LocalProtocolError
from .packet import Packet, PacketType

__all__ = ["State", "UpgradeState", "UpgradeStep", "advance", "upgrade_step"]


class State(Enum):
    """The life of a session."""

    CONNECTING = auto()
    """The application has not decided yet; the client knows no sid."""

    OPEN = auto()
    """The application accepted; messages flow."""

    CLOSING = auto()
    """It has ended for the application; queued packets and the close may still go out."""

    CLOSED = auto()
    """Nothing more will happen."""


_TRANSITIONS: dict[State, frozenset[State]] = {
    State.CONNECTING: frozenset({State.OPEN, State.CLOSED}),
    State.OPEN: frozenset({State.CLOSING}),
    State.CLOSING: frozenset({State.CLOSED}),
    State.CLOSED: frozenset(),
}


def advance(current: State, new: State) -> State:
    """Return ``new`` if a session may go there from ``current``.

    Raises:
        LocalProtocolError: There is no such transition.
    """
    if new not in _TRANSITIONS[current]:
        raise LocalProtocolError(f"a session cannot go from {current.name} to {new.name}")
    return new


class UpgradeState(Enum):
    """How far a WebSocket has come in taking over from polling (protocol.md section 8)."""

    OPENED = auto()
    PROBED = auto()


class UpgradeStep(Enum):
    """What a packet on the probing WebSocket asks for."""

    ANSWER_PROBE = auto()
    SWITCH = auto()
    ABANDON = auto()


_UPGRADE: dict[tuple[UpgradeState, Packet], UpgradeStep] = {
    (UpgradeState.OPENED, Packet(PacketType.PING, "probe")): UpgradeStep.ANSWER_PROBE,
    (UpgradeState.PROBED, Packet(PacketType.UPGRADE)): UpgradeStep.SWITCH,
}


def upgrade_step(state: UpgradeState, packet: Packet) -> UpgradeStep:
    """Return what ``packet`` means for an upgrade in ``state``.

    "Anything else first: close the new transport only; the polling session continues normally."
    """
    return _UPGRADE.get((state, packet), UpgradeStep.ABANDON)
