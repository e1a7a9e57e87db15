"""Standard threads: a Flask application with Engine.IO beside it, on Flask's development server."""

import os

from flask import Flask

import engineio

eio = engineio.Server(async_mode="threading")
app = Flask(__name__)
app.wsgi_app = engineio.Middleware(eio, app.wsgi_app)  # type: ignore[method-assign]  # as Flask says


@app.route("/")
def index() -> str:
    """Answer like any Flask application."""
    return "hello from Flask"


@eio.on("message")
def message(sid: str, data: str | bytes) -> None:
    """Send every message back."""
    eio.send(sid, data)


if __name__ == "__main__":
    app.run("127.0.0.1", int(os.environ.get("PORT", "8000")), threaded=True)
