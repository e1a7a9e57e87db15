"""What the demo's server keeps and refuses, asked by a client that is no browser."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.demo.conftest import Demo

pytestmark = pytest.mark.interop

NONSENSE = [
    "not JSON",
    "[" * 100_000,
    "[]",
    "null",
    '{"type": "text"}',
    '{"type": "text", "text": 7}',
    '{"type": "text", "text": "   "}',
    '{"type": "join", "name": "twice", "since": 0}',
    '{"type": "picture", "width": 1, "height": 1}',
    '{"type": "unknown"}',
]
NAMES = {
    "  Ada   Lovelace ": "Ada Lovelace",
    "line\nbreak\x00\x1b[31m": "line break[31m",
    "\u202eright to left": "right to left",
    "x" * 100: "x" * 24,
    "\t\u200b ": "Somebody",
    "\ud800": "Somebody",
}
NOT_TAKEN = {"type": "error", "text": "The server did not take that."}


class Visitor:
    """A session over WebSocket that speaks the demo's messages."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, message: object) -> None:
        await self._socket.send(f"4{json.dumps(message)}")

    async def send_picture(self, header: object, image: bytes) -> None:
        await self._socket.send(json.dumps(header).encode() + b"\n" + image)

    async def send_raw(self, message: str) -> None:
        await self._socket.send(f"4{message}")

    async def next(self) -> dict[str, Any]:
        """Return the next message; a picture's image is in it as ``image``."""
        while (data := await self._socket.recv()) == "2":
            await self._socket.send("3")
        if isinstance(data, str):
            return dict(json.loads(data[1:]))
        header, _, image = data.partition(b"\n")
        return {**json.loads(header), "image": image}

    async def until(self, kind: str) -> list[dict[str, Any]]:
        """Return the messages up to the next of this type, which is the last of them."""
        messages = [await self.next()]
        while messages[-1]["type"] != kind:
            messages.append(await self.next())
        return messages

    async def join(self, name: str = "Ada", **more: object) -> dict[str, Any]:
        """Join and return how the others see this visitor."""
        await self.send({"type": "join", "name": name, "since": 0, **more})
        you: dict[str, Any] = (await self.until("welcome"))[-1]["you"]
        return you

    async def history(self) -> list[dict[str, Any]]:
        """Return what followed the join: the answer to a ping comes after it."""
        await self.send({"type": "ping"})
        return [one for one in await self.until("pong") if one["type"] in {"text", "picture"}]


@asynccontextmanager
async def visit(demo: Demo) -> AsyncIterator[Visitor]:
    """Open a session, without joining."""
    url = f"ws://{demo.address}/engine.io/?EIO=4&transport=websocket"
    async with connect(url, max_size=None, ping_interval=None, proxy=None) as socket:
        assert str(await socket.recv()).startswith("0")
        yield Visitor(socket)


async def test_messages_are_not_compressed(demo: Demo) -> None:
    """uvicorn does that unless it is told not to, and pictures are compressed already."""
    async with connect(f"ws://{demo.address}/engine.io/?EIO=4&transport=websocket") as socket:
        assert socket.request is not None
        assert socket.response is not None
        assert "permessage-deflate" in socket.request.headers["Sec-WebSocket-Extensions"]
        assert "Sec-WebSocket-Extensions" not in socket.response.headers


async def test_the_history_keeps_the_last_messages(demo: Demo) -> None:
    async with visit(demo) as ada, visit(demo) as ben:
        await ada.join()
        for number in range(60):
            await ada.send({"type": "text", "text": f"number {number}"})
        await ada.send({"type": "ping"})
        await ada.until("pong")
        await ben.join("Ben")
        kept = await ben.history()
    assert [one["text"] for one in kept] == [f"number {number}" for number in range(10, 60)]
    stamps = [one["at"] for one in kept]
    assert stamps == sorted(set(stamps))


async def test_the_history_is_bounded_in_bytes(demo: Demo) -> None:
    async with visit(demo) as ada, visit(demo) as ben:
        await ada.join()
        for number in range(5):
            await ada.send_picture(
                {"type": "picture", "width": 1, "height": 1}, bytes([number]) * 600_000
            )
            await ada.until("picture")
        await ben.join("Ben")
        kept = await ben.history()
    assert [one["image"][0] for one in kept] == [2, 3, 4]


async def test_who_returns_gets_what_they_missed_and_keeps_their_colour(demo: Demo) -> None:
    async with visit(demo) as ada, visit(demo) as ben:
        await ada.join()
        await ada.send({"type": "text", "text": "seen"})
        seen = (await ada.until("text"))[-1]["at"]
        await ada.send({"type": "text", "text": "missed"})
        await ada.until("text")
        ben_is = await ben.join("Ben", hue=77, since=seen)
        assert [one["text"] for one in await ben.history()] == ["missed"]
    assert (ben_is["name"], ben_is["hue"]) == ("Ben", 77)


async def test_what_it_does_not_understand_is_answered_and_changes_nothing(demo: Demo) -> None:
    async with visit(demo) as ada:
        await ada.join()
        await ada.until("people")
        for message in NONSENSE:
            await ada.send_raw(message)
            assert await ada.next() == NOT_TAKEN, message
        await ada.send({"type": "text", "text": "still here"})
        assert (await ada.next())["text"] == "still here"


async def test_a_picture_that_polling_could_not_carry_is_refused(demo: Demo) -> None:
    async with visit(demo) as ada:
        await ada.join()
        await ada.until("people")
        await ada.send_picture({"type": "picture", "width": 1, "height": 1}, b"x" * 760_000)
        assert await ada.next() == NOT_TAKEN


async def test_nobody_speaks_before_joining(demo: Demo) -> None:
    async with visit(demo) as ada:
        await ada.send({"type": "text", "text": "too early"})
        assert await ada.next() == NOT_TAKEN


async def test_names_are_one_short_visible_line(demo: Demo) -> None:
    for name, seen in NAMES.items():
        async with visit(demo) as ada:
            assert (await ada.join(name))["name"] == seen


async def test_no_session_id_is_given_away(demo: Demo) -> None:
    """A session id is a secret: who knows it can speak for its owner."""
    url = f"ws://{demo.address}/engine.io/?EIO=4&transport=websocket"
    async with visit(demo) as ada, connect(url, ping_interval=None, proxy=None) as socket:
        sid = json.loads(str(await socket.recv())[1:])["sid"]
        ben = Visitor(socket)
        await ada.join()
        await ben.join("Ben")
        await ben.send({"type": "text", "text": "hello"})
        assert sid not in json.dumps(await ada.until("text"))
