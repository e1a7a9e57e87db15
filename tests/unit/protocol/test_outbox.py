"""The send queue: bounded, in order, and nothing leaves it before a transport accepted it."""

import pytest

from engineio.protocol.outbox import Outbox
from engineio.protocol.packet import CLOSE, PING, Packet, PacketType
from engineio.protocol.payload import payload_size


def message(data="x"):
    return Packet(PacketType.MESSAGE, data)


def filled(*packets, max_bytes=1000, max_packets=1000):
    outbox = Outbox(max_bytes, max_packets)
    for packet in packets:
        outbox.put(packet)
    return outbox


def test_packets_leave_in_order_once_they_were_accepted():
    outbox = filled(message("a"), PING, message(b"b"))

    assert outbox.take() == [message("a"), PING, message(b"b")]
    assert len(outbox) == 3
    assert outbox.waiting == 0
    outbox.commit()
    assert len(outbox) == 0
    assert outbox.take() == []


def test_what_comes_while_packets_are_lent_waits_for_the_next_time():
    outbox = filled(message("a"))
    outbox.take()
    outbox.put(message("b"))

    assert outbox.waiting == 1
    assert outbox.take() == []
    outbox.commit()
    assert outbox.take() == [message("b")]


def test_nothing_comes_from_an_empty_queue():
    outbox = filled()

    assert (len(outbox), outbox.waiting, outbox.take(), outbox.clear()) == (0, 0, [], ())
    outbox.commit()
    assert len(outbox) == 0


def test_the_first_packet_goes_before_all_others():
    outbox = filled(message("a"))
    outbox.put_first(PING)
    empty = filled()
    empty.put_first(PING)

    assert outbox.take() == [PING, message("a")]
    assert empty.take() == [PING]


def test_f64_there_is_a_limit_in_packets():
    outbox = filled(message(), message(), max_packets=3)

    assert outbox.has_room(message())
    outbox.put(message())
    assert not outbox.has_room(message())


def test_f64_there_is_a_limit_in_bytes():
    outbox = filled(message("x" * 5), max_bytes=10)

    assert outbox.has_room(message("x" * 3))
    assert outbox.has_room(message(b"xxxx"))
    assert not outbox.has_room(message("x" * 4))
    assert not outbox.has_room(message("€€"))


def test_what_is_lent_counts_until_it_was_accepted():
    outbox = filled(message(), max_packets=1)
    outbox.take()

    assert not outbox.has_room(message())
    outbox.commit()
    assert outbox.has_room(message())


def test_one_packet_always_fits_an_empty_queue():
    """Otherwise a message between the limit of the queue and ``max_payload`` could never go out."""
    outbox = filled(max_bytes=1, max_packets=1)

    assert outbox.has_room(message("x" * 100))
    outbox.put(message("x" * 100))
    outbox.take()
    outbox.commit()
    assert outbox.has_room(message("x" * 100))


def test_bytes_are_counted_over_a_whole_life():
    outbox = filled(max_bytes=10)
    for _ in range(100):
        outbox.put_first(message("x"))
        outbox.put(message(b"xx"))
        outbox.put(message("€"))
        outbox.take()
        outbox.commit()

    outbox.put(message("x" * 4))
    assert outbox.has_room(message("x" * 4))
    assert not outbox.has_room(message("x" * 5))


class TestDroppingTheOldest:
    def test_as_many_go_as_are_in_the_way(self):
        outbox = filled(message("a"), message("b"), message("c"), max_bytes=6)

        assert outbox.drop_oldest(message("xyz"))
        assert outbox.take() == [message("c")]

    def test_nothing_goes_while_there_is_room(self):
        outbox = filled(message("a"))

        assert outbox.drop_oldest(message("b"))
        assert outbox.take() == [message("a")]

    def test_control_packets_stay(self):
        outbox = filled(PING, message("a"), CLOSE, message("b"), max_packets=4)

        assert outbox.drop_oldest(message("c"))
        assert outbox.take() == [PING, CLOSE, message("b")]

    def test_what_is_lent_stays(self):
        outbox = filled(message("a"), max_packets=2)
        outbox.take()
        outbox.put(message("b"))

        assert outbox.drop_oldest(message("c"))
        outbox.put(message("c"))
        outbox.commit()
        assert outbox.take() == [message("c")]

    def test_it_fails_when_nothing_may_go(self):
        outbox = filled(message("a"), max_packets=1)
        outbox.take()

        assert not outbox.drop_oldest(message("b"))
        outbox.commit()
        assert len(outbox) == 0

    def test_nothing_goes_in_vain(self):
        outbox = filled(message("x" * 6), max_bytes=12)
        outbox.take()
        outbox.put(message("ab"))

        assert not outbox.drop_oldest(message("y" * 5))
        outbox.commit()
        assert outbox.take() == [message("ab")]

    def test_the_bytes_of_what_went_are_free(self):
        outbox = filled(message("x" * 9), max_bytes=10)
        outbox.drop_oldest(message("x" * 5))
        outbox.put(message("x" * 5))

        assert outbox.has_room(message("xxx"))
        assert not outbox.has_room(message("xxxx"))


class TestTakingLessThanAll:
    """Rule: "Servers should batch polling packets up to maxPayload"."""

    def test_as_many_as_fit(self):
        outbox = filled(message("aaa"), message("bbb"), message("ccc"))

        assert outbox.take(10, 0, payload_size) == [message("aaa"), message("bbb")]
        assert outbox.waiting == 1
        outbox.commit()
        assert outbox.take(10, 0, payload_size) == [message("ccc")]

    @pytest.mark.parametrize(("limit", "count"), [(9, 1), (10, 2), (14, 2), (15, 3)])
    def test_the_limit_is_met_exactly(self, limit, count):
        outbox = filled(*[message("xxx")] * 3)

        assert len(outbox.take(limit, 0, payload_size)) == count

    def test_the_first_goes_whatever_it_takes(self):
        outbox = filled(message("x" * 50), message())

        assert outbox.take(10, 0, payload_size) == [message("x" * 50)]

    @pytest.mark.parametrize(("most", "count"), [(0, 20), (1, 1), (16, 16), (20, 20), (21, 20)])
    def test_as_many_as_the_client_can_take(self, most, count):
        """Rule: "Some clients drop an answer with more than 16 packets"."""
        outbox = filled(*[message()] * 20)

        assert len(outbox.take(1000, most, payload_size)) == count


def test_clearing_returns_the_messages_lent_ones_too():
    outbox = filled(message("a"), PING)
    outbox.take()
    outbox.put(message(b"b"))

    assert outbox.clear() == ("a", b"b")
    assert (len(outbox), outbox.waiting) == (0, 0)
    outbox.put(message("c"))
    assert outbox.take() == [message("c")]


def test_an_idle_queue_takes_no_memory():
    outbox = filled(message())
    outbox.take()
    outbox.commit()

    assert outbox._queue is None
