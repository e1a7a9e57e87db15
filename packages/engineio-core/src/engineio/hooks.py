"""Calling the hooks: plain functions that watch, and must not be able to break anything."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import assert_never

from .handlers import HandlerTable
from .http.request import Request
from .http.response import Response
from .logs import Throttle, printable
from .protocol.engine import Engine
from .protocol.events import (
    Disconnected,
    Drained,
    HeartbeatReceived,
    Observed,
    Opened,
    PacketTraced,
    RequestRejected,
    Upgraded,
)

__all__ = ["Hooks"]

logger = logging.getLogger(__name__)


class Hooks:
    """The hooks of one server.

    Args:
        handlers: Where they are registered.
        engine: Learns whether packets must be traced.
        now: Returns the time, which log lines are counted by.
    """

    def __init__(self, handlers: HandlerTable, engine: Engine, now: Callable[[], float]) -> None:
        self._handlers = handlers
        self._engine = engine
        self._now = now
        self._throttle = Throttle()
        self._changes_headers = False

    def changed(self) -> None:
        """Take note that a hook may have been added."""
        if self._handlers.hooks("packet") and not self._engine.tracing:
            self._engine.tracing = True
            for session in self._engine.sessions.values():
                # Open sessions may have taken the direct way so far, where no packet is seen.
                session.refresh()
        self._changes_headers = bool(
            self._handlers.hooks("headers") or self._handlers.hooks("initial_headers")
        )

    def observed(self, event: Observed, now: float) -> None:
        """Pass on an event that hooks want to know."""
        match event:
            case Opened(session):
                self._call("open", session.sid)
            case Disconnected(session, info):
                self._call("close", session.sid, info)
            case Drained(session):
                self._call("drain", session.sid)
            case HeartbeatReceived(session):
                self._call("heartbeat", session.sid)
            case PacketTraced(session, packet, direction):
                self._call("packet", session.sid, packet, direction)
            case Upgraded(session, transport):
                self._call("upgrade", session.sid, transport.value)
            case RequestRejected():
                self._rejected(event, now)
            case _:
                assert_never(event)

    def finish_response(self, request: Request, response: Response, initial: bool) -> Response:
        """Return the response with the headers as the hooks want them."""
        if not self._changes_headers:
            return response
        headers = list(response.headers)
        if initial:
            self._call("initial_headers", headers, request)
        self._call("headers", headers, request)
        return Response(response.status, tuple(headers), response.body)

    def _rejected(self, event: RequestRejected, now: float) -> None:
        if event.error is not None:
            self._failed(f"the application's function behind {event.context}", event.error, now)
        elif (suppressed := self._throttle.admit(event.context, now)) is not None:
            logger.info(
                "refused %s %s: %s (%d more like it)",
                printable(event.request.method),
                printable(event.request.path),
                event.context,
                suppressed,
            )
        self._call("connection_error", event)

    def _call(self, name: str, *args: object) -> None:
        for hook in self._handlers.hooks(name):
            try:
                hook(*args)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is logged
                self._failed(f"the hook {name!r}", error, self._now())

    def _failed(self, what: str, error: BaseException, now: float) -> None:
        # Whoever sends hostile requests may make a function fail each time (SEC-43).
        suppressed = self._throttle.admit(what, now)
        if suppressed is not None:
            logger.error("%s failed (%d more like it)", what, suppressed, exc_info=error)
