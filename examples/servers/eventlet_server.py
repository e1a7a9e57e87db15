"""eventlet's own server, without monkey patching."""

import os

import eventlet
import eventlet.wsgi

import engineio

eio = engineio.Server(async_mode="eventlet")
app = engineio.Middleware(eio)


@eio.on("message")
def message(sid: str, data: str | bytes) -> None:
    """Send every message back."""
    eio.send(sid, data)


if __name__ == "__main__":
    eventlet.wsgi.server(eventlet.listen(("127.0.0.1", int(os.environ.get("PORT", "8000")))), app)
