"""Echo over long-polling: a POST with several messages, then GETs until all have come back.

``parked`` decides whether the GET is waiting at the server while the POST arrives, as in a browser,
or follows it. Parked, the requests per message tell how well the server batches.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from time import perf_counter

from .http import HttpConnection
from .target import LoadError, Target, percentiles
from .wire import SEPARATOR, get_request, post_request


@dataclass(frozen=True, slots=True)
class Options:
    """The size of the scenario.

    Attributes:
        sessions: How many sessions echo.
        messages: Messages of a payload.
        size: Bytes of a message.
        parked: Whether the GET waits at the server before the POST is sent.
        warm_up: Seconds before the window.
        seconds: The window.
    """

    sessions: int = 50
    messages: int = 4
    size: int = 64
    parked: bool = False
    warm_up: float = 1.0
    seconds: float = 3.0


@dataclass(slots=True)
class _Counter:
    """What all sessions have done since the last `clear`."""

    requests: int = 0
    messages: int = 0
    latencies: list[float] = field(default_factory=list)

    def clear(self) -> None:
        self.requests = self.messages = 0
        self.latencies.clear()


async def run(target: Target, options: Options) -> dict[str, float]:
    """CPU per message and per request, messages per second, time from the POST to the last echo.

    Raises:
        LoadError: A status other than 200, or an echo that differs from what was sent.
    """
    counter = _Counter()
    sessions = [
        asyncio.create_task(_session(target, options, counter)) for _ in range(options.sessions)
    ]
    await _watch(sessions, options.warm_up)
    counter.clear()
    target.meter.start()
    await _watch(sessions, options.seconds)
    usage = target.meter.stop()
    for session in sessions:
        session.cancel()
    return (
        usage.metrics(counter.messages)
        | percentiles(counter.latencies)
        | {
            "cpu_request_us": usage.cpu / counter.requests * 1e6,
            "requests_per_message": counter.requests / counter.messages,
        }
    )


async def _watch(sessions: list[asyncio.Task[None]], seconds: float) -> None:
    """Let the sessions run for a while; they end only by an error."""
    done, _ = await asyncio.wait(sessions, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for session in done:
        session.result()


async def _session(target: Target, options: Options, counter: _Counter) -> None:
    sender, poller = [await HttpConnection.open(target.port) for _ in range(2)]
    opened = _body(await poller.request(get_request(target.port)))
    sid = json.loads(opened.partition(SEPARATOR)[0][1:])["sid"]
    packets = [b"4" + b"x" * options.size] * options.messages
    post = post_request(target.port, sid, SEPARATOR.join(packets))
    get = get_request(target.port, sid)
    while True:
        started = perf_counter()
        poll = poller.request(get) if options.parked else None
        _body(await sender.request(post))
        counter.requests += 1
        missing = options.messages
        while missing:
            received = _body(await (poll or poller.request(get))).split(SEPARATOR)
            poll = None
            counter.requests += 1
            missing -= _count_echoes(received, packets[0])
        counter.messages += options.messages
        counter.latencies.append(perf_counter() - started)


def _count_echoes(received: list[bytes], packet: bytes) -> int:
    # A ping may ride along. No pong: a run is shorter than the 20 s in which the server wants it.
    echoes = [item for item in received if item != b"2"]
    if any(item != packet for item in echoes):
        raise LoadError(f"not what was sent: {received!r:.80}")
    return len(echoes)


def _body(response: tuple[int, bytes]) -> bytes:
    status, body = response
    if status != 200:
        raise LoadError(f"status {status}: {body[:80]!r}")
    return body
