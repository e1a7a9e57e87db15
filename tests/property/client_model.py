"""What one client of the engine knows: its requests, its WebSockets and all that reached it.

Lives here: reading answers and frames as a client would. What a client does, and what must hold of
it, stands in the test.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from engineio.protocol import payload, payload_v3
from engineio.protocol.packet import Packet, PacketType, decode_frame, decode_frame_v3
from engineio.types import Data
from tests.support.recording_shell import Call, Socket

__all__ = ["Client", "Post", "numbered", "numbers_in"]

_NUMBER = re.compile(rb"#([0-9]+);")


def numbered(number: int, *, binary: bool) -> Packet:
    """A message that can be told from every other."""
    text = f"#{number};"
    return Packet(PacketType.MESSAGE, text.encode() if binary else text)


def numbers_in(messages: list[Data]) -> list[int]:
    """The numbers of those messages that have one."""
    data = (
        message.encode("utf-8", "replace") if isinstance(message, str) else message
        for message in messages
    )
    return [int(found[1]) for found in map(_NUMBER.match, data) if found]


@dataclass
class Post:
    """One POST, and the numbers of the messages that were put into it."""

    call: Call
    numbers: list[int]


class Client:
    """One client.

    Attributes:
        query: How it names its revision.
        sid: Its session.
        polls: Its polls, the handshake among them.
        posts: Its posts.
        socket: The WebSocket that carries its session.
        probe: The WebSocket that is to.
        accepted: The messages that the server took for it.
        is_starved: Whether the server has said that it takes no more, and not yet that it does.
        got: The messages that arrived.
        frames: The numbers of the messages that it sent by WebSocket.
        is_pinged: Whether it owes an answer to a ping.
        is_told: Whether it was told that its session is over.
        is_careless: Whether it went on before an answer was there: what it misses is its own fault.
    """

    def __init__(self, query: str) -> None:
        self.query = query
        self.sid = ""
        self.polls: list[Call] = []
        self.posts: list[Post] = []
        self.socket: Socket | None = None
        self.probe: Socket | None = None
        self.accepted: list[Data] = []
        self.is_starved = False
        self.got: list[Data] = []
        self.frames: list[int] = []
        self.is_pinged = False
        self.is_told = False
        self.is_careless = False
        self._read: set[Call] = set()
        self._lost: set[Call] = set()

    @property
    def is_v3(self) -> bool:
        return "EIO=3" in self.query

    @property
    def is_jsonp(self) -> bool:
        return "j=" in self.query

    @property
    def sockets(self) -> list[Socket]:
        """Its WebSockets that it has not lost."""
        return [socket for socket in (self.socket, self.probe) if socket and not socket.is_gone]

    # -- what it sends ---------------------------------------------------------------------

    @property
    def content_type(self) -> str:
        return "application/x-www-form-urlencoded" if self.is_jsonp else ""

    def body(self, packets: list[Packet]) -> bytes:
        """The body of a POST."""
        encode = payload_v3.encode_text if self.is_v3 else payload.encode_payload
        body = encode(packets)
        if not self.is_jsonp:
            return body
        return b"d=" + "".join(f"%{byte:02x}" for byte in body).encode()

    def frame(self, packet: Packet) -> Data:
        """A WebSocket message."""
        return packet.frame_v3 if self.is_v3 else packet.frame

    # -- what reaches it -------------------------------------------------------------------

    def is_in_flight(self, call: Call) -> bool:
        """Whether there is an answer that has not arrived and is not lost."""
        return call.reply is not None and call not in self._read and call not in self._lost

    @property
    def is_polling(self) -> bool:
        """Whether a poll of it is not over."""
        return any(call.is_waiting or self.is_in_flight(call) for call in self.polls)

    def read(self, call: Call) -> None:
        """The answer to a poll arrives."""
        if self.is_in_flight(call):
            self._read.add(call)
            if call.status == 200:
                self._take(self._packets(call))

    def lose(self, call: Call) -> None:
        """The answer to a poll will never arrive."""
        if self.is_in_flight(call):
            self._lost.add(call)

    def has_lost(self, call: Call) -> bool:
        return call in self._lost

    def read_frames(self, socket: Socket) -> None:
        """What was written to a WebSocket arrives."""
        decode = decode_frame_v3 if self.is_v3 else decode_frame
        self._take([decode(frame) for frame in socket.take()])

    def _packets(self, call: Call) -> list[Packet]:
        body = call.body
        if body.startswith(b"___eio["):
            body = json.loads(body[body.index(b"(") + 1 : -2]).encode()
        if not self.is_v3:
            decoded = payload.decode_payload(body)
        elif call.header("content-type") == "application/octet-stream":
            decoded = payload_v3.decode_binary(body)
        else:
            decoded = payload_v3.decode_text(body)
        assert decoded.error is None, (decoded, body)
        return decoded.packets

    def _take(self, packets: list[Packet]) -> None:
        for packet in packets:
            # The answer to a probe comes on another connection than what it was told on, and who
            # asks once more is told once more.
            late = packet.type not in (PacketType.PONG, PacketType.CLOSE)
            assert not (late and self.is_told) or self.is_careless, packet
            match packet.type:
                case PacketType.MESSAGE:
                    self.got.append(packet.data)
                case PacketType.PING:
                    self.is_pinged = True
                case PacketType.CLOSE:
                    self.is_told = True
