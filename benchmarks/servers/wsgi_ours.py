"""engineio-core under a WSGI server, with all its defaults; nothing is patched."""

from __future__ import annotations

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

    return engineio.Middleware(eio)


def broadcast() -> Application:
    """Every message goes to all."""
    eio = _server()

    @eio.on("message")
    def on_message(sid: str, data: str | bytes) -> None:
        eio.broadcast(data)

    return engineio.Middleware(eio)


if __name__ == "__main__":
    run({"echo": echo, "broadcast": broadcast})
