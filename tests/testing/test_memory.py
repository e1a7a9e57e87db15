"""The ASGI server in memory, against applications that know no Engine.IO."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest

from engineio.testing import Answer, ASGINetwork
from engineio.testing.network import Outgoing
from engineio.types import Data

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]

GET = Outgoing("/there", "a=1", (("x", "y"),), "GET", b"")
OPEN = Outgoing("/there", "", ())


class Ear:
    """A listener, and an ``answered``, that writes everything down."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self._more = asyncio.Event()

    def answered(self, answer: Answer | Exception) -> None:
        self._note("answered", answer)

    def opened(self, answer: Answer) -> None:
        self._note("opened", answer.status)

    def refused(self, answer: Answer | Exception) -> None:
        self._note("refused", answer)

    def frame(self, data: Data) -> None:
        self._note("frame", data)

    def closed(self, code: int, reason: str) -> None:
        self._note("closed", code, reason)

    def _note(self, *what: Any) -> None:
        self.heard.append(what)
        self._more.set()

    async def until(self, count: int) -> list[Any]:
        """Wait until so much was heard."""
        async with asyncio.timeout(1):
            while len(self.heard) < count:
                self._more.clear()
                await self._more.wait()
        return self.heard


async def respond(send: Send, status: int, *parts: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"X-A", b"1")]})
    for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body"})


async def test_a_request_reaches_the_application_and_its_answer_comes_back() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append((scope, await receive()))
        await respond(send, 201, b"one ", b"two")
        seen.append(await receive())

    ear = Ear()
    network = ASGINetwork(app, {"client": ("10.0.0.9", 1)})
    network.fetch(Outgoing("/there", "a=1", (("x", "y"),), "POST", b"body"), ear.answered)
    assert await ear.until(1) == [("answered", Answer(201, (("x-a", "1"),), b"one two"))]
    await network.finish()

    (scope, event), after = seen
    assert event == {"type": "http.request", "body": b"body", "more_body": False}
    assert after == {"type": "http.disconnect"}
    assert scope["method"] == "POST"
    assert scope["query_string"] == b"a=1"
    assert scope["headers"] == [(b"x", b"y")]
    assert scope["client"] == ("10.0.0.9", 1)


async def test_two_requests_are_under_way_at_the_same_time() -> None:
    both = asyncio.Barrier(2)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await both.wait()
        await respond(send, 200)

    ear = Ear()
    network = ASGINetwork(app)
    network.fetch(GET, ear.answered)
    network.fetch(GET, ear.answered)

    assert [answer.status for _, answer in await ear.until(2)] == [200, 200]


async def test_an_aborted_request_is_a_disconnect_and_no_answer() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([(await receive())["type"] for _ in range(3)])
        await respond(send, 200)

    ear = Ear()
    network = ASGINetwork(app)
    network.fetch(GET, ear.answered).abort()
    await network.finish()

    assert seen == ["http.request", "http.disconnect", "http.disconnect"]
    assert ear.heard == []


async def test_what_the_application_raises_is_told() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("a bug")

    ear = Ear()
    network = ASGINetwork(app)
    network.fetch(GET, ear.answered)
    network.connect(OPEN, ear)

    heard = await ear.until(2)
    assert [(what, type(error)) for what, error in heard] == [
        ("answered", LookupError),
        ("refused", LookupError),
    ]
    assert await network.finish() == []


async def test_what_it_raises_after_the_answer_is_kept() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, 200)
        raise LookupError("a bug")

    network = ASGINetwork(app)
    network.fetch(GET, Ear().answered)

    assert [type(error) for error in await network.finish()] == [LookupError]
    assert await network.finish() == []


async def test_no_answer_is_a_lost_connection() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    ear = Ear()
    network = ASGINetwork(app)
    network.fetch(GET, ear.answered)
    network.connect(OPEN, ear)

    assert [type(error) for _, error in await ear.until(2)] == [ConnectionError, ConnectionError]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Echo WebSocket messages; ``close`` closes, ``return`` returns."""
    assert (await receive()) == {"type": "websocket.connect"}
    await send({"type": "websocket.accept", "headers": [(b"A", b"b")]})
    while (event := await receive())["type"] == "websocket.receive":
        if event["text"] == "return":
            return
        if event["text"] == "close":
            await send({"type": "websocket.close", "code": 4000, "reason": "asked"})
        elif event["text"] is not None:
            await send({"type": "websocket.send", "text": event["text"]})
        else:
            await send({"type": "websocket.send", "bytes": event["bytes"]})


async def test_a_websocket_carries_text_and_bytes() -> None:
    ear = Ear()
    network = ASGINetwork(echo)
    socket = network.connect(OPEN, ear)
    socket.send("hello")
    socket.send(b"\x00")
    await ear.until(3)
    socket.close(1000, "bye")
    await network.finish()

    assert ear.heard == [
        ("opened", 101),
        ("frame", "hello"),
        ("frame", b"\x00"),
        ("closed", 1000, "bye"),
    ]


@pytest.mark.parametrize(("word", "close"), [("close", (4000, "asked")), ("return", (1006, ""))])
async def test_the_application_closes_a_websocket(word: str, close: tuple[int, str]) -> None:
    ear = Ear()
    network = ASGINetwork(echo)
    network.connect(OPEN, ear).send(word)

    assert await ear.until(2) == [("opened", 101), ("closed", *close)]
    assert await network.finish() == []


async def test_a_dropped_websocket_is_code_1006_for_the_application() -> None:
    events: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        events.append(await receive())
        with pytest.raises(OSError, match="closed"):
            await send({"type": "websocket.send", "text": "x"})

    ear = Ear()
    network = ASGINetwork(app)
    socket = network.connect(OPEN, ear)
    await ear.until(1)
    socket.abort()

    assert await network.finish() == []
    assert [event["code"] for event in events] == [1006]
    assert ear.heard == [("opened", 101)]


async def test_a_paused_websocket_holds_the_application_up() -> None:
    ear = Ear()
    network = ASGINetwork(echo)
    socket = network.connect(OPEN, ear)
    await ear.until(1)
    socket.pause()
    socket.send("held")
    for _ in range(20):
        await asyncio.sleep(0)
    assert ear.heard == [("opened", 101)]

    socket.resume()
    assert (await ear.until(2))[1] == ("frame", "held")
    socket.pause()
    socket.send("lost")
    socket.abort()
    await network.finish()
    assert len(ear.heard) == 2


@pytest.mark.parametrize("denial", [True, False])
async def test_a_websocket_is_refused(denial: bool) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert "websocket.http.response" in scope["extensions"]
        assert scope["scheme"] == "wss"
        await receive()
        if denial:
            await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
            await send({"type": "websocket.http.response.body", "body": b"no"})
        else:
            await send({"type": "websocket.close", "code": 1008})

    ear = Ear()
    ASGINetwork(app, {"scheme": "https"}).connect(OPEN, ear)

    answer = Answer(401, (), b"no") if denial else Answer(403)
    assert await ear.until(1) == [("refused", answer)]


async def test_what_never_returns_is_cut_off() -> None:
    cancelled: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(True)

    network = ASGINetwork(app)
    network.fetch(GET, Ear().answered).abort()
    await network.finish()

    assert cancelled == [True]
    assert not network.connections
