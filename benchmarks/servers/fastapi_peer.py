"""python-engineio mounted into a FastAPI application, with its defaults. Runs in .venv-peers."""

from __future__ import annotations

from fastapi import FastAPI

from . import asgi_peer
from .counts import Application


def _mounted(eio: Application) -> Application:
    app = FastAPI()
    # The whole of it: the application below looks for its path itself.
    app.mount("/", eio)
    return app


echo = _mounted(asgi_peer.echo)
broadcast = _mounted(asgi_peer.broadcast)
