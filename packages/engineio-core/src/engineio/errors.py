"""Every exception that the library raises, as one tree.

::

    EngineIOError
    ├── ConfigError (ValueError)           an unknown or impossible option
    ├── UnknownSessionError (KeyError)     no open session has this sid
    ├── SessionClosedError                 the session ended while the call waited
    ├── MessageTooLargeError (ValueError)  a message can never fit ``max_payload``
    ├── QueueFullError                     the send queue is full and nobody can wait
    ├── ConnectionRefused                  raised by a ``connect`` handler to refuse
    └── ProtocolError
        ├── LocalProtocolError             the caller broke the engine's contract
        └── RemoteProtocolError            the peer broke the protocol
            └── PacketError                undecodable packet or payload
    BodyError                              why a request body could not be read (for gateways)
    ├── BodyTooLarge
    └── BodyAborted

Remote errors never reach an application: the engine turns them into an HTTP answer or a close.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "BodyAborted",
    "BodyError",
    "BodyTooLarge",
    "ConfigError",
    "ConnectionRefused",
    "EngineIOError",
    "LocalProtocolError",
    "MessageTooLargeError",
    "PacketError",
    "ProtocolError",
    "QueueFullError",
    "RemoteProtocolError",
    "SessionClosedError",
    "UnknownSessionError",
]


class EngineIOError(Exception):
    """The base of everything the library raises on purpose."""


class ConfigError(EngineIOError, ValueError):
    """An option is unknown, has a wrong type, or contradicts another one."""


class UnknownSessionError(EngineIOError, KeyError):
    """No open session has this session id: it was never known, or it has ended."""

    def __init__(self) -> None:
        # The sid is a bearer secret (protocol.md section 2), so the text does not repeat it.
        super().__init__("no open session has this session id")

    def __str__(self) -> str:
        return str(self.args[0])


class SessionClosedError(EngineIOError):
    """The session ended before a waiting ``send`` found room in its queue."""


class MessageTooLargeError(EngineIOError, ValueError):
    """A message is larger than ``max_payload`` and could never be delivered."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"a message of {size} bytes does not fit max_payload ({limit} bytes); raise the option"
        )
        self.size = size
        self.limit = limit


class QueueFullError(EngineIOError):
    """The send queue is full, its policy is ``wait``, and this call cannot wait."""


class ConnectionRefused(EngineIOError):
    """Raised by a ``connect`` handler to refuse the client with a status of its choice.

    Attributes:
        body: What the client reads, sent as JSON.
        status: The HTTP status, 400 to 599.
    """

    def __init__(self, body: Any = "Unauthorized", *, status: int = 401) -> None:
        if not 400 <= status <= 599:
            raise ValueError(f"a refusal needs an HTTP status from 400 to 599, not {status}")
        super().__init__(f"connection refused with status {status}")
        self.body = body
        self.status = status


class ProtocolError(EngineIOError):
    """The base of the two kinds of protocol error."""


class LocalProtocolError(ProtocolError):
    """The caller of the engine broke its contract: a defect of a shell or gateway."""


class RemoteProtocolError(ProtocolError):
    """The peer broke the protocol."""


class PacketError(RemoteProtocolError):
    """A packet or payload could not be decoded."""


class BodyError(Exception):
    """Why a gateway could not read a request body to its end."""


class BodyTooLarge(BodyError):
    """The body grew over the limit; reading stopped there."""


class BodyAborted(BodyError):
    """The client went away, or its framing was broken, before the body was complete."""
