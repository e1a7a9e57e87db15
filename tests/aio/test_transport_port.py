"""WebSockets whose frames go to an asyncio transport, on a transport in memory."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import engineio
from engineio.aio.transport_port import TransportPort
from engineio.http.frames import close_frame, message_frame
from engineio.http.request import Headers, Request
from engineio.http.response import Response

OPEN = Request("GET", "/engine.io/", "EIO=4&transport=websocket", Headers())
HIGH = 1_000


class Wire(asyncio.Transport):
    """A transport that keeps what it is given until `read` takes it."""

    def __init__(self, half_closes: bool = True) -> None:
        super().__init__()
        self.written = b""
        self.unread = 0
        self.ends: list[str] = []
        self._half_closes = half_closes

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return 0, HIGH

    def get_write_buffer_size(self) -> int:
        assert not self.is_closing(), "asyncio's TLS transports raise then"
        return self.unread

    def is_closing(self) -> bool:
        return "close" in self.ends or "abort" in self.ends

    def write(self, data: Any) -> None:
        assert not self.is_closing()
        self.written += data
        self.unread += len(data)

    def can_write_eof(self) -> bool:
        return self._half_closes

    def write_eof(self) -> None:
        self.ends.append("eof")

    def close(self) -> None:
        self.ends.append("close")

    def abort(self) -> None:
        self.ends.append("abort")

    def read(self) -> bytes:
        """Take what was written."""
        written, self.written, self.unread = self.written, b"", 0
        return written


class Port(TransportPort):
    """A port of a framework that is not there."""

    def __init__(self, eio: engineio.AsyncServer, wire: Wire) -> None:
        super().__init__(eio.driver, wire)
        self.reading = True
        self.drained = asyncio.Event()

    @property
    def is_reading(self) -> bool:
        return self.reading

    async def drain(self) -> None:
        await self.drained.wait()
        self.drained.clear()


class Served:
    """A server, one port of it and what is on the other side."""

    def __init__(self, half_closes: bool = True, **options: Any) -> None:
        self.eio = engineio.AsyncServer(async_mode="asgi", **options)
        self.wire = Wire(half_closes)
        self.ended: list[Any] = []
        self.eio.on("disconnect", self.gone)

    async def gone(self, sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo) -> None:
        self.ended.append((reason, info.code, info.undelivered))

    async def open(self) -> Port:
        """Let a client in."""
        # `bind` first: a port is made while the server runs.
        self.eio.driver.bind()
        port = Port(self.eio, self.wire)
        assert await port.open(OPEN) == ()
        assert self.wire.written == b"", "nothing goes out before the accept"
        port.accepted()
        assert self.wire.read().startswith(b"\x81")
        return port

    @property
    def sid(self) -> str:
        (sid,) = self.eio.sids
        return sid


async def test_messages_go_out_at_once() -> None:
    served = Served()
    await served.open()

    await served.eio.send(served.sid, "hello")
    await served.eio.send(served.sid, b"\x00")
    assert served.wire.read() == message_frame("4hello") + message_frame(b"\x00")


async def test_a_slow_reader_holds_up_what_follows() -> None:
    served = Served()
    port = await served.open()
    large = "x" * 2 * HIGH

    await served.eio.send(served.sid, large)
    for text in ("a", "b"):
        await served.eio.send(served.sid, text)
    assert served.wire.read() == message_frame(f"4{large}")

    port.drained.set()
    while not served.wire.written:  # noqa: ASYNC110  # nothing tells
        await asyncio.sleep(0)
    assert served.wire.read() == message_frame("4a") + message_frame("4b")


async def test_a_close_waits_for_what_was_written() -> None:
    served = Served()
    port = await served.open()
    await served.eio.send(served.sid, "x" * 2 * HIGH)
    await served.eio.disconnect(served.sid)
    served.wire.read()

    port.drained.set()
    while served.wire.written != message_frame("1") + close_frame(1000, "server disconnect"):  # noqa: ASYNC110  # nothing tells
        await asyncio.sleep(0)
    assert served.wire.ends == []
    port.closed(1000)
    assert served.wire.ends == ["close"]
    assert served.ended == [(engineio.Reason.SERVER_DISCONNECT, None, ())]


async def test_the_code_of_the_client_is_sent_back() -> None:
    served = Served()
    port = await served.open()
    port.closed(4001, "bye")

    assert served.wire.read() == close_frame(4001)
    assert served.ended == [(engineio.Reason.TRANSPORT_CLOSE, 4001, ())]


async def test_whoever_does_not_read_is_dropped() -> None:
    served = Served()
    port = await served.open()
    await served.eio.send(served.sid, "x" * 2 * HIGH)
    port.closed(1000)

    assert served.wire.ends == ["abort"]
    assert served.ended[0][2] == ("x" * 2 * HIGH,)


async def test_what_a_lost_connection_did_not_take_is_told() -> None:
    served = Served()
    await served.open()
    served.wire.close()

    await served.eio.send(served.sid, "lost")
    await asyncio.sleep(0)
    assert served.ended == [(engineio.Reason.TRANSPORT_CLOSE, None, ("lost",))]


async def test_a_connection_that_is_lost_while_it_is_full() -> None:
    served = Served()
    port = await served.open()
    await served.eio.send(served.sid, "x" * 2 * HIGH)
    served.wire.close()

    port.drained.set()
    async with asyncio.timeout(1):
        while not served.ended:  # noqa: ASYNC110  # nothing tells
            await asyncio.sleep(0)
    assert served.ended[0][2] == ("x" * 2 * HIGH,)


async def test_what_a_websocket_cannot_take() -> None:
    served = Served()
    port = await served.open()
    port.failed(1009, "a message of 2 GB")

    assert served.wire.read() == close_frame(1009, "a message of 2 GB")
    assert served.wire.ends == ["close"]
    assert served.ended == [(engineio.Reason.PAYLOAD_TOO_LARGE, None, ())]


async def test_where_nothing_is_read_any_more_nobody_waits_for_an_answer() -> None:
    served = Served()
    port = await served.open()
    port.reading = False
    await served.eio.disconnect(served.sid)

    assert served.wire.ends == ["close"]
    port.closed()
    assert served.wire.ends == ["close"]


async def test_a_decision_that_nobody_waits_for() -> None:
    """At the end of a shutdown, connections are dropped whose handler has not decided yet."""
    served = Served()
    forever = asyncio.Event()

    @served.eio.on("connect")
    async def connected(sid: str) -> None:
        await forever.wait()

    served.eio.driver.bind()
    port = Port(served.eio, served.wire)
    opening = asyncio.ensure_future(port.open(OPEN))
    await asyncio.sleep(0)
    port.abort()

    assert await opening is None
    assert served.wire.ends == ["abort"]
    forever.set()


async def test_a_refusal_and_a_cancelled_request() -> None:
    served = Served()
    served.eio.on("connect", lambda sid: False)
    served.eio.driver.bind()
    refusal = await Port(served.eio, served.wire).open(OPEN)
    assert isinstance(refusal, Response)
    assert refusal.status == 401

    opening = asyncio.ensure_future(Port(served.eio, Wire()).open(OPEN))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
