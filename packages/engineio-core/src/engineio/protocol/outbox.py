"""The send queue of one session: bounded, and nothing leaves it before a transport accepted it.

`take` only lends packets to a transport; `commit` removes them when the transport has accepted
them, and until then they count against the limits. Nothing here knows what a transport is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from itertools import chain, islice
from math import inf
from operator import attrgetter

from ..types import Data
from .packet import Packet, PacketType

__all__ = ["Outbox", "SendOutcome"]

packet_size = attrgetter("size")


class SendOutcome(Enum):
    """What became of a message that was to be queued."""

    ACCEPTED = auto()
    DROPPED = auto()
    FULL = auto()
    CLOSED = auto()


class Outbox:
    """The packets that wait for a transport, oldest first.

    Args:
        max_bytes: The limit in bytes.
        max_packets: The limit in packets.
    """

    __slots__ = ("_bytes", "_lent", "_max_bytes", "_max_packets", "_queue", "_unread")

    def __init__(self, max_bytes: int, max_packets: int) -> None:
        self._max_bytes = max_bytes
        self._max_packets = max_packets
        # An empty deque takes 600 bytes; most sessions are idle and never queue anything.
        self._queue: deque[Packet] | None = None
        self._unread: list[Packet] | None = None
        self._lent = 0
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._queue) if self._queue else 0

    @property
    def waiting(self) -> int:
        """How many packets no transport has taken yet."""
        return len(self) - self._lent

    def holds(self, kind: PacketType) -> bool:
        """Whether there are packets of a type in it, lent ones included."""
        return any(packet.type is kind for packet in self._queue or ())

    def has_room(self, packet: Packet) -> bool:
        """Whether ``packet`` fits. One packet always fits an empty queue."""
        return self._fits(len(self), self._bytes, packet)

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
        """Drop the oldest messages that are not lent until ``packet`` fits.

        Returns:
            False, and nothing is dropped, if it would not fit then either.
        """
        queue: deque[Packet] = deque() if self._queue is None else self._queue
        count, size = len(queue), self._bytes
        dropped: list[int] = []
        for index in range(self._lent, len(queue)):
            if self._fits(count, size, packet):
                break
            if queue[index].type is PacketType.MESSAGE:
                dropped.append(index)
                count -= 1
                size -= queue[index].size
        if not self._fits(count, size, packet):
            return False
        for index in reversed(dropped):
            del queue[index]
        self._bytes = size
        return True

    def take(
        self,
        max_bytes: float = inf,
        max_packets: int = 0,
        size: Callable[[Packet], int] = packet_size,
    ) -> list[Packet]:
        """Lend the oldest packets to a transport until `commit`.

        Args:
            max_bytes: The most they may take by ``size``; the first is lent whatever it takes.
            max_packets: The most packets; 0 for no limit.
            size: The bytes a packet takes on that transport.
        """
        taken: list[Packet] = []
        if not self._queue or self._lent:
            return taken
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

    def commit(self, *, keep: bool = False) -> None:
        """Free the room of what was lent: the transport has accepted it.

        Args:
            keep: Whether it still counts as undelivered until `acknowledge`, because the transport
                cannot know whether it arrived.
        """
        if keep:
            self._unread = list(islice(self._queue or (), self._lent))
        if self._lent == len(self):
            # All of it, as nearly always.
            self._queue = None
            self._bytes = 0
        else:
            assert self._queue is not None, "less than all of it was lent"
            for _ in range(self._lent):
                self._bytes -= self._queue.popleft().size
        self._lent = 0

    def acknowledge(self) -> None:
        """What was kept has arrived."""
        self._unread = None

    def clear(self) -> tuple[Data, ...]:
        """Empty the queue and return the messages that are not known to have arrived."""
        messages = tuple(
            packet.data
            for packet in chain(self._unread or (), self._queue or ())
            if packet.type is PacketType.MESSAGE
        )
        self._queue = self._unread = None
        self._lent = self._bytes = 0
        return messages

    def _fits(self, count: int, size: int, packet: Packet) -> bool:
        """Whether ``packet`` fits beside ``count`` packets of ``size`` bytes together."""
        return not count or (count < self._max_packets and size + packet.size <= self._max_bytes)
