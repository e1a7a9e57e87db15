"""What the engine tells the application through the shell.

`Connecting`, `MessageReceived` and `Disconnected` become handler calls; hooks hear of the others,
and of the end too.
The order in which they come out is the order in which they happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from ..http.request import Request
from ..types import Data, DisconnectInfo, Transport
from .packet import Packet

if TYPE_CHECKING:
    from .session import Session

__all__ = [
    "Connecting",
    "Disconnected",
    "Drained",
    "Event",
    "HeartbeatReceived",
    "MessageReceived",
    "Observed",
    "Opened",
    "PacketTraced",
    "RequestRejected",
    "Upgraded",
]


class Connecting(NamedTuple):
    """A client wants a session: call the handler, then `Engine.accept` or `Engine.refuse`."""

    session: Session
    request: Request


class Opened(NamedTuple):
    """A session was accepted. Exactly one `Disconnected` follows."""

    session: Session


class MessageReceived(NamedTuple):
    """A message arrived on an open session."""

    session: Session
    data: Data


class Disconnected(NamedTuple):
    """An accepted session ended."""

    session: Session
    info: DisconnectInfo


class Drained(NamedTuple):
    """A send queue that refused a message has room again."""

    session: Session


class Upgraded(NamedTuple):
    """A session moved from polling to another transport."""

    session: Session
    transport: Transport


class HeartbeatReceived(NamedTuple):
    """The client answered a ping (EIO 4) or sent one (EIO 3)."""

    session: Session


class PacketTraced(NamedTuple):
    """A packet went by; emitted only while tracing is on."""

    session: Session
    packet: Packet
    direction: Literal["in", "out"]


class RequestRejected(NamedTuple):
    """A request was refused by the protocol or the configuration.

    Attributes:
        request: The request.
        code: The error code of protocol.md section 6.
        message: Its message.
        context: Which of the causes behind that code it was.
        error: What the application's own function raised, if that was the cause.
    """

    request: Request
    code: int
    message: str
    context: str
    error: BaseException | None = None


Observed: TypeAlias = (
    Opened | Disconnected | Drained | Upgraded | HeartbeatReceived | PacketTraced | RequestRejected
)
"""The events that hooks hear of."""

Event: TypeAlias = Connecting | MessageReceived | Observed
