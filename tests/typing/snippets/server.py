"""What an application with type annotations writes; every line must pass mypy --strict."""

from collections.abc import Callable
from typing import Any, Literal, assert_type

import engineio

eio = engineio.AsyncServer(async_mode="asgi", ping_interval=10.0, cors_allowed_origins="*")
app = engineio.ASGIApp(eio, None, engineio_path="engine.io")


@eio.on("connect")
async def connect(sid: str, environ: dict[str, Any]) -> bool | None:
    if environ.get("HTTP_AUTHORIZATION") is None:
        raise engineio.ConnectionRefused("who are you?", status=403)
    return None


@eio.on("message")
async def message(sid: str, data: engineio.Data) -> None:
    assert_type(data, str | bytes)
    assert_type(await eio.send(sid, data), bool)
    await eio.send(sid, {"answer": [1, 2, 3]})
    assert_type(await eio.broadcast(b"to all", sids=eio.sids), int)


@eio.on("disconnect")
def disconnect(sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo) -> None:
    assert_type(info.code, int | None)
    assert_type(info.undelivered, tuple[str | bytes, ...])
    if reason is engineio.Reason.PING_TIMEOUT:
        print(sid, reason.value, info.detail)


# A decorated handler keeps its own type, and the function form returns the handler.
def heartbeat(sid: str) -> int:
    return len(sid)


registered: Callable[[str], int] = eio.on("heartbeat", heartbeat)


async def sessions(sid: str) -> None:
    assert_type(eio.sids, list[str])
    assert_type(eio.transport(sid), Literal["polling", "websocket"])
    assert_type(await eio.get_session(sid), dict[str, Any])
    await eio.save_session(sid, {"name": "Ada"})
    async with eio.session(sid) as session:
        session["name"] = "Grace"
    await eio.disconnect(sid)
    await eio.disconnect()
    await eio.shutdown()
