"""Starts the WSGI servers that are started by a program, the way their documentation shows.

``python -m tests.conformance.application.serve SERVER --host=HOST --port=PORT`` runs one.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any


def main() -> None:
    """Serve until the process is stopped."""
    logging.basicConfig(level=logging.WARNING)
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("server", choices=list(_SERVERS))
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--application", default="wsgi", help="the module of the application")
    parser.add_argument("--patched", action="store_true", help="patch the standard library first")
    arguments = parser.parse_args()
    mode, serve = _SERVERS[arguments.server]
    if serve is _uwsgi:
        _uwsgi(mode, arguments.host, arguments.port)
    if arguments.patched:
        patch = import_module("gevent.monkey").patch_all if mode == "gevent" else None
        (patch or import_module("eventlet").monkey_patch)()
    module = import_module(f"tests.conformance.application.{arguments.application}")
    app = getattr(module, f"{mode}_app")
    serve(app, arguments.host, arguments.port)


def _werkzeug(app: Any, host: str, port: int) -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    import_module("werkzeug.serving").run_simple(host, port, app, threaded=True)


def _pywsgi(app: Any, host: str, port: int) -> None:
    import_module("gevent.pywsgi").WSGIServer((host, port), app, log=None).serve_forever()


def _gevent_websocket(app: Any, host: str, port: int) -> None:
    handler = import_module("geventwebsocket.handler").WebSocketHandler
    server = import_module("gevent.pywsgi").WSGIServer
    server((host, port), app, log=None, handler_class=handler).serve_forever()


def _eventlet(app: Any, host: str, port: int) -> None:
    eventlet = import_module("eventlet")
    import_module("eventlet.wsgi").server(eventlet.listen((host, port)), app, log_output=False)


def _uwsgi(mode: str, host: str, port: int) -> None:
    """Become uWSGI, which is a program and no module."""
    program = str(Path(sys.executable).with_name("uwsgi"))
    concurrency = ["--threads=250"] if mode == "threading" else ["--gevent=1000"]
    module = f"--module=tests.conformance.application.wsgi_{mode}"
    options = ["--master", "--die-on-term", "--lazy-apps", "--disable-logging", "--need-app"]
    options.append("--buffer-size=65535")
    os.execv(program, [program, f"--http-socket={host}:{port}", *options, *concurrency, module])


_SERVERS = {
    "werkzeug": ("threading", _werkzeug),
    "pywsgi": ("gevent", _pywsgi),
    "gevent-websocket": ("gevent", _gevent_websocket),
    "eventlet": ("eventlet", _eventlet),
    "uwsgi-gevent": ("gevent_uwsgi", _uwsgi),
    "uwsgi-threads": ("threading", _uwsgi),
}

if __name__ == "__main__":
    main()
