"""gevent's own server, without an access log."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from gevent import pywsgi
from gevent.queue import Queue

__all__ = ["Queue", "connection", "serve"]


def serve(application: Callable[..., Any], port: int) -> None:
    """Serve until the process is stopped."""
    pywsgi.WSGIServer(("127.0.0.1", port), application, log=None).serve_forever()


def connection(environ: dict[str, Any]) -> socket.socket:
    """Return the connection of a request."""
    stream: socket.socket = environ["wsgi.input"].raw._sock
    return stream
