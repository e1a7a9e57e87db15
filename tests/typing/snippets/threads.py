"""What an application for threads writes; every line must pass mypy --strict."""

from typing import Any, Unpack, assert_type

import engineio

eio = engineio.Server(async_mode="threading", ping_interval=10.0, cors_allowed_origins="*")
app = engineio.Middleware(eio, None, engineio_path="engine.io")


@eio.on("connect")
def connect(sid: str, environ: engineio.Environ) -> bool | None:
    if environ.get("HTTP_AUTHORIZATION") is None:
        raise engineio.ConnectionRefused("who are you?", status=403)
    return None


@eio.on("message")
def message(sid: str, data: engineio.Data) -> None:
    assert_type(eio.send(sid, data), bool)
    eio.send(sid, {"answer": [1, 2, 3]})
    assert_type(eio.broadcast(b"to all", sids=eio.sids), int)
    with eio.session(sid) as user:
        assert_type(user, dict[str, Any])


@eio.on("disconnect")
def disconnect(sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo) -> None:
    assert_type(info.undelivered, tuple[str | bytes, ...])


def configured(**options: Unpack[engineio.ServerOptions]) -> engineio.Server:
    """Pass options on."""
    return engineio.Server("gevent", **options)
