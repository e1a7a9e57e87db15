"""Echo over long-polling: a POST with several messages, then GETs until all have come back.

``parked`` decides whether the GET is waiting at the server while the POST arrives, as in a browser,
or follows it. Parked, the requests per message tell how well the server batches.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from time import perf_counter
from typing import Self

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
        seconds: The length of a slice.
    """

    sessions: int = 50
    messages: int = 4
    size: int = 64
    parked: bool = False
    seconds: float = 0.5


class Load:
    """The load on one server."""

    def __init__(self, target: Target, options: Options) -> None:
        self._target = target
        self._options = options
        self._sessions: list[_Session] = []

    async def open(self) -> None:
        """Open all sessions.

        Raises:
            LoadError: The server refused one.
        """
        for _ in range(self._options.sessions):
            self._sessions.append(await _Session.open(self._target, self._options))

    async def measure(self) -> dict[str, float]:
        """CPU per message and per request, messages per second, time from POST to the last echo.

        Raises:
            LoadError: A status other than 200, or an echo that differs from what was sent.
        """
        latencies: list[float] = []
        self._target.meter.start()
        until = perf_counter() + self._options.seconds
        async with asyncio.TaskGroup() as running:
            tasks = [
                running.create_task(session.run(until, latencies)) for session in self._sessions
            ]
        usage = self._target.meter.stop()
        requests = sum(task.result() for task in tasks)
        messages = len(latencies) * self._options.messages
        return (
            usage.metrics(messages)
            | percentiles(latencies)
            | {
                "cpu_request_us": usage.cpu / requests * 1e6,
                "requests_per_message": requests / messages,
            }
        )


class _Session:
    """One session with its two connections."""

    def __init__(
        self, sender: HttpConnection, poller: HttpConnection, options: Options, get: bytes
    ) -> None:
        self._sender = sender
        self._poller = poller
        self._options = options
        self._get = get
        self._packet = b"4" + b"x" * options.size
        self._post = b""

    @classmethod
    async def open(cls, target: Target, options: Options) -> Self:
        sender, poller = [await HttpConnection.open(target.port) for _ in range(2)]
        opened = _body(await poller.request(get_request(target.port)))
        sid = json.loads(opened.partition(SEPARATOR)[0][1:])["sid"]
        session = cls(sender, poller, options, get_request(target.port, sid))
        payload = SEPARATOR.join([session._packet] * options.messages)
        session._post = post_request(target.port, sid, payload)
        return session

    async def run(self, until: float, latencies: list[float]) -> int:
        """Echo until then; returns the number of requests."""
        requests = 0
        while (started := perf_counter()) < until:
            poll = self._poller.request(self._get) if self._options.parked else None
            _body(await self._sender.request(self._post))
            requests += 1
            missing = self._options.messages
            while missing > 0:
                answer = _body(await (poll or self._poller.request(self._get)))
                poll = None
                requests += 1
                missing -= self._count_echoes(answer.split(SEPARATOR))
            latencies.append(perf_counter() - started)
        return requests

    def _count_echoes(self, received: list[bytes]) -> int:
        # A ping may ride along. No pong: a round is shorter than the 20 s that it may take.
        echoes = [item for item in received if item != b"2"]
        if any(item != self._packet for item in echoes):
            raise LoadError(f"not what was sent: {received!r:.80}")
        return len(echoes)


def _body(response: tuple[int, bytes]) -> bytes:
    status, body = response
    if status != 200:
        raise LoadError(f"status {status}: {body[:80]!r}")
    return body
