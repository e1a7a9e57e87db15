"""The conformance application for `engineio.AsyncServer`, whatever gateway or framework serves it.

Carries out what `behaviour` decides. A framework's application module calls `build_servers` and
`install`, and serves the ledger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import engineio
from tests.conformance.application import behaviour
from tests.conformance.application.behaviour import Action, Visitor
from tests.conformance.application.ledger import Ledger
from tests.conformance.application.profiles import HOOKS, PROFILES, HeaderHooks

__all__ = ["AsyncApplication", "build_servers"]


def build_servers(async_mode: str, ledger: Ledger, introduce: Introduce) -> AsyncApplications:
    """Return one running application for each profile."""
    applications = {
        name: AsyncApplication(
            engineio.AsyncServer(async_mode=async_mode, **options), ledger, introduce
        )
        for name, options in PROFILES.items()
    }
    for name, application in applications.items():
        application.listen()
        application.add_hooks(HOOKS.get(name, {}))
    return applications


class AsyncApplication:
    """The handlers of one server."""

    def __init__(self, eio: engineio.AsyncServer, ledger: Ledger, introduce: Introduce) -> None:
        self.eio = eio
        self._ledger = ledger
        self._introduce = introduce
        self._visitors: dict[str, Visitor] = {}

    def listen(self) -> None:
        """Register the handlers, where no framework calls them."""
        self.eio.on("connect", self.on_connect)
        self.eio.on("message", self.on_message)
        self.eio.on("disconnect", self.on_disconnect)

    def add_hooks(self, hooks: HeaderHooks) -> None:
        """Register the hooks of a profile."""
        for event, hook in hooks.items():
            self.eio.on(event, hook)

    async def on_connect(self, sid: str, native: Any) -> Any:
        """Let the client in or refuse it, as its query asks."""
        visitor = self._introduce(native)
        actions = behaviour.on_connect(visitor)
        for action in actions:
            if isinstance(action, behaviour.Refuse):
                self._ledger.refused(visitor.key, sid)
                if action.status is None:
                    return action.value
                raise engineio.ConnectionRefused(action.value, status=action.status)
        await self._carry_out(sid, visitor, [a for a in actions if isinstance(a, _BEFORE)])
        self._visitors[sid] = visitor
        self._ledger.connected(visitor.key, sid)
        await self._carry_out(sid, visitor, [a for a in actions if not isinstance(a, _BEFORE)])
        return None

    async def on_message(self, sid: str, data: str | bytes) -> None:
        """Note the message and do what it asks."""
        visitor = self._visitors[sid]
        self._ledger.received(visitor.key, sid, data)
        await self._while_open(sid, visitor, behaviour.on_message(visitor, data))

    async def on_disconnect(
        self, sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo
    ) -> None:
        """Note the end."""
        visitor = self._visitors.pop(sid)
        self._ledger.disconnected(
            visitor.key, sid, reason, info.detail, info.code, info.undelivered
        )

    async def _carry_out(self, sid: str, visitor: Visitor, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case behaviour.Send(data):
                    await self.eio.send(sid, data)
                case behaviour.TellTransport():
                    await self.eio.send(sid, self.eio.transport(sid))
                case behaviour.Share(data):
                    await self.eio.broadcast(data, sids=self._sids_of(visitor.key))
                case behaviour.Disconnect():
                    await self.eio.disconnect(sid)
                case behaviour.Pause(seconds):
                    await self.eio.sleep(seconds)
                case behaviour.Note(text):
                    self._ledger.noted(visitor.key, text)
                case behaviour.Later(seconds, later):
                    self.eio.start_background_task(self._later, sid, visitor, seconds, later)
                case behaviour.Fail():
                    raise RuntimeError("asked to fail")

    async def _later(
        self, sid: str, visitor: Visitor, seconds: float, actions: Sequence[Action]
    ) -> None:
        await self.eio.sleep(seconds)
        await self._while_open(sid, visitor, actions)

    async def _while_open(self, sid: str, visitor: Visitor, actions: Iterable[Action]) -> None:
        """Carry out actions until the client is found to have gone."""
        with suppress(engineio.UnknownSessionError, engineio.SessionClosedError):
            await self._carry_out(sid, visitor, actions)

    def _sids_of(self, key: str) -> list[str]:
        return [sid for sid, visitor in self._visitors.items() if visitor.key == key]


Introduce = Callable[[Any], Visitor]
AsyncApplications = Mapping[str, AsyncApplication]

# What happens before the client counts as let in, so that a handler that fails or is cancelled
# leaves no connect in the ledger.
_BEFORE = (behaviour.Fail, behaviour.Pause, behaviour.Note)


def count_tasks() -> int:
    """Return the number of tasks of the running loop."""
    return len(asyncio.all_tasks())
