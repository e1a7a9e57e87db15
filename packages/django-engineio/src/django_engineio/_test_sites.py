"""What the test clients talk to: the whole project, on a server that lives as long as any client.

The clients of one test share it, so that they can talk to one another, and each test has its own.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, ClassVar, TypeVar

from django.core.asgi import get_asgi_application
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from ._asgi_engine import Receive, Scope, Send
from ._engine import Engine
from ._routes import known_servers
from .asgi import ASGIApplication
from .integration import servers
from .wsgi import WSGIApplication

__all__ = ["ASGISite", "WSGISite"]

T = TypeVar("T")


class _Kept:
    """Keeps a test's database connections, whose transaction would be lost with them.

    Django closes old ones with each request; its own test clients do the same as this.
    """

    _signals = (request_started, request_finished)
    _depth = 0

    def __enter__(self) -> None:
        _Kept._depth += 1
        for signal in self._signals:
            signal.disconnect(close_old_connections)

    def __exit__(self, *_: object) -> None:
        _Kept._depth -= 1
        if not _Kept._depth:
            for signal in self._signals:
                signal.connect(close_old_connections)


class _Desk:
    """Where other threads leave what the thread of a test has to do for them, while that waits."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()

    def run(self, job: Callable[[], T]) -> T:
        """Let the thread of the test do something, and wait for it."""
        if threading.get_ident() == self._thread:
            return job()
        future: Future[T] = Future()
        self._jobs.put((future, job))
        return future.result()

    def wake(self) -> None:
        """Let the thread of the test look again at what it waits for."""
        self._jobs.put(None)

    def wait(self, future: Future[T]) -> T:
        """Do what is there to do, until the future is done, and return its result."""
        future.add_done_callback(lambda _: self.wake())
        while not future.done():
            self._do(self._jobs.get())
        return future.result()

    def until(self, is_over: Callable[[], bool], timeout: float) -> None:
        """Do what is there to do, until something is over.

        Raises:
            TimeoutError: It is not, after so many seconds.
        """
        deadline = time.monotonic() + timeout
        while not is_over():
            try:
                self._do(self._jobs.get(timeout=max(0.0, deadline - time.monotonic())))
            except Empty:
                raise TimeoutError(f"a handler is not over after {timeout} s") from None

    def _do(self, job: tuple[Future[Any], Callable[[], Any]] | None) -> None:
        if job is None:
            return
        future, function = job
        try:
            with _Kept():
                future.set_result(function())
        except BaseException as error:  # noqa: BLE001  # it is raised in the thread that asked
            future.set_exception(error)


class _Site:
    """The part that both sites share.

    Attributes:
        handled: How often the handlers of each event of each session are over.
    """

    def __init__(self) -> None:
        self.handled: Counter[tuple[str, str]] = Counter()
        self._clients = 0
        self._before = {eio: eio.engine for eio in known_servers()}

    def _watch(self) -> list[Engine]:
        engines = [eio.engine for eio in servers() if eio.engine is not None]
        for engine in engines:
            engine.handled = self._noted
        return engines

    def _noted(self, event: str, sid: str) -> None:
        self.handled[event, sid] += 1

    def _restore(self) -> None:
        for eio, engine in self._before.items():
            eio.engine = engine


class _QuietHandler(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name it has there
        """Write nothing."""


class WSGISite(_Site):
    """The project on a WSGI server that listens on the loopback address.

    Attributes:
        address: Host and port.
        desk: Where threads of the server leave what the thread of the test has to do.
    """

    _current: ClassVar[WSGISite | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.desk = _Desk()
        django = get_wsgi_application()
        self._server = ThreadedWSGIServer(("127.0.0.1", 0), _QuietHandler)
        self._server.set_app(WSGIApplication(django, self.desk.run, handle_signals=False))
        self._engines = self._watch()
        self.address: tuple[str, int] = self._server.server_address
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    @classmethod
    def join(cls) -> WSGISite:
        """Return the site of this test, and take part in it."""
        site = cls._current
        if site is None:
            site = cls._current = WSGISite()
        site._clients += 1
        return site

    def leave(self) -> None:
        """Stop the server if this was the last client."""
        self._clients -= 1
        if self._clients:
            return
        WSGISite._current = None
        stopped: Future[None] = Future()
        threading.Thread(target=self._stop, args=(stopped,), daemon=True).start()
        self.desk.wait(stopped)
        self._restore()

    def _stop(self, stopped: Future[None]) -> None:
        try:
            for engine in self._engines:
                engine.call(lambda server: server.shutdown())
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        finally:
            stopped.set_result(None)

    def _noted(self, event: str, sid: str) -> None:
        super()._noted(event, sid)
        self.desk.wake()


class ASGISite(_Site):
    """The project as an ASGI application in memory.

    Attributes:
        app: The application.
    """

    _current: ClassVar[dict[asyncio.AbstractEventLoop, ASGISite]] = {}

    def __init__(self) -> None:
        super().__init__()
        self._django = get_asgi_application()
        self.app = ASGIApplication(self._handle, is_isolated=False, handle_signals=False)
        self._engines = self._watch()
        self._changed = asyncio.Event()

    @classmethod
    def join(cls) -> ASGISite:
        """Return the site of this test, and take part in it."""
        loop = asyncio.get_running_loop()
        site = cls._current.get(loop)
        if site is None:
            site = cls._current[loop] = ASGISite()
        site._clients += 1
        return site

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Not called, but asked to handle a request: a call would give it a thread of its own.
        with _Kept():
            await self._django.handle(scope, receive, send)

    async def leave(self) -> None:
        """End all sessions if this was the last client."""
        self._clients -= 1
        if not self._clients:
            del self._current[asyncio.get_running_loop()]
            for engine in self._engines:
                await engine.acall(lambda server: server.shutdown())
            self._restore()

    async def until(self, is_over: Callable[[], bool], timeout: float) -> None:
        """Wait until something is over.

        Raises:
            TimeoutError: It is not, after so many seconds.
        """
        async with asyncio.timeout(timeout):
            while not is_over():
                self._changed.clear()
                await self._changed.wait()

    def _noted(self, event: str, sid: str) -> None:
        super()._noted(event, sid)
        self._changed.set()
