"""What an application saves for a client."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import engineio
from tests.aio.served import Served, eventually

Serve = Callable[..., Served]


async def test_what_is_saved_in_connect_is_there_until_the_end(
    serve: Serve, transport: str
) -> None:
    served = serve()

    @served.on("connect")
    async def connected(sid: str, environ: Any) -> None:
        assert await served.eio.get_session(sid) == {}
        await served.eio.save_session(sid, {"name": environ["HTTP_USER"]})

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        await asyncio.sleep(0)
        session = await served.eio.get_session(sid)
        served.heard.append((session["name"], data))

    @served.on("disconnect")
    async def disconnected(sid: str) -> None:
        served.heard.append((await served.eio.get_session(sid))["name"])
        await asyncio.sleep(0)
        served.heard.append((await served.eio.get_session(sid))["name"])

    async with served.client(transport, headers={"User": "ada"}) as client:
        await client.send("hello")
    await served.clock.settle()

    assert served.heard == [("ada", "hello"), "ada", "ada"]
    assert served.is_empty


async def test_the_context_manager_saves_what_changed(serve: Serve, carrier: str) -> None:
    served = serve()

    @served.on("connect")
    async def connected(sid: str) -> None:
        async with served.eio.session(sid) as session:
            session["count"] = 0

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        async with served.eio.session(sid) as session:
            session["count"] += 1

    @served.on("disconnect")
    async def disconnected(sid: str) -> None:
        async with served.eio.session(sid) as session:
            served.heard.append(session["count"])

    async with served.client(carrier) as client:
        for _ in range(3):
            await client.send("x")

    assert served.heard == [3]


async def test_sessions_do_not_mix(serve: Serve, carrier: str) -> None:
    served = serve()

    async with served.client(carrier) as one, served.client(carrier) as other:
        await served.eio.save_session(one.sid, {"who": "one"})
        await served.eio.save_session(other.sid, {"who": "other"})

        assert await served.eio.get_session(one.sid) == {"who": "one"}
        assert await served.eio.get_session(other.sid) == {"who": "other"}


async def test_after_the_end_there_is_none(serve: Serve, carrier: str) -> None:
    served = serve()

    async with served.client(carrier) as client:
        sid = client.sid
    for attempt in (served.eio.get_session(sid), served.eio.save_session(sid, {})):
        with pytest.raises(engineio.UnknownSessionError):
            await attempt
    with pytest.raises(engineio.UnknownSessionError):
        async with served.eio.session(sid):
            raise AssertionError("there is no session to work with")


async def test_a_session_that_ends_inside_the_context_manager_is_no_error(serve: Serve) -> None:
    served = serve()

    async with served.client("websocket") as client, served.eio.session(client.sid) as session:
        await client.close()
        await eventually(lambda: served.is_empty)
        session["late"] = True
    with pytest.raises(engineio.UnknownSessionError):
        await served.eio.get_session(client.sid)


async def test_an_error_inside_the_context_manager_passes_through(serve: Serve) -> None:
    served = serve()

    async with served.client("websocket") as client:
        with pytest.raises(LookupError):
            async with served.eio.session(client.sid):
                raise LookupError


async def test_a_client_that_is_back_under_its_own_sid_keeps_what_is_saved(serve: Serve) -> None:
    """The end of its first session comes when the second has begun."""
    served = serve(generate_id=lambda request: "ada")
    may_end = asyncio.Event()

    @served.on("disconnect")
    async def disconnected(sid: str) -> None:
        await may_end.wait()
        served.heard.append(sid)

    async with served.client("websocket"):
        pass
    async with served.client("websocket"):
        await served.eio.save_session("ada", {"name": "Ada"})
        may_end.set()
        await eventually(lambda: served.heard == ["ada"])
        assert await served.eio.get_session("ada") == {"name": "Ada"}
    await eventually(lambda: served.is_empty)
