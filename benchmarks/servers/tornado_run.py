"""How every Tornado application is run: on uvloop, without an access log, as in production."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from typing import Any

import tornado.web
import uvloop

from .counts import counts


class _Counts(tornado.web.RequestHandler):
    def get(self) -> None:
        self.finish(counts())


async def _serve(routes: list[Any], port: int) -> None:
    app = tornado.web.Application([*routes, (r"/counts", _Counts)], log_function=lambda _: None)
    app.listen(port, "127.0.0.1")
    await asyncio.Event().wait()


def run(applications: Mapping[str, Callable[[], list[Any]]]) -> None:
    """Run the application whose name, and on the port that, the command line says."""
    _, name, port = sys.argv
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(applications[name](), int(port)))
