"""What mypy must reject: each line names the error it has to cause, and causes no other."""

from typing import Any

import engineio

eio = engineio.AsyncServer(async_mode="asgi")


async def mistakes() -> None:
    await eio.send("sid", 1.5)  # type: ignore[arg-type]  # not a message
    await eio.send("sid", range(3))  # type: ignore[arg-type]  # no list: JSON has no range
    await eio.send("sid", {1, 2})  # type: ignore[arg-type]  # JSON has no set
    await eio.broadcast(None)  # type: ignore[arg-type]  # None is no message
    await eio.send(1, "text")  # type: ignore[arg-type]  # a sid is a str
    await eio.save_session("sid", ["Ada"])  # type: ignore[arg-type]  # a session is a dict
    eio.sids = []  # type: ignore[misc]  # read-only
    eio.emit("sid", "text")  # type: ignore[attr-defined]  # there is no such method
    engineio.AsynServer()  # type: ignore[attr-defined]  # a misspelt public name
    engineio.ASGIApp(None)  # type: ignore[arg-type]  # no server


# -- options -----------------------------------------------------------------------------------

engineio.AsyncServer(ping_intervall=3)  # type: ignore[call-arg]  # a misspelt option
engineio.AsyncServer(max_payload="big")  # type: ignore[arg-type]  # a size is a number
engineio.AsyncServer(send_queue_policy="drop")  # type: ignore[arg-type]  # drop_oldest or drop_newest
engineio.AsyncServer(transports=["sse"])  # type: ignore[list-item]  # there is no such transport


async def allow(request: engineio.Request) -> bool:
    return bool(request.path)


engineio.AsyncServer(allow_request=allow)  # type: ignore[arg-type]  # it must not be async


# -- handlers ----------------------------------------------------------------------------------


@eio.on("message")
async def message(sid: str, data: engineio.Data) -> None:
    data.encode()  # type: ignore[union-attr]  # it may be bytes


eio.on(b"message", message)  # type: ignore[call-overload]  # an event's name is a str
eio.on("conect", message)  # type: ignore[call-overload]  # a misspelt event
eio.on("mesage")  # type: ignore[call-overload]  # a misspelt event as a decorator
eio.on("message", 5)  # type: ignore[call-overload]  # no function


@eio.on("message")  # type: ignore[type-var]  # other arguments, of other types
async def message_of_four(sid: int, data: list[int], more: Any, again: Any) -> None: ...


@eio.on("message")  # type: ignore[type-var]  # a sid is a str
async def message_of_number(sid: int, data: engineio.Data) -> None: ...


@eio.on("message")  # type: ignore[type-var]  # it may be bytes
async def message_of_text(sid: str, data: str) -> None: ...


@eio.on("message")  # type: ignore[type-var]  # message takes two arguments
def message_of_one(sid: str) -> None: ...


@eio.on("connect")  # type: ignore[type-var]  # connect takes one or two arguments
def connect_of_three(sid: str, environ: engineio.Environ, auth: Any) -> None: ...


@eio.on("connect")  # type: ignore[type-var]  # arguments are positional
def connect_by_name(*, sid: str) -> None: ...


@eio.on("disconnect")  # type: ignore[type-var]  # the second argument is the reason
def disconnect_with_code(sid: str, code: int) -> None: ...


@eio.on("disconnect")  # type: ignore[type-var]  # disconnect takes three arguments at the most
def disconnect_of_four(sid: str, reason: Any, info: Any, more: Any) -> None: ...


eio.on("message", message_of_number)  # type: ignore[call-overload]  # the same as a function
eio.on("connect", connect_of_three)  # type: ignore[call-overload]  # the same as a function
eio.on("disconnect", disconnect_of_four)  # type: ignore[call-overload]  # the same as a function


# -- hooks -------------------------------------------------------------------------------------


@eio.on("heartbeat")  # type: ignore[type-var]  # a hook is a plain function
async def heartbeat(sid: str) -> None: ...


@eio.on("upgrade")  # type: ignore[type-var]  # a hook for upgrades takes two arguments
def upgraded(sid: str) -> None: ...


@eio.on("headers")  # type: ignore[type-var]  # header fields are a list, not a dict
def headers(headers: dict[str, str], request: engineio.Request) -> None: ...
