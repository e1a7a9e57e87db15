"""The functions that an application registers, as a type checker sees them.

Shared by both shells and by the framework packages; `engineio.handlers` holds the same facts for
the moment in which a function is registered. Arguments are positional: a handler names them as it
likes. A handler may be a plain function or a coroutine function, a hook is always a plain one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol, TypeAlias

from .http.request import Request
from .http.response import Header
from .protocol.events import RequestRejected
from .protocol.packet import Packet
from .types import Data, DisconnectInfo, Reason, TransportName

__all__ = [
    "CloseHook",
    "ConnectHandler",
    "ConnectHandlerOfSid",
    "ConnectHandlerWithEnviron",
    "ConnectionErrorHook",
    "DisconnectHandler",
    "DisconnectHandlerOfSid",
    "DisconnectHandlerWithInfo",
    "DisconnectHandlerWithReason",
    "EventName",
    "HeadersHook",
    "HookName",
    "MessageHandler",
    "PacketHook",
    "SessionHook",
    "UpgradeHook",
]

EventName: TypeAlias = Literal["connect", "message", "disconnect"]
"""The events; each has one handler."""

HookName: TypeAlias = Literal[
    "open",
    "close",
    "connection_error",
    "upgrade",
    "heartbeat",
    "drain",
    "packet",
    "initial_headers",
    "headers",
]
"""The hooks; each may have several functions."""


class ConnectHandlerOfSid(Protocol):
    """``connect(sid)``: decides whether a client may come in."""

    def __call__(self, sid: str, /) -> object:
        """Return (or resolve to) None or True to accept, anything else to refuse with 401."""


class ConnectHandlerWithEnviron(Protocol):
    """``connect(sid, environ)``: decides with a look at the request.

    ``environ`` is a dict (`engineio.Environ`), or the framework's own request where a framework
    carries the server; that is why its type is left open here.
    """

    def __call__(self, sid: str, environ: Any, /) -> object:
        """Return (or resolve to) None or True to accept, anything else to refuse with 401."""


ConnectHandler: TypeAlias = ConnectHandlerOfSid | ConnectHandlerWithEnviron
"""Every handler of ``connect``."""


class MessageHandler(Protocol):
    """``message(sid, data)``: takes what a client has sent.

    Only with ``decode_json`` may ``data`` be a dict or list, too: then annotate it with
    `engineio.SendData`, or with Any.
    """

    def __call__(self, sid: str, data: Data, /) -> object:
        """Take a message; what is returned is ignored."""


class DisconnectHandlerOfSid(Protocol):
    """``disconnect(sid)``: hears that a session has ended."""

    def __call__(self, sid: str, /) -> object:
        """Hear of the end; what is returned is ignored."""


class DisconnectHandlerWithReason(Protocol):
    """``disconnect(sid, reason)``: hears why, too."""

    def __call__(self, sid: str, reason: Reason, /) -> object:
        """Hear of the end; what is returned is ignored."""


class DisconnectHandlerWithInfo(Protocol):
    """``disconnect(sid, reason, info)``: hears all that is known."""

    def __call__(self, sid: str, reason: Reason, info: DisconnectInfo, /) -> object:
        """Hear of the end; what is returned is ignored."""


DisconnectHandler: TypeAlias = (
    DisconnectHandlerOfSid | DisconnectHandlerWithReason | DisconnectHandlerWithInfo
)
"""Every handler of ``disconnect``."""

ConnectionErrorHook: TypeAlias = Callable[[RequestRejected], None]
"""The hook ``connection_error``."""

UpgradeHook: TypeAlias = Callable[[str, TransportName], None]
"""The hook ``upgrade``."""

SessionHook: TypeAlias = Callable[[str], None]
"""The hooks ``open``, ``heartbeat`` and ``drain``."""

CloseHook: TypeAlias = Callable[[str, DisconnectInfo], None]
"""The hook ``close``."""

PacketHook: TypeAlias = Callable[[str, Packet, Literal["in", "out"]], None]
"""The hook ``packet``."""

HeadersHook: TypeAlias = Callable[[list[Header], Request], None]
"""The hooks ``initial_headers`` and ``headers``."""
