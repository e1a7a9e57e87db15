"""The client's side of the protocol, without I/O, clock or loop: what every driver shares.

Inputs are calls named for what happened; after each the driver carries out what stands in
`ClientMachine.outputs`, in order. The client behaves as the official JavaScript client does: one
poll and one POST at a time, POSTs of at most ``maxPayload``, an upgrade that waits for both.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, Literal, NamedTuple, TypeAlias
from urllib.parse import urlencode

from ..protocol.packet import CLOSE, Packet, PacketType
from ..protocol.revision import BINARY, codec_for
from ..types import Data, Revision, TransportName
from .errors import ConnectionClosed
from .network import Answer

__all__ = [
    "Action",
    "ClientMachine",
    "ClientTransport",
    "CloseSocket",
    "Drop",
    "Fetch",
    "Kind",
    "OpenSocket",
    "State",
    "WriteFrame",
]

ClientTransport: TypeAlias = Literal["polling", "websocket", "upgrade"]
"""How a client begins: ``upgrade`` begins with polling and turns into a WebSocket at once."""

_PROBE = Packet(PacketType.PING, "probe")
_PROBE_ANSWER = Packet(PacketType.PONG, "probe")
_UPGRADE = Packet(PacketType.UPGRADE)


class State(Enum):
    """The life of a client."""

    OPENING = auto()
    OPEN = auto()
    CLOSING = auto()
    CLOSED = auto()


class Kind(Enum):
    """What an HTTP request is for; there is at most one of each kind at a time."""

    HANDSHAKE = auto()
    POLL = auto()
    POST = auto()


class Fetch(NamedTuple):
    """Send an HTTP request, then call `ClientMachine.answered` or `ClientMachine.dropped`."""

    kind: Kind
    query: str
    body: bytes = b""
    content_type: str = ""


class OpenSocket(NamedTuple):
    """Open a WebSocket, then call `ClientMachine.socket_opened` or `socket_refused`."""

    query: str


class WriteFrame(NamedTuple):
    """Send a message on the WebSocket."""

    data: Data


class CloseSocket(NamedTuple):
    """Close the WebSocket, then call `ClientMachine.socket_closed`."""

    code: int
    reason: str


class Drop(NamedTuple):
    """Drop every connection."""


Action: TypeAlias = Fetch | OpenSocket | WriteFrame | CloseSocket | Drop


class _Probe(Enum):
    """How far an upgrade has come."""

    OPENING = auto()
    PROBING = auto()
    PAUSING = auto()


class ClientMachine:
    """One session of one client.

    Args:
        begin: How it begins.
        revision: The protocol revision.
        query: More query parameters; they win over the protocol's own.
        heartbeats: Whether pings are answered (EIO 4).

    Attributes:
        outputs: What the driver has to do next, oldest first.
        state: Where in its life the client is.
        transport: What carries the session now.
        handshake: The values of the OPEN packet.
        packets: Every packet received, control packets too.
        messages: The messages that nobody took yet.
        rejected: The answer that refused the handshake or the upgrade, or ended the session.
        close_code: The close code of the WebSocket that carried the session.
        close_reason: Why the session ended, for people.
        queued: How many packets were ever queued.
        taken: How many of them the server has taken: a POST was answered, or a frame written.
        reading: Whether it polls.
    """

    def __init__(
        self,
        begin: ClientTransport,
        revision: Revision,
        query: Mapping[str, str],
        heartbeats: bool,
    ) -> None:
        self.outputs: deque[Action] = deque()
        self.state = State.OPENING
        self.transport: TransportName = "websocket" if begin == "websocket" else "polling"
        self.handshake: dict[str, Any] = {}
        self.packets: list[Packet] = []
        self.messages: deque[Data] = deque()
        self.rejected: Answer | None = None
        self.close_code: int | None = None
        self.close_reason = ""
        self.queued = self.taken = 0
        self.reading = True
        self._revision = revision
        self._codec = codec_for(revision, base64=bool(query.get("b64")))
        self._query = query
        self._heartbeats = heartbeats
        self._queue: deque[Packet] = deque()
        self._requests: dict[Kind, int] = {}
        self._probe: _Probe | None = None
        self._close_frame = CloseSocket(1000, "")

    # -- what the driver asks for ----------------------------------------------------------

    def start(self) -> None:
        """Begin the handshake."""
        if self.transport == "websocket":
            self.outputs.append(OpenSocket(self._target("websocket")))
        else:
            self._fetch(Kind.HANDSHAKE)

    def send(self, packet: Packet) -> int:
        """Queue a packet.

        Returns:
            What `taken` will have reached when the server has taken it.

        Raises:
            ConnectionClosed: The session is over, or never began.
        """
        if self.state is not State.OPEN:
            raise ConnectionClosed(self.close_code, self.close_reason or "it is not open")
        return self._put(packet)

    def send_raw(self, data: Data) -> int:
        """Send ``data`` as it is: the whole body of a POST, or a WebSocket message.

        Returns:
            As for `send`.

        Raises:
            ConnectionClosed: As for `send`.
            RuntimeError: A POST is under way, so another one would be a second fault.
        """
        if self.state is not State.OPEN:
            raise ConnectionClosed(self.close_code, self.close_reason or "it is not open")
        if self.transport == "websocket":
            self._write(data)
        elif Kind.POST in self._requests:
            raise RuntimeError("a POST is under way")
        else:
            self.queued += 1
            body, kind = (
                (data, BINARY) if isinstance(data, bytes) else (data.encode(), "text/plain")
            )
            self._fetch(Kind.POST, body, kind, 1)
        return self.queued

    def upgrade(self) -> None:
        """Try to turn polling into a WebSocket; `upgrading` until that has worked or failed.

        Raises:
            RuntimeError: The session is not open on polling, or is upgrading already.
        """
        if self.state is not State.OPEN or self.transport != "polling" or self.upgrading:
            raise RuntimeError("only an open polling session can be upgraded")
        self.rejected = None
        self._probe = _Probe.OPENING
        self.outputs.append(OpenSocket(self._target("websocket")))

    @property
    def upgrading(self) -> bool:
        """Whether an upgrade is under way."""
        return self._probe is not None

    def close(self, code: int, reason: str) -> None:
        """End the session as the JavaScript client does, after what is queued.

        On polling by a CLOSE packet, on a WebSocket by its closing handshake alone.
        """
        if self.state is not State.OPEN:
            return
        if self._probe is not None:
            self._probe = None
            self.outputs.append(CloseSocket(1000, ""))
        self.state = State.CLOSING
        self._close_frame = CloseSocket(code, reason)
        if self.transport == "polling":
            self._put(CLOSE)
        else:
            self.outputs.append(self._close_frame)

    def abort(self) -> None:
        """Leave without a word."""
        self._end(None, "the client dropped the connection")

    def read(self, reading: bool) -> None:
        """Stop polling, or go on."""
        self.reading = reading
        self._go_on()

    # -- what happened ---------------------------------------------------------------------

    def answered(self, kind: Kind, answer: Answer) -> None:
        """An HTTP request was answered."""
        carried = self._requests.pop(kind, 0)
        if self.state is State.CLOSED:
            return
        if answer.status != 200:
            self.rejected = answer
            self._end(None, f"a request was answered with {answer.status}")
            return
        self.taken += carried
        if kind is not Kind.POST:
            binary = (answer.header("content-type") or "").startswith(BINARY)
            packets, error = self._codec.decode_body(answer.body, binary)
            for packet in packets:
                self._receive(packet)
            if error is not None:
                self._end(None, f"the server sent an invalid payload: {error}")
        self._go_on()

    def dropped(self, kind: Kind) -> None:
        """An HTTP request got no answer."""
        self._requests.pop(kind, None)
        self._end(None, "a request was not answered")

    def socket_opened(self) -> None:
        """The WebSocket is open."""
        if self._probe is _Probe.OPENING:
            self._probe = _Probe.PROBING
            self._write(self._codec.encode_frame(_PROBE))

    def socket_refused(self, answer: Answer | None) -> None:
        """The WebSocket was refused."""
        self.rejected = answer
        if self._probe is not None:
            self._probe = None
            self._go_on()
        elif self.transport == "websocket":
            self._end(None, "the WebSocket was refused")

    def frame(self, data: Data) -> None:
        """A WebSocket message arrived."""
        if self.state is State.CLOSED:
            return
        packet = self._codec.decode_frame(data)
        if self._probe is _Probe.PROBING and packet == _PROBE_ANSWER:
            self.packets.append(packet)
            self._probe = _Probe.PAUSING
        else:
            self._receive(packet)
        self._go_on()

    def socket_closed(self, code: int, reason: str) -> None:
        """The WebSocket is closed."""
        if self.transport == "websocket":
            self._end(code, reason)
        elif self._probe is not None:
            self._probe = None
            self._go_on()

    # -- inside ----------------------------------------------------------------------------

    def _target(self, transport: TransportName) -> str:
        fields = {"EIO": str(int(self._revision)), "transport": transport, **self._query}
        if self.handshake:
            fields["sid"] = self.handshake["sid"]
        return urlencode(fields)

    def _fetch(self, kind: Kind, body: bytes = b"", content_type: str = "", count: int = 0) -> None:
        self._requests[kind] = count
        self.outputs.append(Fetch(kind, self._target("polling"), body, content_type))

    def _put(self, packet: Packet) -> int:
        self._queue.append(packet)
        self.queued += 1
        # Others may follow in the same payload, so their count is taken now.
        count = self.queued
        self._go_on()
        return count

    def _write(self, data: Data) -> None:
        self.outputs.append(WriteFrame(data))

    def _go_on(self) -> None:
        """Send and ask for whatever can be sent and asked for now."""
        if self.state in (State.OPENING, State.CLOSED):
            return
        if self._probe is _Probe.PAUSING:
            if self._requests:
                return
            # "Client, once its poll ended, sends 5."
            self._write(self._codec.encode_frame(_UPGRADE))
            self._probe = None
            self.transport = "websocket"
        if self.transport == "websocket":
            while self._queue:
                self._write(self._codec.encode_frame(self._queue.popleft()))
                self.taken += 1
            return
        if self._queue and Kind.POST not in self._requests:
            self._post()
        if self.state is State.CLOSING and not self._requests:
            self._end(None, "the client closed the session")
        elif self.state is State.OPEN and self.reading and Kind.POLL not in self._requests:
            self._fetch(Kind.POLL)

    def _post(self) -> None:
        limit = self.handshake.get("maxPayload")
        batch: list[Packet] = []
        size = 0
        while self._queue:
            size += self._codec.payload_size(self._queue[0])
            if batch and limit is not None and size > limit:
                break
            batch.append(self._queue.popleft())
        self._fetch(Kind.POST, *self._codec.encode_body(batch), len(batch))

    def _receive(self, packet: Packet) -> None:
        if self.state is State.CLOSED:
            return
        self.packets.append(packet)
        match packet.type:
            case PacketType.OPEN if self.state is State.OPENING:
                self.handshake = json.loads(packet.data)
                self.state = State.OPEN
            case PacketType.MESSAGE:
                self.messages.append(packet.data)
            case PacketType.PING if self._heartbeats and self.state is State.OPEN:
                self._put(Packet(PacketType.PONG, packet.data))
            case PacketType.CLOSE if self.transport == "polling":
                self._end(None, "the server closed the session")
            case _:
                # A CLOSE on a WebSocket is followed by the closing handshake, which says more.
                pass

    def _end(self, code: int | None, reason: str) -> None:
        if self.state is State.CLOSED:
            return
        self.state = State.CLOSED
        self.close_code = code
        self.close_reason = reason
        self._probe = None
        self.outputs.append(Drop())
