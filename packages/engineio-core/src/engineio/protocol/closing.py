"""How a session ends: the only place that ends one.

`Disconnected` is emitted here alone, once for each session that was open. The first reason wins. A
close that lets queued messages go out first is told when they are out, or will never be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..types import Data, DisconnectInfo, Reason
from . import rejections, upgrade
from .actions import Port
from .events import Disconnected
from .packet import CLOSE, NOOP, PacketType
from .rejections import Rejection
from .schedule import Timed
from .states import State, advance

if TYPE_CHECKING:
    from .session import Session

__all__ = ["POST_REJECTIONS", "ClosingPort", "drop", "end", "failure", "finish", "too_big"]

# RFC 6455 section 7.4.1: 1001 going away, 1002 protocol error, 1008 policy, 1009 too big.
_CLOSE_CODES: dict[Reason, int] = {
    Reason.SERVER_SHUTDOWN: 1001,
    Reason.PARSE_ERROR: 1002,
    Reason.TRANSPORT_ERROR: 1002,
    Reason.PAYLOAD_TOO_LARGE: 1009,
}
# What the queue holds still goes out after these; after every other reason nobody would read it.
_GRACEFUL = frozenset({Reason.SERVER_DISCONNECT, Reason.SERVER_SHUTDOWN})
# The port is gone, or takes no write and so would take no close either.
_BEYOND_WORDS = frozenset({Reason.TRANSPORT_CLOSE, Reason.SLOW_CLIENT})
POST_REJECTIONS: dict[Reason | None, Rejection] = {
    Reason.PARSE_ERROR: rejections.PARSE_ERROR,
    Reason.TRANSPORT_ERROR: rejections.INVALID_PACKET,
}
"""What a POST is answered whose packets ended the session; ``ok`` for every other reason."""


class ClosingPort(Timed):
    """A port in its closing handshake: dropped when the peer does not take part in time.

    Args:
        port: The port.
        deadline: When it is dropped.
        drop: What drops it.
    """

    __slots__ = ("_deadline", "_drop", "port")

    def __init__(self, port: Port, deadline: float, drop: Callable[[Port], None]) -> None:
        super().__init__()
        self.port = port
        self._deadline = deadline
        self._drop = drop

    def due(self) -> float:
        """Return the deadline."""
        return self._deadline

    def tick(self, now: float) -> None:
        """Drop the port."""
        self._drop(self.port)


def failure(code: int) -> Reason:
    """Return why a session ends whose WebSocket failed with a close code."""
    too_large = code == _CLOSE_CODES[Reason.PAYLOAD_TOO_LARGE]
    return Reason.PAYLOAD_TOO_LARGE if too_large else Reason.TRANSPORT_ERROR


def end(session: Session, now: float, reason: Reason, detail: str, code: int | None = None) -> None:
    """End an open session, or what is left of one that is closing already."""
    if session.state is not State.OPEN:
        if session.state is State.CLOSING:
            # The application knows already; only the transport was still being told.
            _give_up(session, reason)
        return
    graceful = reason in _GRACEFUL
    session.state = advance(session.state, State.CLOSING)
    session.reason = reason
    session.heartbeat.stop()
    session.deadline = now + session.hub.config.close_timeout
    session.held = None
    session.refresh()
    session.doomed = (reason, detail, code)
    if reason is Reason.CLIENT_DISCONNECT:
        # It reads its last answer before it says that it leaves.
        session.outbox.acknowledge()
    if not graceful:
        _tell(session, session.outbox.clear())
    elif not session.outbox.holds(PacketType.MESSAGE):
        _tell(session, ())
    upgrade.abandon(session, now, 1000, "the session ended")
    session.polling.end_post(POST_REJECTIONS.get(reason, rejections.SESSION_UNKNOWN))
    if graceful:
        session.put(CLOSE)
        session.flush(now)
    else:
        _leave(session, now, reason)


def too_big(session: Session, now: float, port: Port) -> None:
    """A WebSocket message over ``max_payload`` begins to arrive on a port of the session."""
    if session.upgrade is not None and session.upgrade.port == port:
        upgrade.abandon(session, now, 1009, "the message is too big")
    elif session.state is State.OPEN:
        end(session, now, Reason.PAYLOAD_TOO_LARGE, "a WebSocket message over max_payload")


def _tell(session: Session, undelivered: tuple[Data, ...]) -> None:
    """Tell the application, unless it knows: now that it is certain what was not delivered."""
    if session.doomed is not None:
        info = DisconnectInfo(*session.doomed, undelivered)
        session.doomed = None
        session.hub.emit(Disconnected(session, info))


def _close(session: Session) -> None:
    """Nothing is left to do."""
    _tell(session, session.outbox.clear())
    session.closed()


def _leave(session: Session, now: float, reason: Reason) -> None:
    """Let go of the transport at once: nothing is left to say but why."""
    # "Client sends 1: answer the held GET with 6, answer the POST ok, drop the session."
    client = reason is Reason.CLIENT_DISCONNECT
    session.polling.release(NOOP if client else CLOSE)
    if reason in _BEYOND_WORDS:
        _give_up(session, reason)
    else:
        finish(session, now)


def _give_up(session: Session, reason: Reason) -> None:
    """Leave without another word."""
    if reason is Reason.TRANSPORT_CLOSE:
        _close(session)
    else:
        drop(session)


def finish(session: Session, now: float) -> None:
    """Everything was delivered; what remains is the closing handshake of the port."""
    # A client that polls again has got all there is.
    session.outbox.acknowledge()
    session.polling.release(CLOSE)
    if session.websocket is not None and session.reason is not None:
        code = _CLOSE_CODES.get(session.reason, 1000)
        session.hub.hang_up(now, session.websocket.port, code, session.reason.value)
    _close(session)


def drop(session: Session) -> None:
    """The peer took no part in the close."""
    if session.websocket is not None:
        session.hub.abort(session.websocket.port)
    _close(session)
