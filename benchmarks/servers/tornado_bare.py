"""The floor on Tornado: the same bytes on the wire, and nothing of Engine.IO behind them.

No session has a name, a deadline, a limit or a heartbeat; the open packet is a constant.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

from tornado.websocket import WebSocketHandler

from .tornado_run import run

_OPEN = (
    '0{"sid":"%s","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,'
    '"maxPayload":1000000}'
)
_OPEN_WEBSOCKET = _OPEN % ("x" * 20)
_others: set[WebSocketHandler] = set()
_polls: dict[str, asyncio.Queue[bytes]] = {}
_numbers = itertools.count()


class _Echo(WebSocketHandler):
    async def get(self, *args: Any, **kwargs: Any) -> None:
        if "Upgrade" in self.request.headers:
            await super().get(*args, **kwargs)
            return
        sid = self.get_query_argument("sid", None)
        if sid is None:
            sid = f"{next(_numbers):020}"
            _polls[sid] = asyncio.Queue()
            self._answer((_OPEN % sid).encode())
        else:
            self._answer(await _polls[sid].get())

    def post(self) -> None:
        _polls[self.get_query_argument("sid")].put_nowait(self.request.body)
        self._answer(b"ok")

    def open(self, *args: str, **kwargs: str) -> None:
        self.write_message(_OPEN_WEBSOCKET)

    def on_message(self, message: str | bytes) -> None:
        self.write_message(message, binary=isinstance(message, bytes))

    def compute_etag(self) -> None:
        """None: it would make a sum of every answer, which ours does not either."""

    def _answer(self, body: bytes) -> None:
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(body)


class _Broadcast(_Echo):
    def open(self, *args: str, **kwargs: str) -> None:
        super().open()
        _others.add(self)

    def on_message(self, message: str | bytes) -> None:
        for other in _others:
            other.write_message(message)

    def on_close(self) -> None:
        _others.discard(self)


def echo() -> list[Any]:
    """Every message goes back to its sender."""
    return [(r"/engine\.io/", _Echo)]


def broadcast() -> list[Any]:
    """Every message goes to all."""
    return [(r"/engine\.io/", _Broadcast)]


if __name__ == "__main__":
    run({"echo": echo, "broadcast": broadcast})
