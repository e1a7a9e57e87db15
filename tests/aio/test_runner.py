"""The eager runner: a coroutine must not notice that it was no task from the start.

Each story is told twice, once by a task and once by the runner, and what they write down must be
the same: on asyncio's loop and on uvloop, with a new carrier and with one that was used before.
"""

import asyncio
import contextlib
from asyncio import current_task
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextvars import ContextVar
from typing import Any

import pytest
import uvloop

from engineio.aio.runner import EagerRunner

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
STATE: ContextVar[str] = ContextVar("STATE", default="unset")


class Scene:
    """What a story writes down and what it is played with."""

    def __init__(self) -> None:
        self.log: list[object] = []
        self.over = asyncio.Event()
        self.gate: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[Any] | None = None
        self.runner = EagerRunner(asyncio.get_running_loop())

    def finished(self, error: BaseException | None) -> None:
        self.log.append(("over", type(error).__name__ if error else None))
        self.over.set()


Story = Callable[[Scene], Coroutine[Any, Any, object]]


async def returns_at_once(scene: Scene) -> str:
    scene.log.append("here")
    return "ignored"


async def raises_at_once(scene: Scene) -> None:
    raise LookupError


async def raises_after_waiting(scene: Scene) -> None:
    await asyncio.sleep(0)
    raise LookupError


async def raises_a_base_exception(scene: Scene) -> None:
    class Odd(BaseException):
        pass

    await asyncio.sleep(0)
    raise Odd


async def cancels_by_raising(scene: Scene) -> None:
    raise asyncio.CancelledError


async def waits_for_a_future(scene: Scene) -> None:
    asyncio.get_running_loop().call_soon(scene.gate.set_result, "value")
    scene.log.append(await scene.gate)


async def waits_for_a_future_that_fails(scene: Scene) -> None:
    asyncio.get_running_loop().call_soon(scene.gate.set_exception, LookupError())
    try:
        await scene.gate
    except LookupError:
        scene.log.append("caught")


async def waits_for_a_future_that_is_done_meanwhile(scene: Scene) -> None:
    """It is set before the carrier comes to wait for it."""
    loop = asyncio.get_running_loop()
    loop.call_soon(scene.gate.set_result, "early")
    scene.log.append(await scene.gate)
    scene.log.append(await scene.gate)


async def is_one_task_all_along(scene: Scene) -> None:
    tasks = [current_task()]
    await asyncio.sleep(0)
    tasks.append(current_task())
    await asyncio.sleep(0.001)
    tasks.append(current_task())
    assert tasks[0] is not None
    scene.log.append(all(task is tasks[0] for task in tasks))
    scene.log.append(tasks[0] in asyncio.all_tasks())


async def keeps_its_context(scene: Scene) -> None:
    scene.log.append(STATE.get())
    token = STATE.set("mine")
    await asyncio.sleep(0)
    scene.log.append(STATE.get())
    STATE.reset(token)
    scene.log.append(STATE.get())
    await asyncio.sleep(0)
    child = asyncio.create_task(read_state())
    scene.log.append(await child)


async def read_state() -> str:
    return STATE.get()


async def times_out(scene: Scene) -> None:
    try:
        async with asyncio.timeout(0.001):
            await scene.gate
    except TimeoutError:
        scene.log.append("timeout")
    task = current_task()
    scene.log.append((task.cancelling() if task else None, scene.gate.cancelled()))
    await asyncio.sleep(0)


async def times_out_at_once(scene: Scene) -> None:
    """The timeout is over before the first step is."""
    for seconds in (0, -1):
        try:
            async with asyncio.timeout(seconds):
                await asyncio.sleep(10)
        except TimeoutError:
            scene.log.append("timeout")
    task = current_task()
    scene.log.append(task.cancelling() if task else None)


async def times_out_and_takes_the_task_it_waits_for_along(scene: Scene) -> None:
    inner = asyncio.create_task(asyncio.sleep(10))
    try:
        async with asyncio.timeout(0):
            await inner
    except TimeoutError:
        scene.log.append(inner.cancelled())


async def waits_with_a_limit(scene: Scene) -> None:
    scene.log.append(await asyncio.wait_for(asyncio.sleep(0, "fine"), 5))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(scene.gate, 0.001)
        scene.log.append("no timeout")


async def groups_tasks(scene: Scene) -> None:
    async with asyncio.TaskGroup() as group:
        children = [group.create_task(asyncio.sleep(0, number)) for number in range(3)]
    scene.log.append([child.result() for child in children])


async def groups_tasks_of_which_one_fails(scene: Scene) -> None:
    async def fail() -> None:
        raise LookupError

    try:
        async with asyncio.TaskGroup() as group:
            other = group.create_task(asyncio.sleep(10))
            group.create_task(fail())
            await scene.gate
    except* LookupError:
        scene.log.append((other.cancelled(), scene.gate.cancelled()))
    task = current_task()
    scene.log.append(task.cancelling() if task else None)


async def uses_locks_and_queues(scene: Scene) -> None:
    lock, queue = asyncio.Lock(), asyncio.Queue[int](1)
    async with lock:
        scene.log.append(lock.locked())
        await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(queue.put_nowait, 5)
    scene.log.append(await queue.get())
    scene.log.append(await asyncio.gather(asyncio.sleep(0, 1), asyncio.sleep(0, 2)))


async def goes_to_a_thread(scene: Scene) -> None:
    STATE.set("carried")
    scene.log.append(await asyncio.to_thread(STATE.get))


async def iterates(scene: Scene) -> None:
    async def numbers() -> AsyncGenerator[int, None]:
        try:
            for number in range(3):
                yield number
                await asyncio.sleep(0)
        finally:
            scene.log.append("generator closed")

    async for number in numbers():
        scene.log.append(number)
    async with contextlib.aclosing(numbers()) as some:
        scene.log.append(await anext(some))


class OddAwaitable:
    """Yields something that no task can wait for."""

    def __await__(self) -> Any:
        yield "not a future"


async def waits_for_nonsense(scene: Scene) -> None:
    try:
        await OddAwaitable()
    except RuntimeError:
        scene.log.append("refused")
    await asyncio.sleep(0)


async def starts_another(scene: Scene) -> None:
    """What it starts is over first; then this is itself again."""
    mine = current_task()
    inner = Scene()
    inner.runner = scene.runner
    over = scene.runner.start(returns_at_once(inner), inner.finished)
    scene.log.append((over, inner.log, current_task() is mine))
    STATE.set("outer")
    waits = scene.runner.start(keeps_its_context(inner), inner.finished)
    scene.log.append((waits, STATE.get(), current_task() is mine))
    await inner.over.wait()
    scene.log.append((inner.log[-1], current_task() is mine))


async def starts_one_that_fails(scene: Scene) -> None:
    mine = current_task()
    try:
        scene.runner.start(raises_at_once(scene), scene.finished)
    except LookupError:
        scene.log.append(current_task() is mine)
    await asyncio.sleep(0)


async def cancels_itself(scene: Scene) -> None:
    task = current_task()
    assert task is not None
    task.cancel()
    try:
        await scene.gate
    except asyncio.CancelledError:
        scene.log.append("cancelled")
        raise
    finally:
        await asyncio.sleep(0)
        scene.log.append("cleaned up")


async def cancels_itself_and_takes_it_back(scene: Scene) -> None:
    task = current_task()
    assert task is not None
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(0)
    scene.log.append("alive")
    await asyncio.sleep(0)


async def cancels_itself_and_returns(scene: Scene) -> None:
    task = current_task()
    assert task is not None
    task.cancel()


async def exits(scene: Scene) -> None:
    try:
        await asyncio.sleep(0)
    finally:
        scene.log.append("left")


STORIES: list[Story] = [
    returns_at_once,
    raises_at_once,
    raises_after_waiting,
    raises_a_base_exception,
    cancels_by_raising,
    waits_for_a_future,
    waits_for_a_future_that_fails,
    waits_for_a_future_that_is_done_meanwhile,
    is_one_task_all_along,
    keeps_its_context,
    times_out,
    times_out_at_once,
    times_out_and_takes_the_task_it_waits_for_along,
    waits_with_a_limit,
    groups_tasks,
    groups_tasks_of_which_one_fails,
    uses_locks_and_queues,
    goes_to_a_thread,
    iterates,
    waits_for_nonsense,
    starts_another,
    starts_one_that_fails,
    cancels_itself,
    cancels_itself_and_takes_it_back,
    exits,
]


async def told_by_a_task(story: Story) -> list[object]:
    scene = Scene()

    async def play() -> None:
        try:
            await story(scene)
        except BaseException as error:  # noqa: BLE001  # it is what the story ends with
            scene.finished(error)
        else:
            scene.finished(None)

    async with asyncio.timeout(2):
        task = asyncio.create_task(play())
        await scene.over.wait()
    await asyncio.gather(task, return_exceptions=True)
    return scene.log


async def told_by_the_runner(story: Story, used: bool) -> list[object]:
    scene = Scene()
    if used:
        # A carrier that was given back, and whose task has come to wait.
        assert scene.runner.start(returns_at_once(Scene()), scene.finished)
        await asyncio.sleep(0)
    me = current_task()
    try:
        if scene.runner.start(story(scene), scene.finished):
            scene.finished(None)
    except BaseException as error:  # noqa: BLE001  # it is what the story ends with
        scene.finished(error)
    assert current_task() is me
    assert STATE.get() == "unset"
    async with asyncio.timeout(2):
        await scene.over.wait()
    await leaves_nothing_behind(scene.runner)
    return scene.log


async def leaves_nothing_behind(runner: EagerRunner) -> None:
    runner.close()
    for _ in range(3):
        await asyncio.sleep(0)
    assert asyncio.all_tasks() == {current_task()}


def run(loop: str, main: Callable[[], Awaitable[Any]]) -> Any:
    """Run on a loop that reports every exception that nobody took."""
    complaints: list[dict[str, Any]] = []

    async def complete() -> Any:
        handler = lambda _, context: complaints.append(context)  # noqa: E731  # short enough
        asyncio.get_running_loop().set_exception_handler(handler)
        return await main()

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        result = runner.run(complete())
    assert complaints == []
    return result


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("used", [False, True], ids=["new carrier", "used carrier"])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_coroutine_cannot_tell_that_it_was_started_eagerly(
    story: Story, used: bool, loop: str
) -> None:
    by_task = run(loop, lambda: told_by_a_task(story))
    by_runner = run(loop, lambda: told_by_the_runner(story, used))

    assert by_task[-1][0] == "over"
    assert by_runner == by_task


async def waits_in_a_future(scene: Scene) -> None:
    await scene.gate


async def waits_in_a_yield(scene: Scene) -> None:
    for _ in range(1_000):
        await asyncio.sleep(0)


async def waits_in_a_task(scene: Scene) -> None:
    inner = asyncio.create_task(asyncio.sleep(10))
    try:
        await inner
    finally:
        scene.log.append(("inner cancelled", inner.cancelled()))


async def waits_behind_a_shield(scene: Scene) -> None:
    try:
        await asyncio.shield(scene.gate)
    finally:
        scene.log.append(("inner cancelled", scene.gate.cancelled()))


async def waits_in_a_group(scene: Scene) -> None:
    async with asyncio.TaskGroup() as group:
        child = group.create_task(asyncio.sleep(10))
        try:
            await scene.gate
        finally:
            scene.log.append(("child done", child.done()))


async def waits_in_a_lock(scene: Scene) -> None:
    lock = asyncio.Lock()
    await lock.acquire()
    async with lock:
        raise AssertionError("nobody released it")


async def waits_in_a_timeout(scene: Scene) -> None:
    async with asyncio.timeout(10):
        await scene.gate


async def waits_and_cleans_up(scene: Scene) -> None:
    try:
        await scene.gate
    finally:
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        scene.log.append("cleaned up")


async def waits_and_refuses_to_go(scene: Scene) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await scene.gate
    task = current_task()
    scene.log.append(task.uncancel() if task else None)
    await asyncio.sleep(0)


async def waits_for_the_gate_to_be_cancelled(scene: Scene) -> None:
    try:
        await scene.gate
    except asyncio.CancelledError:
        scene.log.append(scene.gate.cancelled())
        raise LookupError from None


WAITS: list[Story] = [
    waits_in_a_future,
    waits_in_a_yield,
    waits_in_a_task,
    waits_behind_a_shield,
    waits_in_a_group,
    waits_in_a_lock,
    waits_in_a_timeout,
    waits_and_cleans_up,
    waits_and_refuses_to_go,
    waits_for_the_gate_to_be_cancelled,
]


async def cancelled_as_a_task(story: Story, turns: int) -> list[object]:
    scene = Scene()

    async def play() -> None:
        scene.task = current_task()
        try:
            await story(scene)
        except BaseException as error:  # noqa: BLE001  # it is what the story ends with
            scene.finished(error)
        else:
            scene.finished(None)

    task = asyncio.create_task(play())
    # The runner takes the first step at once, a task in the next turn.
    for _ in range(turns + 1):
        await asyncio.sleep(0)
    task.cancel()
    async with asyncio.timeout(2):
        await scene.over.wait()
    await asyncio.gather(task, return_exceptions=True)
    return scene.log


async def cancelled_under_the_runner(story: Story, turns: int, used: bool) -> list[object]:
    scene = Scene()

    async def play() -> None:
        scene.task = current_task()
        await story(scene)

    if used:
        assert scene.runner.start(returns_at_once(Scene()), scene.finished)
        await asyncio.sleep(0)
    assert not scene.runner.start(play(), scene.finished)
    for _ in range(turns):
        await asyncio.sleep(0)
    assert scene.task is not None
    scene.task.cancel()
    async with asyncio.timeout(2):
        await scene.over.wait()
    await leaves_nothing_behind(scene.runner)
    return scene.log


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("used", [False, True], ids=["new carrier", "used carrier"])
@pytest.mark.parametrize("turns", [0, 1, 2, 5])
@pytest.mark.parametrize("story", WAITS, ids=lambda story: story.__name__)
def test_it_is_cancelled_like_a_task_at_any_time(
    story: Story, turns: int, used: bool, loop: str
) -> None:
    by_task = run(loop, lambda: cancelled_as_a_task(story, turns))
    by_runner = run(loop, lambda: cancelled_under_the_runner(story, turns, used))

    assert by_runner == by_task


@pytest.mark.parametrize("loop", LOOPS)
def test_a_carrier_serves_many_coroutines_one_after_the_other(loop: str) -> None:
    async def main() -> None:
        scene = Scene()
        before = len(asyncio.all_tasks())
        for _ in range(1_000):
            assert scene.runner.start(returns_at_once(scene), scene.finished)
        assert len(asyncio.all_tasks()) == before + 1
        await leaves_nothing_behind(scene.runner)

    run(loop, main)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("started", [False, True], ids=["not begun", "waiting"])
def test_a_spare_task_that_somebody_cancelled_is_not_used(loop: str, started: bool) -> None:
    async def main() -> None:
        scene = Scene()
        scene.runner.start(returns_at_once(scene), scene.finished)
        if started:
            await asyncio.sleep(0)
        (spare,) = asyncio.all_tasks() - {current_task()}
        spare.cancel()

        assert not scene.runner.start(waits_in_a_future(scene), scene.finished)
        scene.gate.set_result("go")
        async with asyncio.timeout(2):
            await scene.over.wait()
        assert scene.log[-1] == ("over", None)
        await leaves_nothing_behind(scene.runner)

    run(loop, main)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_coroutine_that_cancelled_itself_and_returned_harms_nobody(loop: str) -> None:
    async def main() -> None:
        scene = Scene()
        for _ in range(3):
            assert scene.runner.start(cancels_itself_and_returns(scene), scene.finished)
            assert not scene.runner.start(waits_for_a_future(scene), scene.finished)
            async with asyncio.timeout(2):
                await scene.over.wait()
            scene.over.clear()
            scene.gate = asyncio.get_running_loop().create_future()
        assert scene.log == ["value", ("over", None)] * 3
        await leaves_nothing_behind(scene.runner)

    run(loop, main)


@pytest.mark.parametrize("loop", LOOPS)
def test_it_may_be_started_outside_of_any_task(loop: str) -> None:
    async def main() -> None:
        scene = Scene()

        def outside() -> None:
            assert current_task() is None
            assert not scene.runner.start(times_out(scene), scene.finished)
            assert current_task() is None

        asyncio.get_running_loop().call_soon(outside)
        async with asyncio.timeout(2):
            await scene.over.wait()
        assert scene.log == ["timeout", (0, True), ("over", None)]
        await leaves_nothing_behind(scene.runner)

    run(loop, main)


@pytest.mark.parametrize("loop", LOOPS)
def test_what_waits_when_the_loop_ends_is_cancelled(loop: str) -> None:
    log: list[object] = []

    async def main() -> None:
        scene = Scene()
        scene.log = log
        assert not scene.runner.start(waits_and_cleans_up(scene), scene.finished)

    run(loop, main)

    assert log == ["cleaned up", ("over", "CancelledError")]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_the_end_of_the_process_is_not_kept_from_the_loop(kind: type[BaseException]) -> None:
    told: list[object] = []

    async def leave() -> None:
        await asyncio.sleep(0)
        raise kind

    async def main() -> None:
        assert not EagerRunner(asyncio.get_running_loop()).start(
            leave(), lambda error: told.append(type(error))
        )
        await asyncio.sleep(1)

    with pytest.raises(kind):
        asyncio.run(main())
    assert told == [kind]


# -- outside of any task ----------------------------------------------------------------------


@pytest.mark.parametrize("story", [times_out, waits_with_a_limit, groups_tasks])
@pytest.mark.parametrize("loop", LOOPS)
def test_what_starts_outside_of_any_task_may_use_what_needs_one(story: Story, loop: str) -> None:
    """A server's ``send`` may do so, and a heartbeat is written where there is no task at all."""

    async def main() -> list[object]:
        scene = Scene()

        def write() -> None:
            if scene.runner.start(story(scene), scene.finished):
                scene.finished(None)

        asyncio.get_running_loop().call_soon(write)
        async with asyncio.timeout(2):
            await scene.over.wait()
        await leaves_nothing_behind(scene.runner)
        return scene.log

    assert run(loop, main) == run(loop, lambda: told_by_a_task(story))
