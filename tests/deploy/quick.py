"""An application that echoes and has a quick heartbeat, as a user's module has it.

The environment variable ``MODE`` chooses the ``async_mode``.
"""

from __future__ import annotations

import os

import engineio

eio = engineio.Server(async_mode=os.environ["MODE"], ping_interval=0.3)
app = engineio.Middleware(eio)


@eio.on("message")
def message(sid: str, data: str | bytes) -> None:
    """Send every message back."""
    eio.send(sid, data)
