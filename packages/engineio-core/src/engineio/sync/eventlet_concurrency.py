"""The mode ``eventlet``: green threads, with or without monkey patching."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

import eventlet
from eventlet.green import socket as green_socket
from eventlet.green import threading as green_threading
from eventlet.hubs import trampoline
from eventlet.patcher import original
from eventlet.support.greenlets import GreenletExit

from .background import logged
from .concurrency import Concurrency, Event, Lock, Task

__all__ = ["Greenlets"]


class _Task:
    """A green thread that can be joined like a thread."""

    def __init__(self, thread: Any) -> None:
        self._thread = thread

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        with eventlet.Timeout(timeout, False):
            self._thread.wait()


class Greenlets(Concurrency):
    """Green threads of eventlet."""

    exits = (KeyboardInterrupt, SystemExit, GreenletExit)
    # A signal handler of Python does not wake eventlet's hub, so something else has to.
    longest_wait = 0.5

    def mutex(self) -> Lock:
        """Return a lock of the system: no green thread ever switches while it holds one."""
        lock: Lock = original("_thread").allocate_lock()
        return lock

    def lock(self) -> Lock:
        """Return a lock that lets other green threads run."""
        lock: Lock = green_threading.Lock()
        return lock

    def event(self) -> Event:
        """Return an event that lets other green threads run."""
        event: Event = green_threading.Event()
        return event

    def start(self, function: Callable[[], object]) -> None:
        """Spawn a green thread."""
        eventlet.spawn_n(function)

    def background(self, function: Callable[..., Any], *args: Any) -> Task:
        """Spawn a green thread."""
        return _Task(eventlet.spawn(logged, function, *args))

    def sleep(self, seconds: float) -> None:
        """Let other green threads run."""
        eventlet.sleep(seconds)

    def adopt(self, descriptor: int) -> Any:
        """Return a green socket."""
        return green_socket.socket(fileno=os.dup(descriptor))

    def wait_writable(self, sock: socket.socket, timeout: float) -> None:
        """Let other green threads run until the descriptor is writable."""
        try:
            trampoline(sock, write=True, timeout=timeout, timeout_exc=TimeoutError)
        except TimeoutError:
            return
