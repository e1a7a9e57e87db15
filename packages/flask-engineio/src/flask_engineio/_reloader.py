"""The reloader of Werkzeug, which ends a process without a signal that could be heard."""

from __future__ import annotations

import threading
import weakref

from werkzeug.serving import is_running_from_reloader

from engineio import Server

__all__ = ["shut_down_with_reloader"]


def shut_down_with_reloader(server: Server) -> None:
    """Tell the clients of a server when the process is left by ``sys.exit``, as the reloader does.

    It sets its own handler for SIGTERM after the application was imported, and serves in a thread
    where no other handler can be set. A thread that is no daemon is waited for, though.
    """
    if is_running_from_reloader():
        threading.Thread(
            target=_wait, args=(weakref.ref(server),), name="engineio-reloader"
        ).start()


def _wait(reference: weakref.ref[Server]) -> None:
    threading.main_thread().join()
    server = reference()
    if server is not None and server.driver.is_started:
        server.shutdown()
