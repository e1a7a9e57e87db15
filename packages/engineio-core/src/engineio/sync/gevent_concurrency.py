"""The modes ``gevent`` and ``gevent_uwsgi``: greenlets, with or without monkey patching."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

import gevent
import gevent.event
import gevent.lock
import gevent.socket
from gevent.monkey import get_original

from .background import logged
from .concurrency import Concurrency, Event, Lock, Task

__all__ = ["Greenlets"]


class Greenlets(Concurrency):
    """Greenlets of gevent."""

    exits = (KeyboardInterrupt, SystemExit, gevent.GreenletExit)

    def mutex(self) -> Lock:
        """Return a lock of the system: no greenlet ever switches while it holds one."""
        lock: Lock = get_original("_thread", "allocate_lock")()
        return lock

    def lock(self) -> Lock:
        """Return a semaphore, which lets other greenlets run."""
        lock: Lock = gevent.lock.Semaphore(1)
        return lock

    def event(self) -> Event:
        """Return an event of gevent."""
        event: Event = gevent.event.Event()
        return event

    def start(self, function: Callable[[], object]) -> None:
        """Spawn a greenlet."""
        gevent.spawn(function)

    def background(self, function: Callable[..., Any], *args: Any) -> Task:
        """Spawn a greenlet."""
        task: Task = gevent.spawn(logged, function, *args)
        return task

    def sleep(self, seconds: float) -> None:
        """Let other greenlets run."""
        gevent.sleep(seconds)

    def adopt(self, descriptor: int) -> Any:
        """Return a socket of gevent."""
        return gevent.socket.socket(fileno=os.dup(descriptor))

    def wait_writable(self, sock: socket.socket, timeout: float) -> None:
        """Let other greenlets run until the descriptor is writable."""
        try:
            gevent.socket.wait_write(sock.fileno(), timeout)
        except gevent.socket.timeout:
            return
