"""What differs between threads and greenlets: locks, events, starting something, sleeping.

Everything else in this shell is the same in every mode. `load` returns the object of a mode; the
modules of gevent and eventlet are imported for their own modes only.
"""

from __future__ import annotations

import os
import selectors
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from types import TracebackType
from typing import Any, Protocol

from .background import logged
from .workers import Workers

__all__ = ["Concurrency", "Event", "Lock", "Task", "Threads", "load"]

_MODULES = {"gevent": "gevent", "gevent_uwsgi": "gevent", "eventlet": "eventlet"}


class Lock(Protocol):
    """A lock, as that of `threading`."""

    def acquire(self, blocking: bool = True) -> bool:
        """Take it; False if that would have to wait and may not."""

    def release(self) -> object:
        """Give it back."""

    def __enter__(self) -> object: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> object: ...


class Event(Protocol):
    """An event, as that of `threading`."""

    def set(self) -> object:
        """Wake all who wait."""

    def clear(self) -> object:
        """Let the next ones wait."""

    def wait(self, timeout: float | None = None) -> object:
        """Wait until it is set, for ``timeout`` seconds at the most."""

    def is_set(self) -> bool:
        """Whether nobody would have to wait."""


class Task(Protocol):
    """A background task."""

    def join(self, timeout: float | None = None) -> object:
        """Wait for its end, for ``timeout`` seconds at the most."""


class Concurrency(ABC):
    """What a mode offers.

    Attributes:
        exits: What ends a thread or greenlet when it is raised, and must not be swallowed.
        longest_wait: The most seconds that the timer may sleep at once.
    """

    exits: tuple[type[BaseException], ...] = (KeyboardInterrupt, SystemExit)
    longest_wait = 3_600.0

    @abstractmethod
    def mutex(self) -> Lock:
        """Return a lock that is held for moments in which nothing waits.

        Threads of the system may compete for it in every mode.
        """

    @abstractmethod
    def lock(self) -> Lock:
        """Return a lock under which something may wait."""

    @abstractmethod
    def event(self) -> Event:
        """Return an event that is not set."""

    @abstractmethod
    def start(self, function: Callable[[], object]) -> None:
        """Run a function of this shell beside everything else, and return at once."""

    def start_job(self, job: Callable[[], object]) -> None:
        """Run a function of this shell beside everything else: now, or once that can be."""
        self.start(job)

    def start_late(self) -> None:
        """Try again to run what could not be run so far."""
        return

    def take_late(self) -> list[Callable[[], object]]:
        """Return what could not be run so far, for the caller to see to."""
        return []

    def forked(self) -> None:
        """Forget what runs in the process that this one is a copy of."""
        return

    @abstractmethod
    def background(self, function: Callable[..., Any], *args: Any) -> Task:
        """Run a function of the application beside everything else; what it raises is logged."""

    @abstractmethod
    def sleep(self, seconds: float) -> None:
        """Let others run for ``seconds``."""

    @abstractmethod
    def adopt(self, descriptor: int) -> Any:
        """Return a socket of this mode for a descriptor that a server lends; it is duplicated."""

    @abstractmethod
    def wait_writable(self, sock: socket.socket, timeout: float) -> None:
        """Return when ``sock`` takes bytes again, or after ``timeout`` seconds."""


class Threads(Concurrency):
    """The mode ``threading``."""

    def __init__(self) -> None:
        self._workers = Workers()
        self._late: deque[Callable[[], object]] = deque()

    def mutex(self) -> Lock:
        """Return a `threading.Lock`."""
        return threading.Lock()

    def lock(self) -> Lock:
        """Return a `threading.Lock`."""
        return threading.Lock()

    def event(self) -> Event:
        """Return a `threading.Event`."""
        return threading.Event()

    def start(self, function: Callable[[], object]) -> None:
        """Run ``function`` in a worker thread."""
        self._workers.start(function)

    def start_job(self, job: Callable[[], object]) -> None:
        """Run ``job`` in a worker thread; if there can be none, as soon as there is one.

        Not here and now: the timer must wait for nobody.
        """
        self._late.append(job)
        self.start_late()

    def start_late(self) -> None:
        """Try again to run what could not be run so far, in its order."""
        with suppress(IndexError):
            while True:
                job = self._late.popleft()
                try:
                    self._workers.start(job)
                except RuntimeError:
                    # The system has no more threads, or Python is ending (from 3.12 on).
                    self._late.appendleft(job)
                    return

    def take_late(self) -> list[Callable[[], object]]:
        """Return what could not be run so far, for the caller to see to."""
        late, self._late = self._late, deque()
        return list(late)

    def forked(self) -> None:
        """Have no worker: those of the other process are not here."""
        self._workers = Workers()
        self._late = deque()

    def background(self, function: Callable[..., Any], *args: Any) -> Task:
        """Run ``function`` in a thread that does not hold up the end of the process."""
        task = threading.Thread(target=logged, args=(function, *args), daemon=True)
        task.start()
        return task

    def sleep(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def adopt(self, descriptor: int) -> Any:
        """Return a socket, which blocks or not as the server has it."""
        return socket.socket(fileno=os.dup(descriptor))

    def wait_writable(self, sock: socket.socket, timeout: float) -> None:
        """Wait for the descriptor."""
        with selectors.DefaultSelector() as selector:
            selector.register(sock, selectors.EVENT_WRITE)
            selector.select(timeout)


def load(mode: str) -> Concurrency:
    """Return the concurrency of a mode that `engineio.modes` has resolved."""
    if mode not in _MODULES:
        return Threads()
    module = import_module(f".{_MODULES[mode]}_concurrency", __package__)
    concurrency: Concurrency = module.Greenlets()
    return concurrency
