"""`BlockingClient`: the test client for tests that are not asynchronous.

What lives here: the names of `Client`, and the thread in which its event loop runs.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from ..protocol.packet import Packet
from ..types import Data, SendData, TransportName
from .client import Client
from .network import Answer, Network

__all__ = ["BlockingClient"]

T = TypeVar("T")


class BlockingClient:
    """An Engine.IO client for plain tests: what `Client` can do, with the same names and no await.

    Entering it opens the session, leaving it closes the session. It has a thread of its own, so the
    test may wait for whatever it likes. All timeouts are in seconds.

    Args:
        network: Where the server is.
        **options: Those of `Client`, such as ``transport`` or ``headers``.

    Example::

        with BlockingClient(LiveNetwork("127.0.0.1", 8000), transport="websocket") as client:
            client.send("hello")
            assert client.receive() == "hello"
    """

    def __init__(self, network: Network, **options: Any) -> None:
        self._client = Client(network, **options)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    # -- the session -----------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def connect(self, timeout: float = 5.0) -> None:
        """Open the session; what entering the client does.

        Raises:
            ConnectionRejected: The server refused it, or the upgrade.
            TimeoutError: It gave no answer in time.
        """
        try:
            self._wait(self._client.connect(timeout))
        except BaseException:
            # Leaving is not called for what could not be entered.
            self._end()
            raise

    def upgrade(self, timeout: float = 5.0) -> None:
        """Turn polling into a WebSocket; raises as `Client.upgrade`."""
        self._wait(self._client.upgrade(timeout))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """End the session as `Client.close` does, and the thread; a second call does nothing."""
        if self._loop.is_closed():
            return
        try:
            self._wait(self._client.close(code, reason))
        finally:
            self._end()

    def abort(self) -> None:
        """Drop the connection without a close, as when the network fails."""
        self._call(self._client.abort)

    # -- messages --------------------------------------------------------------------------

    def send(self, data: SendData, timeout: float = 5.0) -> None:
        """Send a message and wait until the server has taken it; raises as `Client.send`."""
        self._wait(self._client.send(data, timeout))

    def send_raw(self, data: Data, timeout: float = 5.0) -> None:
        """Send ``data`` as it is, valid or not; raises as `Client.send`."""
        self._wait(self._client.send_raw(data, timeout))

    def receive(self, timeout: float = 5.0) -> Data:
        """Return the next message; raises as `Client.receive`."""
        return self._wait(self._client.receive(timeout))

    def receive_json(self, timeout: float = 5.0) -> Any:
        """Return the value of the next message, which must be JSON text."""
        return self._wait(self._client.receive_json(timeout))

    def receive_nothing(self, seconds: float = 0.05) -> bool:
        """Return whether no message comes for so long."""
        return self._wait(self._client.receive_nothing(seconds))

    def stop_reading(self) -> None:
        """Play the slow reader: no polls, and a WebSocket that takes nothing."""
        self._call(self._client.stop_reading)

    def start_reading(self) -> None:
        """Read again after `stop_reading`."""
        self._call(self._client.start_reading)

    def wait_closed(self, timeout: float = 5.0) -> None:
        """Wait until the session is over; raises TimeoutError if it is not."""
        self._wait(self._client.wait_closed(timeout))

    # -- what is known ---------------------------------------------------------------------

    @property
    def sid(self) -> str:
        """The session id, ``""`` before there is one."""
        return self._client.sid

    @property
    def transport(self) -> TransportName:
        """The transport that carries the session now."""
        return self._client.transport

    @property
    def handshake(self) -> Mapping[str, Any]:
        """The values of the OPEN packet."""
        return self._client.handshake

    @property
    def packets(self) -> Sequence[Packet]:
        """Every packet received so far, control packets too."""
        return self._client.packets

    @property
    def cookies(self) -> Mapping[str, str]:
        """The cookies of the next request."""
        return self._client.cookies

    @property
    def response(self) -> Answer | None:
        """The answer that opened the session: of the polling handshake, or the 101."""
        return self._client.response

    @property
    def rejected(self) -> Answer | None:
        """The HTTP answer that refused the handshake or the upgrade, or ended the session."""
        return self._client.rejected

    @property
    def closed(self) -> bool:
        """Whether the session is over."""
        return self._client.closed

    @property
    def close_code(self) -> int | None:
        """The close code of the WebSocket that carried the session, None on polling."""
        return self._client.close_code

    @property
    def close_reason(self) -> str:
        """The reason of that close; on polling a sentence fragment that says what happened."""
        return self._client.close_reason

    # -- inside ----------------------------------------------------------------------------

    def _wait(self, call: Coroutine[Any, Any, T]) -> T:
        if self._loop.is_closed():
            call.close()
            raise RuntimeError("the client was closed; make another one")
        return asyncio.run_coroutine_threadsafe(call, self._loop).result()

    def _call(self, function: Callable[[], object]) -> None:
        async def call() -> None:
            function()

        self._wait(call())

    def _end(self) -> None:
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
