"""What a test client raises."""

from __future__ import annotations

from ..errors import EngineIOError
from .network import Answer

__all__ = ["ConnectionClosed", "ConnectionRejected"]


class ConnectionRejected(EngineIOError):
    """The server refused a handshake or an upgrade.

    Attributes:
        answer: The HTTP answer, or None if the server just dropped the connection.
        status: Its status, 0 without an answer.
        body: Its body.
    """

    def __init__(self, answer: Answer | None) -> None:
        self.answer = answer
        self.status = 0 if answer is None else answer.status
        self.body = b"" if answer is None else answer.body
        detail = f"with {self.status}: {self.body!r}" if answer else "without an answer"
        super().__init__(f"the server refused the connection {detail}")


class ConnectionClosed(EngineIOError):
    """The session has ended.

    Attributes:
        code: The WebSocket close code, or None.
        reason: Why, for people.
    """

    def __init__(self, code: int | None, reason: str) -> None:
        super().__init__(f"the session is closed: {reason}" + (f" ({code})" if code else ""))
        self.code = code
        self.reason = reason
