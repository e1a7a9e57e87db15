"""The conformance application inside a Flask application.

``SERVER tests.conformance.application.flask_app:MODE_app`` runs it with that ``async_mode``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import flask
from werkzeug.exceptions import HTTPException

from flask_engineio import EngineIO
from tests.conformance.application import wsgi
from tests.conformance.application.behaviour import Visitor
from tests.conformance.application.profiles import path_of
from tests.conformance.application.sync import SyncApplications, build_servers


def introduce(request: flask.Request) -> Visitor:
    """Return what a request tells about a client."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Visitor(dict(request.args), headers, request.remote_addr or "")


def elsewhere(error: HTTPException) -> flask.Response:
    """Answer everything that no Engine.IO server is responsible for."""
    response = flask.jsonify(elsewhere=flask.request.path)
    response.status_code = 403 if "Upgrade" in flask.request.headers else 404
    return response


class Application(wsgi.Application):
    """Everything that one process serves: the ledger lies in front of Flask."""

    def build(self) -> tuple[SyncApplications, wsgi.WSGI]:
        """Return the servers, and the WSGI application that has them."""
        self._flask = flask.Flask(__name__)
        self._flask.register_error_handler(HTTPException, elsewhere)
        return build_servers(self._engineio, self.ledger, introduce), self._route

    def _engineio(self, profile: str, **options: Any) -> EngineIO:
        path = path_of(profile)
        name = "engineio" if profile == "default" else profile.replace("-", "_")
        return EngineIO(self._flask, name=name, path=path, async_mode=self.mode, **options)

    def _route(self, environ: wsgi.Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        first = environ.get("PATH_INFO", "").split("/")[1:2]
        app = self.other if first in (["ledger"], ["bare"]) else self._flask
        return app(environ, start_response)


def __getattr__(name: str) -> wsgi.Application:
    return wsgi.made_for(Application, name, globals())
