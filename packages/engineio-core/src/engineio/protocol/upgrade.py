"""A WebSocket that wants to take over from polling (protocol.md section 8).

What lives here: how far it has come, when parked polls must be let go, and the switch, which moves
a session from one transport to the other. The table of its steps is in ``states``.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from ..errors import PacketError
from ..types import Data, Reason, Transport
from . import closing
from .actions import Port, Write
from .events import Upgraded
from .packet import NOOP, Packet, PacketType
from .states import UpgradeState, UpgradeStep, upgrade_step

if TYPE_CHECKING:
    from .session import Session

__all__ = ["Upgrade", "abandon", "begin", "hold", "probe", "release_held", "tick"]

PROBE_ANSWER = Packet(PacketType.PONG, "probe")
# Frames that may wait for a POST that outlives its transport.
_MAX_HELD = 1_000

# "Every GET that arrives until step 3 gets 6 at once or within a short tick (Node every 100 ms)":
# at once would let a fast client spin, so each noop is at least this long after the one before.
_NOOP_TICK = 0.1


class Upgrade:
    """An upgrade under way.

    Args:
        port: The probing WebSocket.
        deadline: When it must be over.

    Attributes:
        port: The probing WebSocket.
        deadline: When it must be over.
        state: How far it has come.
        busy: Whether the port is still taking the answer to the probe (or is not accepted yet).
        noop_due: When the parked poll must be let go; ``inf`` while there is none.
    """

    __slots__ = ("_next_noop", "busy", "deadline", "noop_due", "port", "state")

    def __init__(self, port: Port, deadline: float) -> None:
        self.port = port
        self.deadline = deadline
        self.state = UpgradeState.OPENED
        self.busy = True
        self.noop_due = inf
        self._next_noop = 0.0

    def parked(self, now: float) -> bool:
        """A poll is parked: whether it must be let go at once; else `noop_due` says when."""
        if self.state is UpgradeState.OPENED:
            return False
        if now >= self._next_noop:
            self._next_noop = now + _NOOP_TICK
            self.noop_due = inf
            return True
        self.noop_due = self._next_noop
        return False

    def released(self) -> None:
        """The parked poll was answered with packets."""
        self.noop_due = inf


def begin(session: Session, now: float, port: Port) -> None:
    """A WebSocket with this sid was accepted into the upgrade."""
    session.touch()
    session.upgrade = Upgrade(port, now + session.hub.config.upgrade_timeout)


def probe(session: Session, now: float, data: Data) -> None:
    """A WebSocket message arrived on the probing port."""
    upgrade = session.upgrade
    assert upgrade is not None, "the engine routes only frames of a probing port here"
    try:
        step = upgrade_step(upgrade.state, session.codec.decode_frame(data))
    except PacketError:
        step = UpgradeStep.ABANDON
    if step is UpgradeStep.ANSWER_PROBE:
        upgrade.state = UpgradeState.PROBED
        upgrade.busy = True
        session.hub.emit(Write(upgrade.port, [session.codec.encode_frame(PROBE_ANSWER)]))
        if session.polling.get is not None and upgrade.parked(now):
            session.polling.release(NOOP)
    elif step is UpgradeStep.SWITCH:
        _switch(session, now, upgrade)
    else:
        abandon(session, now, 1002, "expected a probe")


def abandon(session: Session, now: float, code: int, reason: str) -> None:
    """Close the probing port only: "the polling session continues normally"."""
    if session.upgrade is not None:
        upgrade, session.upgrade = session.upgrade, None
        session.hub.hang_up(now, upgrade.port, code, reason)


def _switch(session: Session, now: float, upgrade: Upgrade) -> None:
    # "Server switches, flushes queued packets in order to the new transport, drops the old
    # one." The client's last poll has ended, or it would not have sent 5.
    session.upgrade = None
    session.polling.release(NOOP)
    session.transport = Transport.WEBSOCKET
    websocket = session.attach(upgrade.port)
    websocket.busy = upgrade.busy
    if session.polling.post is not None:
        # A POST is still arriving: what it carries was sent before what comes on the WebSocket.
        session.held = []
    session.refresh()
    session.hub.emit(Upgraded(session, session.transport))
    session.answered(now)


def hold(session: Session, now: float, data: Data) -> None:
    """A frame came while a POST is still arriving: it waits until that has been delivered."""
    held = session.held
    assert held is not None, "only while a POST outlives its transport"
    held.append(data)
    if sum(map(len, held)) > session.hub.config.max_payload or len(held) > _MAX_HELD:
        closing.end(session, now, Reason.TRANSPORT_ERROR, "too much sent before a POST ended")


def release_held(session: Session, now: float) -> None:
    """The POST has been delivered: so are the frames that waited for it."""
    if session.held is None:
        return
    held, session.held = session.held, None
    session.refresh()
    for data in held:
        session.frame(now, data)


def tick(session: Session, now: float) -> None:
    """Do what is due of an upgrade at ``now``."""
    upgrade = session.upgrade
    if upgrade is None:
        return
    if upgrade.deadline <= now:
        abandon(session, now, 1002, "the upgrade took too long")
    elif upgrade.noop_due <= now and upgrade.parked(now):
        session.polling.release(NOOP)
