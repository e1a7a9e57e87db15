"""What an input to the engine leads to beyond the lock: jobs, handlers and hooks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ..protocol.events import Observed
from .concurrency import Lock
from .delivery import Inbox

__all__ = ["Observations", "Work"]


class Work:
    """What one thread has to do after it gave the lock back.

    Attributes:
        jobs: Calls to make, in order.
        inboxes: Where somebody has to call ``run``.
    """

    __slots__ = ("inboxes", "jobs")

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []
        self.inboxes: list[Inbox] = []


class Observations:
    """The events that hooks have not heard of yet.

    Args:
        lock: The driver's lock.
        tell: Tells the hooks.
    """

    def __init__(self, lock: Lock, tell: Callable[[Observed], None]) -> None:
        self._lock = lock
        self._tell = tell
        self._waiting: deque[Observed] = deque()
        self._telling = False

    def add(self, event: Observed) -> None:
        """Add an event; the lock is held."""
        self._waiting.append(event)

    def tell(self) -> None:
        """Tell the hooks: one thread at a time, so that they hear of everything in its order."""
        while self._waiting:
            with self._lock:
                if self._telling:
                    return
                self._telling = True
                batch = list(self._waiting)
                self._waiting.clear()
            try:
                for event in batch:
                    self._tell(event)
            finally:
                self._telling = False
