"""The engine at work: inputs from gateways and timer go in, outputs are carried out in order.

What lives here: the clock, the timer, the lock around the engine and the one loop over its outputs.
Under the lock outputs only change values in memory and wake threads. What they lead to beyond that
(handlers, hooks, writing to sockets) is collected, and done by the thread that brought the input
after it has given the lock back.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Concatenate, ParamSpec, Protocol, TypeVar, cast

from ..config import ServerConfig
from ..errors import BodyError
from ..http.request import Request
from ..http.response import Accepted, Header, Response
from ..protocol import actions, events
from ..protocol.engine import Engine
from ..protocol.session import Session
from ..types import Data
from .concurrency import Concurrency
from .delivery import Inbox
from .exchange import Connection, Exchange
from .port import WebSocketPort
from .sweep import Sweep
from .timer import Clock, SystemClock, Timer
from .work import Observations, Performer, Work

__all__ = ["Application", "Driver"]

# How often is looked whether the last answers have been written, in seconds.
_LOOK_AGAIN = 0.002

P = ParamSpec("P")
T = TypeVar("T")


class Application(Protocol):
    """What the driver tells about. `opened` and `drained` are called under the driver's lock."""

    def start(self) -> None:
        """The first request of this process is here."""

    def forked(self) -> None:
        """This process is a copy: whatever the sessions are, they are the other one's."""

    def opened(self, session: Session) -> None:
        """A client wants a session: give it an `Inbox` as its owner."""

    def ask(self, session: Session, request: Request) -> Accepted | Response:
        """Return how the client is accepted, or what it is refused with."""

    def drained(self, session: Session) -> None:
        """A send queue has room again."""

    def observed(self, event: events.Observed, now: float) -> None:
        """Something happened that hooks want to know."""

    def finish_response(self, request: Request, response: Response, initial: bool) -> Response:
        """Return the response as the hooks want it."""

    def ended(self, session: Session) -> None:
        """A session is over that the application has never accepted."""


class Driver:
    """Drives one engine.

    Args:
        config: The options.
        application: Where events go.
        concurrency: What the mode offers.
        clock: The time; the system's if None.

    Attributes:
        engine: The engine. Look at it as you like; change it through this class only.
        concurrency: What the mode offers.
        sweep: Looks after what waits.
    """

    def __init__(
        self,
        config: ServerConfig,
        application: Application,
        concurrency: Concurrency,
        clock: Clock | None,
    ) -> None:
        self.config = config
        self.concurrency = concurrency
        self._application = application
        self._given_clock = clock
        self.now: Callable[[], float] = (clock or SystemClock()).time
        self._pid = os.getpid()
        self._forking = concurrency.mutex()
        self._begin()

    def _begin(self) -> None:
        self.engine = Engine(self.config)
        self._is_started = False
        self._lock = self.concurrency.mutex()
        self._idle = self.concurrency.event()
        self._timer = Timer(self.concurrency, self._given_clock, self._tick)
        self.sweep = Sweep(self.now, self._look_at, self.http_closed)
        self._observations = Observations(self._lock, self._observed)
        self._performer = Performer(self.concurrency, self._observations.tell, self._drained)

    @property
    def is_started(self) -> bool:
        """Whether this process has had a request; its copy has not."""
        return self._is_started and self._pid == os.getpid()

    # -- inputs ----------------------------------------------------------------------------

    def bind(self) -> None:
        """Belong to this process from now on: nothing runs before the first request."""
        if self._pid != os.getpid():
            self._forked()
        if not self._is_started:
            with self._lock:
                if self._is_started:
                    return
                self._timer.start()
                self._is_started = True
            self._application.start()

    def _forked(self) -> None:
        with self._forking:
            if self._pid != os.getpid():
                self.concurrency.forked()
                self._begin()
                self._application.forked()
                self._pid = os.getpid()

    def input(
        self, call: Callable[Concatenate[float, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Make an input to the engine and carry out what comes out; return what it returns."""
        return self._input(None, call, *args, **kwargs)

    def _input(
        self,
        here: WebSocketPort | None,
        call: Callable[Concatenate[float, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Make an input; ``here`` is the WebSocket whose serving thread this is."""
        session = None if here is None else here.session
        with self._lock:
            result = call(self.now(), *args, **kwargs)
            work = self._route()
        if work is not None:
            self._performer.do(work, here, None if session is None else session.owner)
        return result

    def _open(self, call: Callable[..., None], *args: object) -> events.Connecting | None:
        """Make an input that may want to know from the application whether it accepts."""
        with self._lock:
            call(self.now(), *args)
            outputs, connecting = self.engine.outputs, None
            if outputs and isinstance(outputs[-1], events.Connecting):
                connecting = cast(events.Connecting, outputs.pop())
                self._application.opened(connecting.session)
            work = self._route()
        if work is not None:
            self._performer.do(work, None, None)
        return connecting

    def claim(self, session: Session, message: Data) -> Data | None:
        """Return the frame of a message that may be written at once; `claimed` must follow.

        The direct way of the hot path. The port counts as busy until then, so that nothing can be
        written to it by another thread meanwhile.

        Raises:
            UnicodeEncodeError: The message holds a lone surrogate.
        """
        with self._lock:
            if session.owner.senders is not None:
                # Whatever room there is belongs to those who came first.
                return None
            frame = session.fast_out(message)
            if frame is not None and session.websocket is not None:
                session.websocket.claim()
            return frame

    def claimed(self, session: Session, port: WebSocketPort, message: Data, taken: bool) -> None:
        """Say whether the frame of `claim` was taken at once."""
        if not taken:
            # Only now may the rest be written: what is out must not be heard of before.
            self.input(self.engine.blocked, session, message)
            port.go_on()
            return
        with self._lock:
            is_free = session.websocket is not None and session.websocket.unclaim()
        if not is_free:
            self.drained(port)

    # -- outputs ---------------------------------------------------------------------------

    def _route(self) -> Work | None:
        """Carry out what can be carried out under the lock; return the rest."""
        outputs = self.engine.outputs
        work = Work() if outputs else None
        while outputs and work is not None:
            self._carry_out(outputs.popleft(), work)
        self._timer.arm(self.engine.deadline())
        if self.engine.stopping and self.engine.idle:
            self._idle.set()
        return work

    def _carry_out(self, output: actions.Action | events.Event, work: Work) -> None:
        match output:
            case actions.Reply():
                exchange = cast(Exchange, output.ticket)
                if exchange.reply(output.response, output.confirm, output.initial):
                    work.jobs.append(exchange.interrupt)
            case actions.ReadBody():
                cast(Exchange, output.ticket).read_body(output.limit)
            case actions.Write():
                work.jobs.append(partial(self._write, output))
            case actions.Accept():
                port = cast(WebSocketPort, output.port)
                port.session = self.engine.session_of(port)
                port.decision = output.headers
            case actions.Refuse():
                cast(WebSocketPort, output.port).decision = output.response
            case actions.Hangup():
                port = cast(WebSocketPort, output.port)
                port.session = None
                work.jobs.append(partial(port.hang_up, output.code, output.reason))
            case actions.Abort():
                port = cast(WebSocketPort, output.port)
                port.session = None
                work.jobs.append(port.abort)
            case _:
                self._pass_on(output, work)

    def _pass_on(self, event: events.Event, work: Work) -> None:
        match event:
            case events.MessageReceived():
                inbox = cast(Inbox, event.session.owner)
                if inbox.message(event.data):
                    work.inboxes.append(inbox)
                if inbox.is_full and not event.session.paused:
                    self.engine.pause(self.now(), event.session, True)
            case events.Disconnected():
                inbox = cast(Inbox, event.session.owner)
                if inbox.disconnect(event.info):
                    work.inboxes.append(inbox)
                self._application.drained(event.session)
                self._observations.add(event)
            case events.Connecting():
                raise AssertionError("only `_open` makes inputs that lead to it, and takes it out")
            case _:
                if isinstance(event, events.Drained):
                    self._application.drained(event.session)
                self._observations.add(event)

    def _drained(self, ports: list[WebSocketPort]) -> Work | None:
        with self._lock:
            for port in ports:
                self.engine.drained(self.now(), port)
            return self._route()

    def _observed(self, event: events.Observed) -> None:
        self._application.observed(event, self.now())

    def _write(self, write: actions.Write) -> WebSocketPort | None:
        """Write; return the port if it has taken everything at once."""
        port = cast(WebSocketPort, write.port)
        if port.write(write.frames):
            return port
        port.go_on()
        return None

    # -- time ------------------------------------------------------------------------------

    def _tick(self) -> None:
        """Do what is due (for the timer, and so never twice at the same time)."""
        with self._lock:
            self._timer.expire()
        self.concurrency.start_late()
        self.input(self.engine.tick)
        self.sweep.sweep()

    def _look_at(self, when: float) -> None:
        with self._lock:
            self._timer.arm(when)

    # -- HTTP ------------------------------------------------------------------------------

    def http(self, request: Request, connection: Connection | None) -> Exchange:
        """Take a request; call `Exchange.response`, write it, and call `Exchange.sent`."""
        self.bind()
        exchange = Exchange(self, request, connection)
        admitted = self.engine.admit(request)
        connecting = self._open(self.engine.http, request, exchange, admitted)
        if connecting is not None:
            decision = self._ask(connecting)
            if connection is not None and connection.is_gone():
                self.http_closed(exchange)
            self._decided(connecting.session, decision)
        return exchange

    def _ask(self, connecting: events.Connecting) -> Accepted | Response:
        try:
            return self._application.ask(connecting.session, connecting.request)
        except BaseException:
            # This thread is being ended, and nobody else will decide.
            self._decided(connecting.session, Response(503))
            raise

    def _decided(self, session: Session, decision: Accepted | Response) -> None:
        if isinstance(decision, Response):
            self.input(self.engine.refuse, session, decision)
        elif self.input(self.engine.accept, session, decision.headers):
            return
        self._application.ended(session)

    def park(self, exchange: Exchange) -> None:
        """An exchange waits: look now and then whether its client is still there."""
        self.sweep.park(exchange)

    def unpark(self, exchange: Exchange) -> None:
        """It waits no more."""
        self.sweep.unpark(exchange)

    def body(self, exchange: Exchange, body: bytes) -> None:
        """A body is complete (for `Exchange`)."""
        self.input(self.engine.body, exchange, body)

    def body_failed(self, exchange: Exchange, error: BodyError) -> None:
        """A body could not be read (for `Exchange`)."""
        self.input(self.engine.body_failed, exchange, error)

    def http_closed(self, exchange: Exchange) -> None:
        """A client did not wait for its answer."""
        self.input(self.engine.http_closed, exchange)
        exchange.leave()

    def replied(self, exchange: Exchange, accepted: bool) -> None:
        """An answer with packets was written, or could not be (for `Exchange`)."""
        self.input(self.engine.replied, exchange, accepted)

    def finish_response(self, request: Request, response: Response, initial: bool) -> Response:
        """Return the response as the hooks want it."""
        return self._application.finish_response(request, response, initial)

    # -- WebSockets ------------------------------------------------------------------------

    def websocket(self, request: Request, port: WebSocketPort) -> tuple[Header, ...] | Response:
        """Return the headers to accept a WebSocket with, or the response to refuse it with."""
        self.bind()
        admitted = self.engine.admit(request)
        connecting = self._open(self.engine.websocket_open, request, port, admitted)
        if connecting is not None:
            verdict = self._ask(connecting)
            if port.is_gone():
                self.closed(port, None, "the client left during the handshake")
            self._decided(connecting.session, verdict)
        decision = port.decision
        if not isinstance(decision, tuple):
            # There is none where the client has left: then nobody reads the answer.
            return self.finish_response(request, decision or Response(400), False)
        initial = connecting is not None
        return self.finish_response(request, Response(101, decision), initial).headers

    def drained(self, port: WebSocketPort) -> None:
        """A port has taken what it was given, or was accepted."""
        self.input(self.engine.drained, port)

    def received(self, port: WebSocketPort, data: Data, serving: bool = True) -> None:
        """Take a message of a WebSocket; return when the next may be read.

        Args:
            port: The WebSocket.
            data: The message.
            serving: Whether this is the thread that serves the connection.
        """
        session = port.session
        inbox: Inbox | None = None if session is None else session.owner
        inline = serving and not self.config.async_handlers
        message = None if session is None else session.fast_in(data)
        if message is None or inbox is None:
            self._input(port if inline else None, self.engine.websocket_data, port, data)
        elif inline and inbox.message_now(message, port):
            return
        else:
            self.input(self._queue, inbox.session, message)
        if inbox is not None and serving:
            inbox.wait_for_room()

    def _queue(self, now: float, session: Session, message: Data) -> None:
        self.engine.emit(events.MessageReceived(session, message))

    def too_big(self, port: WebSocketPort) -> None:
        """A message began on a WebSocket that is over the limit."""
        self.input(self.engine.websocket_too_big, port)

    def failed(self, port: WebSocketPort, code: int, detail: str) -> None:
        """A WebSocket got what it cannot take and closes itself with ``code``; `closed` follows."""
        self.input(self.engine.websocket_failed, port, code, detail)

    def closed(
        self,
        port: WebSocketPort,
        code: int | None = None,
        reason: str = "",
        serving: bool = True,
    ) -> None:
        """A WebSocket is gone.

        Args:
            port: The WebSocket.
            code: The close code of the peer, if it gave any.
            reason: Its reason, or what happened.
            serving: Whether this is the thread that serves the connection.
        """
        call = self.engine.websocket_closed
        self._input(port if serving else None, call, port, code, reason)

    # -- the end ---------------------------------------------------------------------------

    def restart(self) -> None:
        """Serve again after `shutdown`."""
        self.engine.restart()
        self._idle.clear()

    def shutdown(self, seconds: float) -> None:
        """End all sessions and wait until their clients know, for ``seconds`` at the most."""
        until = SystemClock.time() + seconds
        answers = self.sweep.parked()
        self.input(self.engine.shutdown)
        self._performer.hand_over_late(lambda: SystemClock.time() < until)
        self._idle.wait(max(0.0, until - SystemClock.time()))
        # The process may end when this returns, and then no thread writes an answer any more.
        while SystemClock.time() < until and not all(each.is_over for each in answers):
            self.concurrency.sleep(_LOOK_AGAIN)
        for port in self.engine.open_ports():
            cast(WebSocketPort, port).abort()
        with self._lock:
            self._timer.stop()
            self._is_started = False
