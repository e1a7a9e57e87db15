"""gevent's own server, without monkey patching."""

import os

from gevent import pywsgi

import engineio

eio = engineio.Server(async_mode="gevent")
app = engineio.Middleware(eio)


@eio.on("message")
def message(sid: str, data: str | bytes) -> None:
    """Send every message back."""
    eio.send(sid, data)


if __name__ == "__main__":
    pywsgi.WSGIServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), app).serve_forever()
