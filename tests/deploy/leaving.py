"""A server whose process ends, or makes a copy of itself, when a client says so.

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

first = os.getpid()
left = threading.Event()
eio = engineio.Server(async_mode="threading", ping_interval=0.5)


@eio.on("message")
def message(sid: str, data: str | bytes) -> None:
    """Do what a client wants."""
    if data == "leave" and os.getpid() != first:
        os._exit(0)
    elif data == "leave":
        left.set()
    elif data == "copy":
        eio.send(sid, _serving_copy())
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


def _serving_copy() -> str:
    """Return the port of a copy of this process that serves as well, without an `exec`."""
    reader, writer = os.pipe()
    if os.fork():
        os.close(writer)
        with os.fdopen(reader) as file:
            return file.readline().strip()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    os.write(writer, b"%d\n" % server.port)
    server.serve_forever()
    raise AssertionError("it never returns")


def _stay(began: Event) -> None:
    began.set()
    time.sleep(60)


def serve() -> None:
    """Serve until the process ends."""
    make_server("127.0.0.1", int(os.environ["PORT"]), app, threaded=True).serve_forever()


app = engineio.Middleware(eio)

if __name__ == "__main__":
    threading.Thread(target=serve, daemon=True).start()
    left.wait()
    sys.exit(3)
