"""The send queue of one session: bounded, and nothing leaves it before a transport accepted it.

`take` only lends packets to a transport; `commit` removes them when the transport has accepted
them, and until then they count against the limits. Nothing here knows what a transport is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from ..types import Data
from .packet import Packet, PacketType

__all__ = ["Outbox"]


class Outbox:
    """The packets that wait for a transport, oldest first.

    Args:
        max_bytes: The limit in bytes.
        max_packets: The limit in packets.
    """

    __slots__ = ("_bytes", "_lent", "_max_bytes", "_max_packets", "_queue")

    def __init__(self, max_bytes: int, max_packets: int) -> None:
        self._max_bytes = max_bytes
        self._max_packets = max_packets
        # An empty deque takes 600 bytes; most sessions are idle and never queue anything.
        self._queue: deque[Packet] | None = None
        self._lent = 0
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._queue) if self._queue else 0

    @property
    def waiting(self) -> int:
        """How many packets no transport has taken yet."""
        return len(self) - self._lent

    def has_room(self, packet: Packet) -> bool:
        """Whether ``packet`` fits. One packet always fits an empty queue."""
        if not self._queue:
            return True
        return len(self._queue) < self._max_packets and self._bytes + packet.size <= self._max_bytes

    def put(self, packet: Packet) -> None:
        """Append ``packet``, whatever the limits say: the caller asks `has_room` for messages."""
        if self._queue is None:
            self._queue = deque()
        self._queue.append(packet)
        self._bytes += packet.size

    def put_first(self, packet: Packet) -> None:
        """Put ``packet`` before all others (the OPEN packet, before what was sent already)."""
        if self._queue is None:
            self._queue = deque()
        self._queue.appendleft(packet)
        self._bytes += packet.size

    def drop_oldest(self, packet: Packet) -> bool:
        """Drop the oldest messages that are not lent until ``packet`` fits; False if it cannot."""
        while self._queue and not self.has_room(packet):
            for index in range(self._lent, len(self._queue)):
                if self._queue[index].type is PacketType.MESSAGE:
                    self._bytes -= self._queue[index].size
                    del self._queue[index]
                    break
            else:
                return False
        return True

    def take(
        self,
        max_bytes: int | None = None,
        max_packets: int = 0,
        size: Callable[[Packet], int] | None = None,
    ) -> list[Packet]:
        """Lend the oldest packets to a transport until `commit`.

        Args:
            max_bytes: The most they may take by ``size``; the first is lent whatever it takes.
            max_packets: The most packets; 0 for no limit.
            size: The bytes a packet takes on that transport.
        """
        if not self._queue or self._lent:
            return []
        if size is None or max_bytes is None:
            taken = list(self._queue)
        else:
            taken = []
            total = 0
            for packet in self._queue:
                total += size(packet)
                if taken and (total > max_bytes or len(taken) == max_packets):
                    break
                taken.append(packet)
        self._lent = len(taken)
        return taken

    def lend(self, packet: Packet) -> None:
        """Put ``packet`` before all others and lend it: a transport is taking it already."""
        self.put_first(packet)
        self._lent = 1

    def commit(self) -> None:
        """Forget what was lent: the transport has accepted it."""
        if self._lent == len(self):
            # All of it, as nearly always.
            self._queue = None
            self._bytes = 0
        else:
            assert self._queue is not None, "less than all of it was lent"
            for _ in range(self._lent):
                self._bytes -= self._queue.popleft().size
        self._lent = 0

    def clear(self) -> tuple[Data, ...]:
        """Empty the queue and return the messages that were in it, lent ones included."""
        messages = tuple(
            packet.data for packet in self._queue or () if packet.type is PacketType.MESSAGE
        )
        self._queue = None
        self._lent = self._bytes = 0
        return messages
