"""gevent's own server with the handler of gevent-websocket, for those who have it in their code."""

import os

from gevent import pywsgi
from geventwebsocket.handler import WebSocketHandler

import engineio

eio = engineio.Server(async_mode="gevent")
app = engineio.Middleware(eio)


@eio.on("message")
def message(sid: str, data: str | bytes) -> None:
    """Send every message back."""
    eio.send(sid, data)


if __name__ == "__main__":
    address = ("127.0.0.1", int(os.environ.get("PORT", "8000")))
    pywsgi.WSGIServer(address, app, handler_class=WebSocketHandler).serve_forever()
