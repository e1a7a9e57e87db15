"""For the worker for eventlet that gunicorn had before version 26."""

import engineio

eio = engineio.Server(async_mode="eventlet")
app = engineio.Middleware(eio)


@eio.on("message")
def message(sid: str, data: str | bytes) -> None:
    """Send every message back."""
    eio.send(sid, data)
