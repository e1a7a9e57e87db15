"""A server whose process ends, or copies itself, when a client says so.

It serves in a thread that nobody waits for, as the reloaders of frameworks do.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from multiprocessing.synchronize import Event

from werkzeug.serving import make_server

import engineio
from engineio.types import Reason

left = threading.Event()
eio = engineio.Server(async_mode="threading")


@eio.on("message")
def message(sid: str, data: str | bytes) -> None:
    """Do what a client wants."""
    if data == "leave":
        left.set()
    elif data == "fork":
        eio.send(sid, str(_terminated_copy()))
    else:
        names = [thread.name for thread in threading.enumerate()]
        eio.send(sid, str(names.count("engineio-worker")))


@eio.on("disconnect")
def disconnect(sid: str, reason: Reason) -> None:
    """Say that a session has ended."""
    # In one piece: all of them may end at the same time.
    print(f"disconnected: {reason}\n", end="", flush=True)


def _terminated_copy() -> int | None:
    """Return the status of a copy of this process that SIGTERM has ended."""
    context = multiprocessing.get_context("fork")
    began = context.Event()
    copy = context.Process(target=_stay, args=(began,))
    copy.start()
    # A signal that comes before Python has noticed the fork is lost.
    began.wait()
    copy.terminate()
    copy.join()
    return copy.exitcode


def _stay(began: Event) -> None:
    began.set()
    time.sleep(60)


def serve() -> None:
    """Serve until the process ends."""
    make_server("127.0.0.1", int(os.environ["PORT"]), app, threaded=True).serve_forever()


if __name__ == "__main__":
    app = engineio.Middleware(eio)
    threading.Thread(target=serve, daemon=True).start()
    left.wait()
    sys.exit(3)
