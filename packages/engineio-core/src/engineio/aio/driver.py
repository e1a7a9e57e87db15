"""The engine at work: inputs from gateways and timer go in, outputs are carried out in order.

What lives here: the clock, the timer and the one loop over the engine's outputs. Events go to an
`Application`, which may run a handler before it returns: what the handler does comes back as
inputs, whose outputs the same loop carries out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Protocol, assert_never, cast

from ..config import ServerConfig
from ..errors import BodyError
from ..http.request import Request
from ..http.response import Header, Response
from ..protocol.actions import (
    Abort,
    Accept,
    Action,
    Hangup,
    Port,
    ReadBody,
    Refuse,
    Reply,
    Ticket,
    Write,
)
from ..protocol.engine import Engine
from ..protocol.events import (
    Connecting,
    Disconnected,
    Drained,
    Event,
    HeartbeatReceived,
    MessageReceived,
    Observed,
    Opened,
    PacketTraced,
    RequestRejected,
    Upgraded,
)
from ..protocol.session import Session
from ..types import Data
from .exchange import Exchange
from .port import WebSocketPort
from .runner import EagerRunner
from .timer import Clock, Timer

__all__ = ["Application", "Driver"]


class Application(Protocol):
    """What the driver tells about.

    The ``owner`` that `connecting` gives a session has a method ``message_now(data)``, which takes
    a message that is no part of a batch without a detour through here, and returns what must be
    awaited before the next is read, or None.
    """

    def start(self) -> None:
        """The first request is here, and so is a running loop."""

    def connecting(self, session: Session, request: Request) -> None:
        """Decide about a new session, then call `Engine.accept` or `Engine.refuse`."""

    def message(self, session: Session, data: Data) -> None:
        """A message arrived; it may be one of many."""

    def disconnected(self, event: Disconnected) -> None:
        """An accepted session ended."""

    def drained(self, session: Session) -> None:
        """A send queue has room again."""

    def observed(self, event: Observed) -> None:
        """Something happened that hooks want to know."""

    def finish_response(self, request: Request, response: Response, initial: bool) -> Response:
        """Return the response as the hooks want it."""

    def backlog(self, session: Session) -> Awaitable[None] | None:
        """Return what to await before reading on from a client whose handlers are behind."""


class Driver:
    """Drives one engine.

    Args:
        config: The options.
        application: Where events go.
        clock: The time; the running loop's if None.

    Attributes:
        engine: The engine.
        runner: Starts coroutines on the server's loop, once there is one.
    """

    def __init__(self, config: ServerConfig, application: Application, clock: Clock | None) -> None:
        self.engine = Engine(config)
        self._application = application
        self._given_clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._performing = False
        self._idle: asyncio.Event | None = None

    # -- the loop --------------------------------------------------------------------------

    def bind(self) -> asyncio.AbstractEventLoop:
        """Belong to the running loop from now on, and return it.

        Raises:
            RuntimeError: The server belongs to another loop that still runs: one server is one
                loop's.
        """
        loop = asyncio.get_running_loop()
        if loop is self._loop:
            return loop
        if self._loop is not None and not self._loop.is_closed():
            raise RuntimeError(
                "this engineio server is used by another event loop; make one server for each loop"
            )
        self._loop = loop
        self._clock: Clock = self._given_clock or loop
        self._timer = Timer(self._clock, self._tick)
        self._idle = asyncio.Event()
        self.runner = EagerRunner(loop)
        self._application.start()
        return loop

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop this server belongs to, once it has been used."""
        return self._loop

    def now(self) -> float:
        """Return the time in seconds on the monotonic clock."""
        return self._clock.time()

    def perform(self) -> None:
        """Carry out the engine's outputs, then see to the timer."""
        if self._performing:
            # Something that was carried out led to another input: the loop below goes on with it.
            return
        self._performing = True
        outputs = self.engine.outputs
        try:
            while outputs:
                self._carry_out(outputs.popleft())
        finally:
            self._performing = False
        self._timer.arm(self.engine.deadline())
        if self._idle is not None and self.engine.stopping and self.engine.idle:
            self._idle.set()

    def restart(self) -> None:
        """Serve again after `shutdown`, as an application does whose lifespan starts again."""
        self.bind()
        self.engine.restart()
        if self._idle is not None:
            self._idle.clear()

    def begin_shutdown(self) -> None:
        """Tell all clients that it is over, without waiting for any."""
        self.bind()
        self.engine.shutdown(self.now())
        self.perform()

    async def shutdown(self, seconds: float) -> None:
        """End all sessions and wait until their clients know, for ``seconds`` at the most."""
        self.begin_shutdown()
        assert self._idle is not None, "bind makes it"
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            for port in self.engine.open_ports():
                _port(port).abort()
        self._timer.stop()

    def _tick(self) -> None:
        self.engine.tick(self.now())
        self.perform()

    def _carry_out(self, output: Action | Event) -> None:
        # By type alone and the frequent ones first: patterns with fields cost several times that.
        match output:
            case MessageReceived():
                self._application.message(output.session, output.data)
            case Reply():
                _exchange(output.ticket).reply(self._finished(output), output.confirm)
            case ReadBody():
                _exchange(output.ticket).read_body(output.limit)
            case Write():
                if _port(output.port).write(output.frames):
                    self.engine.drained(self.now(), output.port)
            case Connecting():
                self._application.connecting(output.session, output.request)
            case Accept():
                port = _port(output.port)
                port.session = self.engine.session_of(port)
                _decide(port, output.headers)
            case Refuse():
                _decide(_port(output.port), output.response)
            case Hangup():
                _port(output.port).session = None
                _port(output.port).hang_up(output.code, output.reason)
            case Abort():
                _port(output.port).session = None
                _port(output.port).abort()
            case Disconnected():
                self._application.disconnected(output)
                self._application.observed(output)
            case Drained():
                self._application.drained(output.session)
                self._application.observed(output)
            case Opened() | HeartbeatReceived() | PacketTraced() | RequestRejected() | Upgraded():
                self._application.observed(output)
            case _:
                assert_never(output)

    def _finished(self, reply: Reply) -> Response:
        request = _exchange(reply.ticket).request
        return self._application.finish_response(request, reply.response, reply.initial)

    # -- HTTP ------------------------------------------------------------------------------

    def http(self, request: Request) -> Exchange:
        """Take a request; await `Exchange.response`, write it, and call `Exchange.sent`."""
        self.bind()
        exchange = Exchange(self, request)
        self.engine.http(self.now(), request, exchange)
        self.perform()
        return exchange

    def body(self, exchange: Exchange, body: bytes) -> None:
        """A body is complete (for `Exchange`)."""
        self.engine.body(self.now(), exchange, body)
        self.perform()

    def body_failed(self, exchange: Exchange, error: BodyError) -> None:
        """A body could not be read (for `Exchange`)."""
        self.engine.body_failed(self.now(), exchange, error)
        self.perform()

    def http_closed(self, exchange: Exchange) -> None:
        """A client did not wait for its answer (for `Exchange`)."""
        self.engine.http_closed(self.now(), exchange)
        self.perform()

    def replied(self, exchange: Exchange, accepted: bool) -> None:
        """An answer with packets was written, or could not be (for `Exchange`)."""
        self.engine.replied(self.now(), exchange, accepted)
        self.perform()

    # -- WebSockets ------------------------------------------------------------------------

    async def websocket(
        self, request: Request, port: WebSocketPort
    ) -> tuple[Header, ...] | Response:
        """Return the headers to accept a WebSocket with, or the response to refuse it with."""
        loop = self.bind()
        port.decision = loop.create_future()
        self.engine.websocket_open(self.now(), request, port)
        self.perform()
        try:
            decision = await port.decision
        except asyncio.CancelledError:
            self.closed(port, None, "the server cancelled the request")
            raise
        if isinstance(decision, Response):
            return self._application.finish_response(request, decision, False)
        initial = not self.engine.is_upgrading(port)
        response = self._application.finish_response(request, Response(101, decision), initial)
        return response.headers

    def accepted(self, port: WebSocketPort) -> None:
        """A WebSocket was accepted."""
        self.drained(port)

    def drained(self, port: WebSocketPort) -> None:
        """A port has taken what it was given."""
        self.engine.drained(self.now(), port)
        self.perform()

    def received(self, port: WebSocketPort, data: Data) -> Awaitable[None] | None:
        """Take a message of a WebSocket.

        Returns:
            None, or what must be awaited before the next message is read: handlers are behind.
        """
        session = port.session
        if session is not None:
            message = session.fast_in(data)
            if message is not None:
                wait: Awaitable[None] | None = session.owner.message_now(message)
                return wait
        self.engine.websocket_data(self.now(), port, data)
        self.perform()
        return None if session is None else self._application.backlog(session)

    def too_big(self, port: WebSocketPort) -> None:
        """A message over ``max_payload`` begins to arrive, and no more of it is read."""
        self.engine.websocket_too_big(self.now(), port)
        self.perform()

    def failed(self, port: WebSocketPort, code: int, detail: str) -> None:
        """A WebSocket got what it cannot take and closes itself with ``code``; `closed` follows.

        For gateways whose WebSockets check lengths, UTF-8 and framing by themselves.
        """
        self.engine.websocket_failed(self.now(), port, code, detail)
        self.perform()

    def closed(self, port: WebSocketPort, code: int | None = None, reason: str = "") -> None:
        """A WebSocket is gone; ``code`` and ``reason`` are the peer's, if it gave any."""
        self.engine.websocket_closed(self.now(), port, code, reason)
        self.perform()


def _exchange(ticket: Ticket) -> Exchange:
    return cast(Exchange, ticket)


def _port(port: Port) -> WebSocketPort:
    return cast(WebSocketPort, port)


def _decide(port: WebSocketPort, decision: tuple[Header, ...] | Response) -> None:
    # A port whose request was cancelled has nobody left to tell.
    if port.decision is not None and not port.decision.done():
        port.decision.set_result(decision)
