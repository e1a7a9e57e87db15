"""The timetable: what is due comes out once, in time, and costs little while it moves later."""

from math import inf

from engineio.protocol.schedule import Schedule, Timed


class Item(Timed):
    """Something with a deadline that a test can move."""

    def __init__(self, deadline: float = inf) -> None:
        super().__init__()
        self.deadline = deadline

    def due(self) -> float:
        return self.deadline


def test_what_has_no_deadline_never_comes_out():
    schedule = Schedule()
    schedule.update(Timed())

    assert schedule.deadline() is None
    assert schedule.expired(1e12) == []


def test_ticking_what_has_nothing_to_do_does_nothing():
    item = Timed()
    item.tick(5.0)

    assert item.due() == inf


def test_items_come_out_in_the_order_of_their_deadlines():
    schedule = Schedule()
    late, early, later = Item(2.0), Item(1.0), Item(3.0)
    for item in (late, early, later):
        schedule.update(item)

    assert schedule.deadline() == 1.0
    assert schedule.expired(0.9) == []
    assert schedule.expired(2.0) == [early, late]
    assert schedule.deadline() == 3.0
    assert schedule.expired(2.0) == []


def test_items_with_one_deadline_come_out_in_the_order_they_came_in():
    schedule = Schedule()
    items = [Item(1.0) for _ in range(5)]
    for item in items:
        schedule.update(item)

    assert schedule.expired(1.0) == items


def test_a_deadline_that_moves_earlier_counts_at_once():
    schedule = Schedule()
    item = Item(9.0)
    schedule.update(item)
    item.deadline = 1.0
    schedule.update(item)

    assert schedule.deadline() == 1.0
    assert schedule.expired(1.0) == [item]
    item.deadline = inf
    schedule.update(item)
    assert schedule.expired(9.0) == []
    assert schedule.deadline() is None


def test_a_deadline_that_moves_later_is_met_then_and_not_before():
    schedule = Schedule()
    item = Item(1.0)
    schedule.update(item)
    item.deadline = 5.0
    schedule.update(item)

    # An early look at it is all that the lazy correction costs.
    assert schedule.deadline() == 1.0
    assert schedule.expired(1.0) == []
    assert schedule.deadline() == 5.0
    assert schedule.expired(5.0) == [item]


def test_an_item_that_comes_out_twice_at_one_moment_does_so_once():
    schedule = Schedule()
    item = Item(9.0)
    schedule.update(item)
    item.deadline = 1.0
    schedule.update(item)
    item.deadline = 9.0

    assert schedule.expired(1.0) == []
    assert schedule.expired(9.0) == [item]
    assert schedule.deadline() is None


def test_what_was_discarded_does_not_come_out():
    schedule = Schedule()
    item = Item(1.0)
    schedule.update(item)
    schedule.discard(item)

    assert schedule.expired(2.0) == []


def test_discarded_items_do_not_wait_here_for_their_deadline():
    """Memory: a session that ended early must not be held until its heartbeat would be due."""
    schedule = Schedule()
    stays = Item(5.0)
    schedule.update(stays)
    for _ in range(10_000):
        item = Item(1000.0)
        schedule.update(item)
        schedule.discard(item)
        assert len(schedule._heap) < 200

    assert schedule.expired(2000.0) == [stays]


def test_many_discards_among_many_that_stay_do_not_disturb_them():
    schedule = Schedule()
    items = [Item(float(number)) for number in range(1000)]
    for item in items:
        schedule.update(item)
    for item in items[::2]:
        schedule.discard(item)

    assert schedule.expired(1000.0) == items[1::2]
