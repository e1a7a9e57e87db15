"""flask-engineio with all its defaults, under a WSGI server."""

from __future__ import annotations

import flask

from flask_engineio import EngineIO

from .wsgi_run import Application, run


def echo() -> Application:
    """Every message goes back to its sender."""
    eio = EngineIO(async_mode="threading")

    @eio.on_message
    def received(sid: str, data: str | bytes) -> None:
        eio.send(sid, data)

    return _application(eio)


def broadcast() -> Application:
    """Every message goes to all."""
    eio = EngineIO(async_mode="threading")

    @eio.on_message
    def received(sid: str, data: str | bytes) -> None:
        eio.broadcast(data)

    return _application(eio)


def _application(eio: EngineIO) -> Application:
    app = flask.Flask(__name__)
    eio.init_app(app)
    return app


if __name__ == "__main__":
    run({"echo": echo, "broadcast": broadcast})
