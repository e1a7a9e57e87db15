"""Names that every layer shares: payload types, transports, disconnect reasons.

Only the standard library may be imported here, and nothing here may hold state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Literal, Protocol, TypeAlias

__all__ = [
    "Data",
    "DisconnectInfo",
    "Environ",
    "JSONModule",
    "OverflowPolicy",
    "Reason",
    "Revision",
    "SendData",
    "SyncHandlers",
    "Transport",
    "TransportName",
]

Data: TypeAlias = str | bytes
"""What a message carries on the wire: text or binary (packet type 4)."""

SendData: TypeAlias = (
    str | bytes | bytearray | memoryview | Mapping[str, Any] | list[Any] | tuple[Any, ...]
)
"""What ``send`` takes: text, any bytes-like value, or a dict, list or tuple sent as JSON text."""

Environ: TypeAlias = dict[str, Any]
"""What a ``connect`` handler gets of a request, under the names of CGI (PEP 3333): a plain dict."""

TransportName: TypeAlias = Literal["polling", "websocket"]
"""The names of the ``transports`` option and of the ``transport`` query parameter."""

OverflowPolicy: TypeAlias = Literal["wait", "close", "drop_oldest", "drop_newest"]
"""What happens to a message that finds its session's send queue full."""

SyncHandlers: TypeAlias = Literal["thread", "inline"]
"""Where the asyncio server runs handlers that are plain functions."""


class JSONModule(Protocol):
    """The two functions of the ``json`` module that a replacement must offer."""

    def dumps(self, obj: Any, /) -> str | bytes:
        """Return ``obj`` as JSON text."""

    def loads(self, text: str, /) -> Any:
        """Return the value of a JSON text, or raise ``ValueError``."""


class Transport(StrEnum):
    """The transport that a session uses now."""

    POLLING = "polling"
    WEBSOCKET = "websocket"


class Revision(IntEnum):
    """The protocol revision, as in the ``EIO`` query parameter."""

    V3 = 3
    V4 = 4


class Reason(StrEnum):
    """Why a session ended: the second argument of a ``disconnect`` handler.

    The set is stable. A member is a ``str``, so it can be compared with and logged as its text.
    """

    CLIENT_DISCONNECT = "client disconnect"
    SERVER_DISCONNECT = "server disconnect"
    PING_TIMEOUT = "ping timeout"
    TRANSPORT_CLOSE = "transport close"
    TRANSPORT_ERROR = "transport error"
    PARSE_ERROR = "parse error"
    PAYLOAD_TOO_LARGE = "payload too large"
    SLOW_CLIENT = "slow client"
    SERVER_SHUTDOWN = "server shutdown"


@dataclass(frozen=True, slots=True)
class DisconnectInfo:
    """What is known about a disconnect: the optional third argument of its handler.

    Attributes:
        reason: The stable reason.
        detail: One English sentence fragment for logs; not stable.
        code: The WebSocket close code the peer sent (RFC 6455 section 7.4), if there was one.
        undelivered: Messages that ``send`` had accepted and the transport had not, oldest first. A
            session that the server ends lets them go out first, and ``disconnect`` comes when they
            are out, or after ``close_timeout``.
    """

    reason: Reason
    detail: str = ""
    code: int | None = None
    undelivered: tuple[Data, ...] = ()
