"""What is the same of a server in both shells: options and saved user sessions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

from .config import ServerConfig
from .errors import SessionClosedError, UnknownSessionError
from .protocol.outbox import SendOutcome
from .registrar import Registrar

__all__ = ["BaseServer", "is_accepted"]


class Record(Protocol):
    """What a server keeps for each session.

    Attributes:
        user: What ``save_session`` stored.
        kept: What `BaseServer.keep` stored.
    """

    user: dict[str, Any]
    kept: object


R = TypeVar("R", bound=Record)


class BaseServer(Registrar, Generic[R]):
    """The base of a server.

    Args:
        options: The fields of `ServerConfig`.

    Raises:
        ConfigError: An option is unknown or impossible.

    Attributes:
        config: The options.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__()
        self.config = ServerConfig.build(options)
        self._inboxes: dict[str, R] = {}

    def keep(self, sid: str, value: object) -> None:
        """Keep something with a session, for as long as its handlers may be called.

        For framework packages, which remember the handshake so. It is apart from what the
        application saves with ``save_session``.

        Raises:
            UnknownSessionError: There is no such session.
        """
        self._inbox(sid).kept = value

    def kept(self, sid: str) -> object:
        """Return what `keep` got for a session, None at first.

        Raises:
            UnknownSessionError: There is no such session. Until its ``disconnect`` handler has
                returned, there is.
        """
        return self._inbox(sid).kept

    def _inbox(self, sid: str) -> R:
        inbox = self._inboxes.get(sid)
        if inbox is None:
            raise UnknownSessionError
        return inbox

    @contextmanager
    def _saving(self, sid: str) -> Iterator[dict[str, Any]]:
        """Return what was saved for a client, and save it again unless the client has gone."""
        user = self._inbox(sid).user
        yield user
        if sid in self._inboxes:
            self._inboxes[sid].user = user


def is_accepted(outcome: SendOutcome) -> bool:
    """Return what ``send`` returns for the outcome of a message that waits no more.

    Raises:
        SessionClosedError: The session has ended.
    """
    if outcome is SendOutcome.CLOSED:
        raise SessionClosedError("the session ended before the message was accepted")
    return outcome is SendOutcome.ACCEPTED
