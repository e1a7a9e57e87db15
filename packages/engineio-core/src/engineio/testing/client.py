"""`Client`: a whole Engine.IO client for tests, over any `Network`.

What lives here: the names that tests use. The protocol is the machine's, the wire the network's,
and ``driver`` brings them together.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Self

from ..aio.timer import Clock, Timer
from ..messages import message_data
from ..protocol.packet import Packet, PacketType
from ..types import Data, Revision, SendData, TransportName
from .driver import ClientDriver
from .errors import ConnectionClosed, ConnectionRejected
from .machine import ClientMachine, ClientTransport, State
from .memory import ASGIApplication, ASGINetwork
from .network import Answer, Network

__all__ = ["Client"]

# An upper bound for what does not happen, on a machine that may be busy.
_PATIENCE = 5.0
_FAREWELL = 1.0


class Client:
    """An Engine.IO client in memory; entering it opens the session, leaving it closes it.

    It polls by itself, answers pings (in revision 3: sends them), and keeps cookies. All times are
    real seconds, whatever clock the server has.

    Args:
        app: An ASGI application, or a `Network` to something else.
        transport: ``polling``, ``websocket``, or ``upgrade`` for polling that becomes a WebSocket
            before entering is over.
        revision: The protocol revision, 3 or 4.
        path: Where the server is.
        headers: Header fields of every request.
        cookies: Cookies of every request; the server's own are added to them.
        query: More query parameters, such as ``{"b64": "1"}``; they win over the client's own.
        clock: When to ping in revision 3; give it the server's `FakeClock`. None for the real time.
        heartbeats: Whether pings are answered, or sent.
        scope: Values for the ASGI scopes, such as ``{"client": ("10.0.0.1", 4000)}``.

    Attributes:
        network: The network.

    Example::

        async with Client(app, transport="websocket") as client:
            await client.send("hello")
            assert await client.receive() == "hello"
    """

    def __init__(
        self,
        app: ASGIApplication | Network,
        *,
        transport: ClientTransport = "polling",
        revision: int = 4,
        path: str = "/engine.io/",
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        cookies: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        heartbeats: bool = True,
        scope: Mapping[str, Any] | None = None,
    ) -> None:
        self.network = app if isinstance(app, Network) else ASGINetwork(app, scope)
        self._begin = transport
        self._machine = ClientMachine(transport, Revision(revision), query or {}, heartbeats)
        self._cookies = dict(cookies or {})
        fields = headers.items() if isinstance(headers, Mapping) else headers
        lowered = tuple((name.lower(), value) for name, value in fields)
        self._driver = ClientDriver(self._machine, self.network, path, lowered, self._cookies)
        self._clock = clock
        self._pings = heartbeats and revision == Revision.V3
        self._timer: Timer | None = None

    # -- the session -----------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def connect(self, timeout: float = _PATIENCE) -> None:
        """Open the session; what entering the client does.

        Raises:
            ConnectionRejected: The server refused it, or the upgrade.
            TimeoutError: It gave no answer in time.
        """
        try:
            await self._open(timeout)
            if self._begin == "upgrade":
                await self.upgrade(timeout)
        except BaseException:
            # Leaving is not called for what could not be entered.
            self.abort()
            await self._driver.finish()
            raise

    async def upgrade(self, timeout: float = _PATIENCE) -> None:
        """Turn polling into a WebSocket.

        Raises:
            ConnectionRejected: The server refused; polling goes on.
            ConnectionClosed: The session ended meanwhile.
            RuntimeError: The server offers no upgrade, or the session is not on polling.
        """
        machine = self._machine
        if "websocket" not in machine.handshake.get("upgrades", ()):
            raise RuntimeError("the server offers no upgrade to websocket")
        machine.upgrade()
        self._driver.perform()
        await self._driver.until(lambda: not machine.upgrading, timeout, "no upgrade")
        if machine.transport != "websocket":
            self._check_open()
            raise ConnectionRejected(machine.rejected)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """End the session as the JavaScript client does, and wait until the server has let go.

        On polling the server hears ``client disconnect``; a WebSocket is just closed, and it hears
        ``transport close``. A server that takes no part for a second is left with `abort`.

        Args:
            code: The close code, on a WebSocket.
            reason: The reason, on a WebSocket.

        Raises:
            Exception: What the application raised, if no other call has raised it yet.
        """
        self._machine.close(code, reason)
        self._driver.perform()
        try:
            with suppress(TimeoutError):
                await self._driver.until(lambda: self.closed, _FAREWELL, "no answer to the close")
        finally:
            self.abort()
            await self._driver.finish()
        self._driver.report()

    def abort(self) -> None:
        """Drop the connection without a close, as when the network fails."""
        if self._timer is not None:
            self._timer.stop()
        self._machine.abort()
        self._driver.perform()

    # -- messages --------------------------------------------------------------------------

    async def send(self, data: SendData, timeout: float = _PATIENCE) -> None:
        """Send a message and wait until the server has taken it.

        On polling that is the answer to the POST; on a WebSocket it is done at once.

        Args:
            data: Text, bytes, or a dict or list, which is sent as JSON text.
            timeout: How long to wait, in seconds.

        Raises:
            ConnectionClosed: The session is over, or the server closed it because of this.
            TimeoutError: The POST was not answered in time.
        """
        message = message_data(data, json)
        await self._taken(self._machine.send(Packet(PacketType.MESSAGE, message)), timeout)

    async def send_raw(self, data: Data, timeout: float = _PATIENCE) -> None:
        """Send ``data`` as it is, valid or not: the body of a POST, or a WebSocket message.

        Raises:
            ConnectionClosed: As for `send`.
            TimeoutError: As for `send`.
        """
        await self._taken(self._machine.send_raw(data), timeout)

    async def receive(self, timeout: float = _PATIENCE) -> Data:
        """Return the next message.

        Raises:
            ConnectionClosed: The session is over, and every message was returned.
            TimeoutError: None came in time.
        """
        messages = self._machine.messages
        await self._driver.until(lambda: bool(messages) or self.closed, timeout, "no message")
        if not messages:
            self._check_open()
        return messages.popleft()

    async def receive_json(self, timeout: float = _PATIENCE) -> Any:
        """Return the value of the next message, which must be JSON text; raises as `receive`."""
        return json.loads(await self.receive(timeout))

    async def receive_nothing(self, seconds: float = 0.05) -> bool:
        """Return whether no message comes for so long."""
        messages = self._machine.messages
        try:
            await self._driver.until(lambda: bool(messages), seconds, "")
        except TimeoutError:
            return True
        return False

    def stop_reading(self) -> None:
        """Play the slow reader: no polls, and a WebSocket that takes nothing."""
        self._driver.read(False)

    def start_reading(self) -> None:
        """Read again after `stop_reading`."""
        self._driver.read(True)

    async def ping(self) -> None:
        """Send a ping now (revision 3)."""
        await self._taken(self._machine.send(Packet(PacketType.PING)), _PATIENCE)

    async def pong(self) -> None:
        """Send a pong now (revision 4), asked for or not."""
        await self._taken(self._machine.send(Packet(PacketType.PONG)), _PATIENCE)

    # -- what is known ---------------------------------------------------------------------

    @property
    def sid(self) -> str:
        """The session id, ``""`` before there is one."""
        return str(self._machine.handshake.get("sid", ""))

    @property
    def transport(self) -> TransportName:
        """The transport that carries the session now."""
        return self._machine.transport

    @property
    def handshake(self) -> Mapping[str, Any]:
        """The values of the OPEN packet."""
        return self._machine.handshake

    @property
    def packets(self) -> Sequence[Packet]:
        """Every packet received so far, control packets too."""
        return self._machine.packets

    @property
    def response(self) -> Answer | None:
        """The answer that opened the session: of the polling handshake, or the 101."""
        return self._driver.response

    @property
    def cookies(self) -> Mapping[str, str]:
        """The cookies of the next request."""
        return self._cookies

    @property
    def rejected(self) -> Answer | None:
        """The HTTP answer that refused the handshake or the upgrade, or ended the session."""
        return self._machine.rejected

    @property
    def closed(self) -> bool:
        """Whether the session is over."""
        return self._machine.state is State.CLOSED

    async def wait_closed(self, timeout: float = _PATIENCE) -> None:
        """Wait until the session is over.

        Raises:
            TimeoutError: It is not, in time.
        """
        await self._driver.until(lambda: self.closed, timeout, "no close")

    @property
    def close_code(self) -> int | None:
        """The close code of the WebSocket that carried the session, None on polling."""
        return self._machine.close_code

    @property
    def close_reason(self) -> str:
        """The reason of that close; on polling a sentence fragment that says what happened."""
        return self._machine.close_reason

    # -- inside ----------------------------------------------------------------------------

    async def _open(self, timeout: float) -> None:
        machine = self._machine
        machine.start()
        self._driver.perform()
        await self._driver.until(lambda: machine.state is not State.OPENING, timeout, "no session")
        if not machine.handshake:
            raise ConnectionRejected(machine.rejected)
        if self._pings:
            clock = self._clock or asyncio.get_running_loop()
            self._timer = Timer(clock, partial(self._beat, clock))
            self._arm(clock)

    async def _taken(self, count: int, timeout: float) -> None:
        machine = self._machine
        self._driver.perform()
        await self._driver.until(
            lambda: machine.taken >= count or self.closed, timeout, "no answer to a POST"
        )
        if machine.taken < count:
            self._check_open()

    def _check_open(self) -> None:
        if self.closed:
            raise ConnectionClosed(self.close_code, self.close_reason)

    def _beat(self, clock: Clock) -> None:
        if self._machine.state is State.OPEN:
            self._machine.send(Packet(PacketType.PING))
            self._driver.perform()
            self._arm(clock)

    def _arm(self, clock: Clock) -> None:
        if self._timer is not None:
            self._timer.arm(clock.time() + self._machine.handshake["pingInterval"] / 1000)
