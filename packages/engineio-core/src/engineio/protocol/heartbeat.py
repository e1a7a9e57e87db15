"""Who pings whom, and when silence means that the peer is gone (protocol.md section 7).

Two rules for this file: time is an argument, in seconds on one monotonic clock; and a heartbeat
never acts, it says what is due.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum, auto
from math import inf

from ..types import Revision

__all__ = ["Beat", "ClientPings", "Heartbeat", "ServerPings", "heartbeat_for"]

# A tick that comes this much later than asked for (seconds) means that this process was stopped or
# starved, so the silence it sees may be its own (faults.md F-82).
_LATE = 1.0


class Beat(Enum):
    """What is due."""

    PING = auto()
    TIMEOUT = auto()


class Heartbeat(ABC):
    """The clock of one session.

    Attributes:
        deadline: When `tick` is due; ``inf`` once stopped.
        heard: Set by whoever receives anything from the client.
        alive: Set by whoever knows that the client is there although nothing was received from it;
            it counts only while the server itself does not read.
    """

    __slots__ = ("_blind", "_extended", "_interval", "_timeout", "alive", "deadline", "heard")

    def __init__(self, interval: float, timeout: float) -> None:
        self._interval = interval
        self._timeout = timeout
        self._extended = False
        self._blind = False
        self.deadline = inf
        self.heard = False
        self.alive = False

    def start(self, now: float) -> None:
        """Begin, when the application has accepted the session."""
        self._expect(now)

    def stop(self) -> None:
        """End for good."""
        self.deadline = inf

    def pause(self) -> None:
        """The server reads nothing from the client from now on, so silence is its own doing.

        Pings go on, because the client relies on them; `alive` decides in the place of answers.
        """
        self._blind = True

    @abstractmethod
    def resume(self, now: float) -> None:
        """The server reads again: what is expected of the client may take its whole time."""

    @abstractmethod
    def tick(self, now: float) -> Beat | None:
        """Return what is due at ``now``; call it when the deadline has passed."""

    @abstractmethod
    def answered(self, now: float) -> bool:
        """Take note of a PONG; False if the client may not send one."""

    @abstractmethod
    def pinged(self, now: float) -> bool:
        """Take note of a PING; False if the client may not send one."""

    @abstractmethod
    def _expect(self, now: float) -> None:
        """Set the deadline for what the client has to send next."""

    def _wait(self, now: float, seconds: float) -> None:
        self.heard = False
        self._extended = False
        self.deadline = now + seconds

    def _silence(self, now: float, extension: float) -> Beat | None:
        """Decide on a deadline that passed without the packet it was set for.

        "Another packet while waiting extends once", and so does a tick that was itself late.
        """
        late = now - self.deadline > _LATE
        if self._extended or not (self.heard or late):
            return Beat.TIMEOUT
        self._wait(now, extension)
        self._extended = True
        return None

    def _vouched_for(self) -> bool:
        """Whether the client is known to be there while nothing is read from it."""
        alive, self.alive = self.alive, False
        return self._blind and alive


class ServerPings(Heartbeat):
    """EIO 4: "server sends 2 one pingInterval after open; waits at most pingTimeout for 3"."""

    __slots__ = ("_awaiting",)

    def __init__(self, interval: float, timeout: float) -> None:
        super().__init__(interval, timeout)
        self._awaiting = False

    def _expect(self, now: float) -> None:
        self._wait(now, self._timeout if self._awaiting else self._interval)

    def tick(self, now: float) -> Beat | None:
        """Return a ping to send, or the timeout."""
        if self._awaiting and not self._vouched_for():
            return self._silence(now, self._timeout)
        self._awaiting = True
        self._expect(now)
        return Beat.PING

    def resume(self, now: float) -> None:
        """A ping that is out gets its whole time; one that is due later stays due then."""
        self._blind = False
        if self._awaiting:
            self._expect(now)

    def answered(self, now: float) -> bool:
        """A pong: "next ping is one interval after the pong". An unsolicited one is harmless."""
        if self._awaiting:
            self._awaiting = False
            self._expect(now)
        return True

    def pinged(self, now: float) -> bool:
        """Invalid: in EIO 4 the server pings."""
        return False


class ClientPings(Heartbeat):
    """EIO 3: "client sends 2 every interval; closes after interval + timeout without one"."""

    __slots__ = ()

    def _expect(self, now: float) -> None:
        self._wait(now, self._interval + self._timeout)

    def tick(self, now: float) -> Beat | None:
        """Return the timeout."""
        if self._vouched_for():
            self._expect(now)
            return None
        return self._silence(now, self._timeout)

    def resume(self, now: float) -> None:
        """The client's next ping gets its whole time."""
        self._blind = False
        self._expect(now)

    def answered(self, now: float) -> bool:
        """Invalid: in EIO 3 the client pings."""
        return False

    def pinged(self, now: float) -> bool:
        """A ping: the client is alive."""
        self._expect(now)
        return True


def heartbeat_for(revision: Revision, interval: float, timeout: float) -> Heartbeat:
    """Return the heartbeat of ``revision``; times in seconds."""
    kind = ServerPings if revision is Revision.V4 else ClientPings
    return kind(interval, timeout)
