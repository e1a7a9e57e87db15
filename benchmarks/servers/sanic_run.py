"""How every Sanic application is run: in one process on uvloop, without an access log."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from sanic import HTTPResponse, Request, Sanic, json

from .counts import counts


async def _counts(request: Request) -> HTTPResponse:
    return json(counts())


def run(applications: Mapping[str, Callable[[Sanic], None]]) -> None:
    """Run the application that the command line names, on the port that it names."""
    _, name, port = sys.argv
    app = Sanic("benchmark", configure_logging=False)
    # What sanic-ext does for every request is no matter of this, and it is not in .venv-peers.
    app.config.AUTO_EXTEND = False
    app.config.ACCESS_LOG = False
    applications[name](app)
    app.add_route(_counts, "/counts")
    app.run("127.0.0.1", int(port), single_process=True, motd=False)
