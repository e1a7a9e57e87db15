"""For gunicorn's worker for threads."""

import engineio

eio = engineio.Server(async_mode="threading")
app = engineio.Middleware(eio)


@eio.on("message")
def message(sid: str, data: str | bytes) -> None:
    """Send every message back."""
    eio.send(sid, data)
