"""The fake clock: order, cancelling, and what the loop gets to do meanwhile."""

import asyncio

import pytest

from engineio.testing import FakeClock


async def test_time_stands_still_until_it_is_advanced() -> None:
    clock = FakeClock(100.0)

    assert clock.time() == 100.0
    await clock.advance(2.5)
    assert clock.time() == 102.5


async def test_calls_are_made_at_their_times_in_order() -> None:
    clock = FakeClock()
    made: list[tuple[str, float]] = []
    clock.call_at(2.0, lambda: made.append(("second", clock.time())))
    clock.call_at(1.0, lambda: made.append(("first", clock.time())))
    clock.call_at(2.0, lambda: made.append(("third", clock.time())))
    clock.call_at(9.0, lambda: made.append(("never", clock.time())))

    await clock.advance(3.0)

    assert made == [("first", 1.0), ("second", 2.0), ("third", 2.0)]
    assert clock.scheduled == 1


async def test_a_call_may_schedule_the_next() -> None:
    clock = FakeClock()
    made: list[float] = []

    def again() -> None:
        made.append(clock.time())
        clock.call_at(clock.time() + 1.0, again)

    clock.call_at(1.0, again)
    await clock.advance(3.5)

    assert made == [1.0, 2.0, 3.0]


async def test_a_cancelled_call_is_not_made_nor_counted() -> None:
    clock = FakeClock()
    made: list[float] = []
    call = clock.call_at(1.0, lambda: made.append(clock.time()))
    assert clock.scheduled == 1

    call.cancel()
    call.cancel()
    assert clock.scheduled == 0
    await clock.advance(2.0)

    assert made == []
    assert clock.scheduled == 0


async def test_cancelling_a_call_that_was_made_changes_nothing() -> None:
    clock = FakeClock()
    call = clock.call_at(1.0, lambda: None)
    clock.call_at(5.0, lambda: None)

    await clock.advance(1.0)
    call.cancel()

    assert clock.scheduled == 1


async def test_a_call_in_the_past_is_made_at_the_next_advance() -> None:
    clock = FakeClock(50.0)
    made: list[float] = []
    clock.call_at(10.0, lambda: made.append(clock.time()))
    assert made == []

    await clock.advance(0.0)

    assert made == [50.0]


async def test_tasks_go_on_between_two_calls() -> None:
    clock = FakeClock()
    seen: list[tuple[str, float]] = []

    async def slow(name: str) -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        seen.append((name, clock.time()))

    tasks: list[asyncio.Task[None]] = []
    clock.call_at(1.0, lambda: tasks.append(asyncio.create_task(slow("first"))))
    clock.call_at(2.0, lambda: tasks.append(asyncio.create_task(slow("second"))))
    await clock.advance(5.0)

    assert seen == [("first", 1.0), ("second", 2.0)]


async def test_after_a_suspension_everything_is_late() -> None:
    clock = FakeClock()
    made: list[float] = []
    clock.call_at(1.0, lambda: made.append(clock.time()))
    clock.call_at(2.0, lambda: made.append(clock.time()))

    await clock.suspend(60.0)

    assert made == [60.0, 60.0]


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
async def test_time_does_not_go_back_nor_for_ever(seconds: float) -> None:
    with pytest.raises(ValueError, match="time passes by"):
        await FakeClock().advance(seconds)
