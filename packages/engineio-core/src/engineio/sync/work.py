"""What an input to the engine leads to beyond the lock: jobs, handlers and hooks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from math import inf

from ..protocol.events import Observed
from .concurrency import Concurrency, Lock
from .delivery import Inbox
from .port import WebSocketPort

__all__ = ["Observations", "Performer", "Work"]

# How often a thread that sends may write what others have sent meanwhile.
_ROUNDS = 16


class Work:
    """What one thread has to do after it gave the lock back.

    Attributes:
        jobs: Calls to make, in order. One that returns a port has had everything taken by it.
        inboxes: Where somebody has to call ``run``.
    """

    __slots__ = ("inboxes", "jobs")

    def __init__(self) -> None:
        self.jobs: list[Callable[[], WebSocketPort | None]] = []
        self.inboxes: list[Inbox] = []


class Performer:
    """Does what comes out of the engine, in the thread that brought the input.

    Args:
        concurrency: What the mode offers.
        tell: Tells the hooks what they have not heard yet.
        drained: Tells the engine which ports have taken what they were given; returns what comes.
    """

    def __init__(
        self,
        concurrency: Concurrency,
        tell: Callable[[], None],
        drained: Callable[[list[WebSocketPort]], Work | None],
    ) -> None:
        self._concurrency = concurrency
        self._tell = tell
        self._drained = drained

    def do(self, work: Work, here: WebSocketPort | None, own: Inbox | None) -> None:
        """Do what one input has led to.

        Args:
            work: What it is.
            here: The WebSocket whose serving thread this is, if it is one.
            own: The inbox of its session, which is run here.
        """
        self._concurrency.start_late()
        inboxes = self._jobs(work, _ROUNDS)
        for inbox in inboxes:
            if inbox is not own:
                self._concurrency.start_job(inbox.run)
        if own in inboxes:
            own.run(here)

    def hand_over_late(self, in_time: Callable[[], bool]) -> None:
        """Run the inboxes for which there was no thread, while it is time."""
        for job in self._concurrency.take_late():
            # Nothing else: what writes to a client that is slow would wait for it.
            if isinstance(getattr(job, "__self__", None), Inbox) and in_time():
                job()

    def _jobs(self, work: Work | None, rounds: float) -> list[Inbox]:
        """Do the jobs, and those that they lead to; return the inboxes that have to be run.

        What a port takes at once makes room for what others have sent meanwhile, which is written
        here too. After so many rounds a worker goes on with it, or a ``send`` might never return.
        """
        inboxes: list[Inbox] = []
        while work is not None:
            self._tell()
            taken = [port for job in work.jobs if (port := job()) is not None]
            inboxes += work.inboxes
            work = self._drained(taken) if taken else None
            rounds -= 1
            if work is not None and rounds <= 0:
                # Without a thread to be had this one goes on.
                with suppress(RuntimeError):
                    self._concurrency.start(partial(self._go_on, work))
                    break
        return inboxes

    def _go_on(self, work: Work) -> None:
        """Do the jobs that were too many for another thread (by a worker)."""
        for inbox in self._jobs(work, inf):
            self._concurrency.start_job(inbox.run)


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
            try:
                # One after the other: a hook may end this thread.
                while self._waiting:
                    self._tell(self._waiting.popleft())
            finally:
                self._telling = False
