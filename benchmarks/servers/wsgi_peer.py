"""python-engineio under a WSGI server, with all its defaults. Runs in .venv-peers.

With gevent the standard library is patched, as its documentation asks.
"""

from __future__ import annotations

import sys

if sys.argv[1] == "pywsgi":
    from gevent import monkey

    monkey.patch_all()

import engineio

from .wsgi_run import SERVER, Application, run


def _server() -> engineio.Server:
    return engineio.Server(async_mode="gevent" if SERVER == "pywsgi" else "threading")


def echo() -> Application:
    """Every message goes back to its sender."""
    eio = _server()

    @eio.on("message")
    def on_message(sid: str, data: str | bytes) -> None:
        eio.send(sid, data)

    return engineio.WSGIApp(eio)


def broadcast() -> Application:
    """Every message goes to all."""
    eio = _server()
    sids: set[str] = set()

    @eio.on("connect")
    def on_connect(sid: str, environ: object) -> None:
        sids.add(sid)

    @eio.on("disconnect")
    def on_disconnect(sid: str) -> None:
        sids.discard(sid)

    @eio.on("message")
    def on_message(sid: str, data: str | bytes) -> None:
        for other in list(sids):
            eio.send(other, data)

    return engineio.WSGIApp(eio)


if __name__ == "__main__":
    run({"echo": echo, "broadcast": broadcast})
