"""What mypy must reject: each line names the error it has to cause, and causes no other."""

import engineio

eio = engineio.AsyncServer(async_mode="asgi")


async def mistakes() -> None:
    await eio.send("sid", 1.5)  # type: ignore[arg-type]  # not a message
    await eio.send(1, "text")  # type: ignore[arg-type]  # a sid is a str
    await eio.save_session("sid", ["Ada"])  # type: ignore[arg-type]  # a session is a dict
    eio.sids = []  # type: ignore[misc]  # read-only
    eio.emit("sid", "text")  # type: ignore[attr-defined]  # there is no such method
    engineio.AsynServer()  # type: ignore[attr-defined]  # a misspelt public name
    engineio.ASGIApp(None)  # type: ignore[arg-type]  # no server


@eio.on("message")
async def message(sid: str, data: engineio.Data) -> None:
    data.encode()  # type: ignore[union-attr]  # it may be bytes


eio.on(b"message", message)  # type: ignore[call-overload]  # an event's name is a str
