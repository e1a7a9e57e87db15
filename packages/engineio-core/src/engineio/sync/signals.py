"""Hearing of the end before the server that runs us ends the process or waits for requests.

WSGI knows no shutdown, and a parked poll is a request that does not end. So our signal handler
comes first: it starts the shutdown beside everything else, and when all clients were told the
signal is raised again, for the handler that was there before.

A process may also end without a signal that we hear: reloaders call `sys.exit` and set handlers of
their own after the import, and uWSGI has one in C. Clients are told when Python exits then.
"""

from __future__ import annotations

import atexit
import os
import signal
import threading
import weakref
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .server import Server

__all__ = ["StopSignals"]

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


_UNTIL_EXIT: weakref.WeakSet[Server] = weakref.WeakSet()


class StopSignals:
    """The handler of all servers of a process.

    Args:
        server: The first of them.
    """

    def __init__(self, server: Server) -> None:
        self._server = weakref.ref(server)
        self._servers: weakref.WeakSet[Server] = weakref.WeakSet([server])
        self._previous: dict[int, Any] = {}
        self._lock = threading.Lock()
        self._left = 0
        self._is_stopping = False

    def install(self) -> None:
        """Come before the handlers that are set, or join those of another server.

        A signal that is ignored is left alone, and so is everything outside the main thread, where
        Python does not let handlers be set.
        """
        server = self._server()
        if server is None:
            return
        _at_exit(server)
        for number in _SIGNALS:
            previous = signal.getsignal(number)
            owner = getattr(previous, "__self__", None)
            if isinstance(owner, StopSignals):
                owner.join(server)
            elif previous not in (None, signal.SIG_IGN):
                # Which thread this is cannot be asked where eventlet has patched `threading`.
                with suppress(ValueError):
                    signal.signal(number, self._handle)
                    self._previous[number] = previous

    def join(self, server: Server) -> None:
        """Shut down one server more."""
        self._servers.add(server)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        # In the main thread, between any two steps of whatever it does: it may hold our lock, so
        # nothing that takes a lock can be done here.
        servers = [server for server in list(self._servers) if server.driver.is_started]
        if self._is_stopping or not servers:
            self._pass_on(number, frame)
            return
        self._is_stopping = True
        self._left = len(servers)
        for server in servers:
            try:
                server.start_background_task(self._stop, server, number)
            except RuntimeError:
                # The system has no thread to give, or Python is ending and tells everybody itself.
                self._left -= 1
        if not self._left:
            self._is_stopping = False
            self._pass_on(number, frame)

    def _stop(self, server: Server, number: int) -> None:
        try:
            server.shutdown()
        finally:
            with self._lock:
                self._left -= 1
                is_last = not self._left
            if is_last:
                os.kill(os.getpid(), number)

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        previous = self._previous.get(number, signal.SIG_DFL)
        if callable(previous):
            previous(number, frame)
        else:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)


def _at_exit(server: Server) -> None:
    """Shut a server down when Python exits."""
    _UNTIL_EXIT.add(server)
    # What was registered last comes first: handlers still find what the application closes.
    atexit.unregister(_exit)
    atexit.register(_exit)
    # Threads that are no daemons are waited for before that, and those of a server end through us.
    # `concurrent.futures` ends its own in this way; it has no public name.
    register = getattr(threading, "_register_atexit", None)
    if register is not None:
        with suppress(RuntimeError):
            # Python is ending already.
            register(_exit)


def _exit() -> None:
    for server in list(_UNTIL_EXIT):
        if server.driver.is_started:
            server.shutdown()
