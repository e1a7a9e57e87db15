"""How every WSGI application is run: on gevent's own server or on Werkzeug's threads."""

from __future__ import annotations

import gc
import json
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

# The command line: the server, the application and the port.
SERVER = sys.argv[1]


def server_module() -> Any:
    """Return the module that runs the server; the other one may not even be installed."""
    return import_module(f"benchmarks.servers.run_{SERVER}")


def run(applications: Mapping[str, Callable[[], Application]]) -> None:
    """Run the application that the command line names, on the port that it names."""
    _, _, name, port = sys.argv
    server_module().serve(_with_counts(applications[name]()), int(port))


def _with_counts(application: Application) -> Application:
    def outer(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/counts":
            return application(environ, start_response)
        kinds = [type(item).__name__ for item in gc.get_objects()]
        tasks = threading.active_count() + kinds.count("Greenlet")
        body = json.dumps({"tasks": tasks, "timers": kinds.count("Timer") + kinds.count("timer")})
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body.encode()]

    return outer
