"""What an application with type annotations writes; every line must pass mypy --strict."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple, TypedDict, Unpack, assert_type

import engineio
from engineio.callbacks import EventName, HookName

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


# -- every form of a handler -------------------------------------------------------------------


@eio.on("connect")
def connect_plain(sid: str) -> bool:
    return bool(sid)


@eio.on("connect")
async def connect_environ(sid: str, environ: engineio.Environ) -> dict[str, str] | None:
    return {"error": "no"} if "HTTP_COOKIE" in environ.copy() else None


@eio.on("connect")
def connect_mapping(sid: str, environ: Mapping[str, Any]) -> str | None:
    value: object = environ["QUERY_STRING"]
    return None if value else "no query"


@eio.on("connect")
async def connect_maybe(sid: str, environ: engineio.Environ | None = None) -> None:
    print(sid, environ)


@eio.on("message")
def message_plain(sender: str, text: engineio.Data) -> int:
    return len(text)


# With decode_json=True a message may be more than text and bytes.
@eio.on("message")
async def message_json(sid: str, data: str | bytes | dict[str, Any] | list[Any]) -> None:
    await eio.send(sid, data)


@eio.on("message")
async def message_any(sid: str, data: Any) -> None:
    await eio.send(sid, data)


@eio.on("disconnect")
async def disconnect_sid(sid: str) -> None:
    print(sid)


@eio.on("disconnect")
async def disconnect_reason(sid: str, reason: str) -> None:
    print(sid, reason)


@eio.on("disconnect")
def disconnect_anything(*args: object) -> None:
    print(args)


class Chat:
    """Handlers that are methods, and objects that can be called."""

    def __init__(self) -> None:
        eio.on("connect", self.connect)
        eio.on("message", self)
        eio.on("message", partial(self.message_of_room, "room"))
        eio.on("disconnect", lambda sid: print(sid))

    async def connect(self, sid: str, environ: engineio.Environ) -> None:
        await eio.send(sid, "welcome")

    async def __call__(self, sid: str, data: engineio.Data) -> None:
        await eio.send(sid, data)

    async def message_of_room(self, room: str, sid: str, data: engineio.Data) -> None:
        await eio.send(sid, [room, sid])


# -- every hook --------------------------------------------------------------------------------


@eio.on("connection_error")
def refused(error: engineio.RequestRejected) -> None:
    print(error.code, error.context, error.request.path)


@eio.on("upgrade")
def upgraded(sid: str, transport: str) -> None:
    print(sid, transport)


@eio.on("open")
def opened(sid: str) -> None:
    print(sid)


@eio.on("close")
def closed(sid: str, info: engineio.DisconnectInfo) -> None:
    print(sid, info.reason)


@eio.on("packet")
def packet(sid: str, packet: engineio.Packet, direction: Literal["in", "out"]) -> None:
    print(sid, packet.type, direction)


@eio.on("headers")
def headers(headers: list[tuple[str, str]], request: engineio.Request) -> None:
    headers.append(("X-Path", request.path))


eio.on("initial_headers", headers)
eio.on("heartbeat", lambda sid: print(sid))
eio.on("drain", disconnect_plain := lambda sid: None)


# -- registering -------------------------------------------------------------------------------


# A decorated handler keeps its own type, and the function form returns the handler.
def measured(sid: str, data: engineio.Data) -> int:
    return len(data)


registered: Callable[[str, engineio.Data], int] = eio.on("message", measured)
assert_type(message_plain("sid", "text"), int)


def register(event: EventName, hook: HookName, function: Callable[..., Any]) -> None:
    """Register by names that are known later."""
    eio.on(event, function)
    eio.on(event)(function)
    eio.on(hook, function)


# -- options -----------------------------------------------------------------------------------


def allow(request: engineio.Request) -> bool | str:
    return request.headers.get("x-token") is not None or "no token"


def server(**options: Unpack[engineio.ServerOptions]) -> engineio.AsyncServer:
    return engineio.AsyncServer(async_mode="asgi", **options)


server(ping_interval=5, max_http_buffer_size=10, send_queue_policy="close", transports=["polling"])
server(allow_request=allow, generate_id=lambda request: request.path, cookie={"name": "io"})
server(cors_allowed_origins=lambda origin: origin.endswith(".example"), max_sessions=None)
settings: dict[str, Any] = {"ping_interval": 5}
server(**settings)


# -- sending -----------------------------------------------------------------------------------


class Move(TypedDict):
    """A message."""

    x: int


class Point(NamedTuple):
    """A message, too."""

    x: int


async def sends(sid: str, move: Move, numbers: list[int], names: dict[str, int]) -> None:
    for data in (move, numbers, names, Point(1), ("a", 1), OrderedDict(a=1)):
        await eio.send(sid, data)
    await eio.send(sid, bytearray(b"binary"))
    await eio.send(sid, memoryview(b"binary"))


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
