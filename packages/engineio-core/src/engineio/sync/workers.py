"""Worker threads: made when there is work and no thread is idle, gone when idle for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Workers"]

# Long enough for the next burst of messages, short enough that an idle server has no threads.
_KEEP = 1.0


class _Worker:
    """One thread that waits for its next job."""

    __slots__ = ("job", "wake")

    def __init__(self) -> None:
        self.wake = threading.Event()
        self.job: Callable[[], object] | None = None


class Workers:
    """The worker threads of one server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []

    def start(self, job: Callable[[], object]) -> None:
        """Run ``job`` in a thread. It must not raise: nobody would hear of it."""
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        if worker is None:
            # A daemon, because the end of the process must not wait for a handler that hangs.
            threading.Thread(
                target=self._run, args=(job,), name="engineio-worker", daemon=True
            ).start()
        else:
            worker.job = job
            worker.wake.set()

    def _run(self, job: Callable[[], object]) -> None:
        worker = _Worker()
        while True:
            job()
            with self._lock:
                self._idle.append(worker)
            if not worker.wake.wait(_KEEP):
                with self._lock:
                    if worker in self._idle:
                        self._idle.remove(worker)
                        return
                # Somebody has chosen it in this very moment.
                worker.wake.wait()
            worker.wake.clear()
            if worker.job is None:
                raise RuntimeError("a worker was woken without a job")
            job, worker.job = worker.job, None
