"""Roundtrip: a chat whose page shows the connection underneath it.

`scripts/demo` starts it; by hand it is `uvicorn --app-dir examples/demo app:app`.

What crosses the wire, both ways: a text message is a JSON object with a `type`; a picture is one
binary message, a line of JSON followed by the image. Header and image travel together, so nothing
that others send can come between them.
"""

import json
import secrets
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

import engineio

HERE = Path(__file__).parent
CLIENT = HERE / "node_modules" / "engine.io-client" / "dist"
MAX_PAYLOAD = 1_000_000
IMAGE_BYTES = MAX_PAYLOAD * 3 // 4 - 1_000  # as base64, with its header, in a polling answer
HISTORY_MESSAGES = 50
HISTORY_BYTES = 2_000_000
NAME_LENGTH, TEXT_LENGTH = 24, 2_000

if not CLIENT.is_dir():
    sys.exit(f"The browser client is missing: run scripts/demo, or npm ci --prefix {HERE}")


@dataclass
class Person:
    """Somebody in the room, as everybody may see them: their sid stays between them and us."""

    id: str
    name: str
    hue: int
    transport: str


# A newcomer's queue has room for the whole history. Whoever falls further behind is disconnected
# and comes back by itself, so that nobody waits for the slowest reader.
eio = engineio.AsyncServer(
    async_mode="asgi",
    ping_interval=10,
    ping_timeout=8,
    max_payload=MAX_PAYLOAD,
    send_queue_bytes=2 * HISTORY_BYTES,
    send_queue_policy="close",
)
people: dict[str, Person] = {}
history: deque[tuple[int, str | bytes]] = deque(maxlen=HISTORY_MESSAGES)
colours = count(250, 137.508)


@eio.on("message")
async def message(sid: str, data: str | bytes) -> None:
    # Whoever leaves while we answer needs no answer.
    with suppress(engineio.SessionClosedError, engineio.UnknownSessionError):
        await answer(sid, *unpack(data))


async def answer(sid: str, content: Any, image: bytes) -> None:
    fits = 0 < len(image) <= IMAGE_BYTES
    match content, people.get(sid):
        case {"type": "ping"}, _:
            await eio.send(sid, {"type": "pong"})
        case {"type": "join", "name": str(name), "since": int(since)}, None:
            await join(sid, name, content.get("hue"), since)
        case {"type": "rename", "name": str(name)}, Person() as person:
            before, person.name = person.name, clean(name)
            await announce("renamed", person, before)
        case {"type": "text", "text": str(text)}, Person() as person if text.strip():
            await post(person, {"type": "text", "text": text.strip()[:TEXT_LENGTH]})
        case {"type": "picture", "width": int(w), "height": int(h)}, Person() as person if fits:
            await post(person, {"type": "picture", "width": w, "height": h}, image)
        case _:
            await eio.send(sid, {"type": "error", "text": "The server did not take that."})


@eio.on("upgrade")
def upgraded(sid: str, transport: str) -> None:
    if person := people.get(sid):
        person.transport = transport
        eio.start_background_task(announce, "upgraded", person)


@eio.on("disconnect")
async def left(sid: str, reason: str) -> None:
    if person := people.pop(sid, None):
        await announce("left", person, reason)


async def join(sid: str, name: str, hue: object, since: int) -> None:
    """Take a person in, and send what was said after `since`, the last they have seen."""
    # Whoever comes back keeps their colour; a new one is the golden angle away from the last.
    hue = hue % 360 if isinstance(hue, int) else round(next(colours) % 360)
    person = people[sid] = Person(secrets.token_hex(4), clean(name), hue, eio.transport(sid))
    missed = [entry for stamp, entry in history if stamp > since]
    await eio.send(sid, {"type": "welcome", "you": asdict(person)})
    await announce("joined", person)
    for entry in missed:
        await eio.send(sid, entry)


async def post(sender: Person, content: dict[str, Any], image: bytes = b"") -> None:
    """Send what a person said to everybody, and keep it for those who come later."""
    # The time in milliseconds, later than that of the last message: it is also the order.
    stamp = max(time.time_ns() // 1_000_000, history[-1][0] + 1 if history else 0)
    header = json.dumps({**content, "at": stamp, "from": asdict(sender)})
    entry = header.encode() + b"\n" + image if image else header
    history.append((stamp, entry))
    while sum(len(kept) for _, kept in history) > HISTORY_BYTES:
        history.popleft()
    await eio.broadcast(entry, sids=list(people))


async def announce(event: str, person: Person, detail: str = "") -> None:
    """Tell everybody what happened to a person, and who is here now."""
    news = {"type": "people", "event": event, "person": asdict(person), "detail": detail}
    here = [asdict(one) for one in people.values()]
    await eio.broadcast({**news, "people": here}, sids=list(people))


def unpack(data: str | bytes) -> tuple[Any, bytes]:
    """Return the JSON of a message, None if there is none, and the image behind it."""
    header, _, image = (data.encode() if isinstance(data, str) else data).partition(b"\n")
    try:
        return json.loads(header), image
    except (ValueError, RecursionError):
        return None, b""


def clean(name: str) -> str:
    """Return a name of one line, without control and direction characters."""
    visible = "".join(c for c in " ".join(name.split()) if c.isprintable())
    return visible[:NAME_LENGTH].strip() or "Somebody"


client = Mount("/client", StaticFiles(directory=CLIENT))
page = Mount("/", StaticFiles(directory=HERE / "static", html=True))
app = engineio.ASGIApp(eio, other_asgi_app=Starlette(routes=[client, page]))
