"""Werkzeug's development server with its threads, without an access log."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from queue import SimpleQueue as Queue
from typing import Any

from werkzeug.serving import run_simple

__all__ = ["Queue", "connection", "serve"]


def serve(application: Callable[..., Any], port: int) -> None:
    """Serve until the process is stopped."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    run_simple("127.0.0.1", port, application, threaded=True)


def connection(environ: dict[str, Any]) -> socket.socket:
    """Return the connection of a request."""
    stream: socket.socket = environ["werkzeug.socket"]
    return stream
