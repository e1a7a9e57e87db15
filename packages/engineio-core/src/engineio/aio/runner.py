"""Running a coroutine to its first suspension at once, with a task only if it really waits.

Most message handlers never wait, and a task costs more than they do. So `EagerRunner.start` takes
the first step itself, in a context of its own and under the identity of a spare task, and when the
coroutine suspends, that very task goes on with it. ``asyncio.current_task`` and context variables
therefore behave as if the coroutine had been a task from the start. The identity is switched with
``_enter_task`` and ``_leave_task``, which asyncio documents for third-party task implementations
("Extending", task lifetime support).
"""

from __future__ import annotations

import asyncio
from asyncio import _enter_task, _leave_task, current_task
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from typing import Any, TypeAlias

__all__ = ["EagerRunner", "Finished", "Rest", "step"]

Finished: TypeAlias = Callable[[BaseException | None], None]
"""Called when a coroutine that had to wait is over, with what it raised."""

# How many spare tasks are kept. One is used for each level of nesting: a handler, and the write
# that it waits for.
_SPARES = 2


class EagerRunner:
    """Starts coroutines on one loop.

    Args:
        loop: The loop that runs now and later.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._spares: list[_Carrier] = []

    def start(self, coroutine: Coroutine[Any, Any, object], finished: Finished) -> bool:
        """Run ``coroutine`` to its end or its first suspension.

        Returns:
            True if it is over, and ``finished`` will not be called; False if it waits.

        Raises:
            BaseException: What the coroutine raised before it ever waited.
        """
        loop, spares = self._loop, self._spares
        carrier = spares.pop() if spares else _Carrier(loop)
        task = carrier.task
        if task.cancelling():
            # Somebody has cancelled all tasks there are, as programs do when they end.
            carrier = _Carrier(loop)
            task = carrier.task
        context = copy_context()
        caller = current_task(loop)
        if caller is not None:
            _leave_task(loop, caller)
        _enter_task(loop, task)
        is_over = True
        try:
            waiting = context.run(coroutine.send, None)
            is_over = False
        except StopIteration:
            return True
        finally:
            _leave_task(loop, task)
            if caller is not None:
                _enter_task(loop, caller)
            if is_over:
                # One that was cancelled while it lent its identity is found out when it is wanted.
                if len(spares) < _SPARES:
                    spares.append(carrier)
                else:
                    task.cancel()
        carrier.adopt(Rest(coroutine, waiting, context.run), finished)
        return False

    async def run_in(self, context: Context, coroutine: Coroutine[Any, Any, object]) -> None:
        """Run ``coroutine`` in another context than the caller's, and wait for its end.

        Raises:
            BaseException: What the coroutine raised.
        """
        over: asyncio.Future[BaseException | None] = self._loop.create_future()

        def finished(error: BaseException | None) -> None:
            # It is cancelled when the loop itself ends.
            if not over.cancelled():
                over.set_result(error)

        if context.run(self.start, coroutine, finished):
            return
        error = await over
        if error is not None:
            raise error

    def go_on(
        self, coroutine: Coroutine[Any, Any, object], waiting: Any, finished: Finished
    ) -> None:
        """Take over a coroutine that the caller has run to its first suspension.

        Args:
            coroutine: The coroutine; up to there it has not asked in which task it runs.
            waiting: What its first step yielded.
            finished: As for `start`.
        """
        _Carrier(self._loop).adopt(Rest(coroutine, waiting, step), finished)

    def close(self) -> None:
        """End the spare tasks."""
        while self._spares:
            self._spares.pop().task.cancel()


def step(function: Callable[[Any], Any], argument: Any) -> Any:
    """Take a step in the context that there is."""
    return function(argument)


class _Carrier:
    """A task that waits to go on with a coroutine it did not start."""

    __slots__ = ("_begun", "_finished", "_loop", "_ready", "_rest", "task")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ready: asyncio.Future[None] = loop.create_future()
        self._rest: Rest | None = None
        self._finished: Finished | None = None
        self._begun = False
        self.task = loop.create_task(self._carry(), name="engineio-carrier")
        self._warn_if_destroyed(False)

    def _warn_if_destroyed(self, warn: bool) -> None:
        # A handler that runs while `asyncio.run` cancels all tasks makes a spare that nobody will
        # cancel any more; no work is lost with it, so there is nothing to log.
        task: Any = self.task
        task._log_destroy_pending = warn  # noqa: SLF001  # what asyncio.gather uses too

    def adopt(self, rest: Rest, finished: Finished) -> None:
        self._warn_if_destroyed(True)
        self._rest = rest
        self._finished = finished
        if self.task.cancelling():
            self._pass_on(self.task)
            return
        self._ready.set_result(None)
        if not self._begun:
            self.task.add_done_callback(self._pass_on)

    async def _carry(self) -> None:
        self._begun = True
        error: BaseException | None = None
        try:
            await self._ready
        except asyncio.CancelledError:
            if self._rest is None:
                return
            # The coroutine was adopted, and whoever cancelled the task meant the coroutine.
            self._rest.cancel()
        rest, finished = self._rest, self._finished
        if rest is None or finished is None:
            raise RuntimeError("a carrier was woken with nothing to carry")
        self._rest = self._finished = None
        try:
            await rest
        except BaseException as raised:  # noqa: BLE001  # it is what the coroutine ends with
            error = raised
        finished(error)
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise error

    def _pass_on(self, task: asyncio.Task[None]) -> None:
        """Let another carrier cancel the coroutine, when this one was cancelled too early for it.

        A task that is cancelled before its own first step never takes that step.
        """
        rest, finished = self._rest, self._finished
        if rest is not None and finished is not None:
            self._rest = self._finished = None
            rest.cancel()
            _Carrier(self._loop).adopt(rest, finished)


class Rest:
    """What is left of a coroutine after its first step, as something that can be awaited.

    Args:
        coroutine: The coroutine.
        waiting: What its first step yielded.
        run: Takes each further step: ``Context.run`` of the context that the first was taken in,
            or `step` where that is the context of the task that awaits this.
    """

    __slots__ = ("_coroutine", "_error", "_run", "_waiting")

    def __init__(
        self,
        coroutine: Coroutine[Any, Any, object],
        waiting: Any,
        run: Callable[[Callable[[Any], Any], Any], Any],
    ) -> None:
        self._coroutine = coroutine
        self._run = run
        self._waiting = waiting
        self._error: BaseException | None = None

    def cancel(self) -> None:
        """Do what ``Task.cancel`` does to a coroutine that waits, before this is awaited."""
        if not (asyncio.isfuture(self._waiting) and self._waiting.cancel()):
            self._error = asyncio.CancelledError()

    def __await__(self) -> Generator[Any, Any, object]:
        coroutine, run = self._coroutine, self._run
        waiting, error = self._waiting, self._error
        self._waiting = self._error = None
        while True:
            if error is None:
                try:
                    value = yield waiting
                except GeneratorExit:
                    coroutine.close()
                    raise
                except BaseException as raised:  # noqa: BLE001  # the coroutine's to handle
                    error = raised
            try:
                if error is None:
                    waiting = run(coroutine.send, value)
                else:
                    waiting = run(coroutine.throw, error)
            except StopIteration as stop:
                return stop.value
            error = None
