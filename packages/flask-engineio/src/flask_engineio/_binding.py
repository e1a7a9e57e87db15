"""`Binding`: the server that one `EngineIO` has in one application, and Flask around its handlers.

What lives here: contexts, sessions and signals for events. Nothing knows the protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

import flask
from blinker import NamedSignal
from werkzeug.wrappers import Response as WerkzeugResponse

from engineio import DisconnectInfo, Reason, Server
from engineio.errors import ConnectionRefused, UnknownSessionError
from engineio.gateway.wsgi import WSGIGateway
from engineio.http.response import Response, json_response
from engineio.types import Data

from ._handlers import Handlers
from ._http import ANSWER, Answer, answer_of, body_of, core_response, response_class
from ._settings import Settings
from ._visit import Visit
from .signals import client_connected, client_disconnected, message_received

if TYPE_CHECKING:
    from .integration import EngineIO

__all__ = ["Binding"]

_VISIT = "flask_engineio.visit"


class Binding:
    """One server.

    Args:
        eio: What it belongs to.
        handlers: What is registered there.
        app: The application.
        settings: What it is made of.

    Attributes:
        eio: What it belongs to.
        app: The application.
        path: The path below the blueprint, without slashes at its ends.
        server: The server.
    """

    def __init__(
        self, eio: EngineIO, handlers: Handlers, app: flask.Flask, settings: Settings
    ) -> None:
        self.eio = eio
        self.app = app
        self.path = settings.path
        self.server = Server(settings.async_mode, **settings.options)
        self._handlers = handlers
        self._gateway = WSGIGateway(self.server)
        self._response_class = response_class(app)
        self.server.on("connect", self._connect)
        self.server.on("message", self._message)
        self.server.on("disconnect", self._disconnect)
        handlers.bind(self)

    @property
    def rule(self) -> str:
        """The whole path, as it stands in the application's URL map."""
        blueprints = self.app.blueprints.items()
        (name,) = (name for name, blueprint in blueprints if blueprint is self.eio)
        return next(self.app.url_map.iter_rules(f"{name}.endpoint")).rule

    def serve(self) -> Answer:
        """Serve Flask's current request."""
        request = flask.request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  # Flask documents it
        environ = request.environ
        with body_of(request):
            pending = self._gateway.open(environ, request)
        visit: Visit | None = environ.pop(_VISIT, None)
        if visit is not None and self._is_let_in(visit.sid):
            self._announce(visit)
        answer = answer_of(self._response_class, pending, visit)
        environ[ANSWER] = answer
        return answer

    def in_app_context(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that runs another one in the context of the application."""

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self.app.app_context():
                return self.app.ensure_sync(function)(*args, **kwargs)

        return call

    # -- Flask around the handlers ---------------------------------------------------------

    def _connect(self, sid: str, request: flask.Request) -> object:
        """Ask the handler, within the view: ``request`` and ``session`` are Flask's own."""
        visit = Visit(self.app, sid, request)
        request.environ[_VISIT] = visit
        self.server.keep(sid, visit)
        try:
            verdict = self._call("connect", sid, request)
        except ConnectionRefused:
            raise
        except Exception as error:  # noqa: BLE001  # what no error handler takes is raised again
            verdict = self._answer_to(error)
        return _refusal(verdict) if isinstance(verdict, WerkzeugResponse) else verdict

    def _message(self, sid: str, data: Data) -> None:
        # Without anybody who listens there is no reason for a context.
        if message_received.receivers or self._handlers.get("message") is not None:
            with self._event(sid):
                self._call("message", sid, data)
                self._send(message_received, sid, data=data)

    def _disconnect(self, sid: str, reason: Reason, info: DisconnectInfo) -> None:
        with self._event(sid) as visit:
            # The thread of the handshake may not have come to it yet.
            self._announce(visit)
            try:
                self._call("disconnect", sid, reason, info)
            finally:
                self._send(client_disconnected, sid, reason=reason, info=info)

    def _call(self, event: str, *args: object) -> object:
        handler = self._handlers.get(event)
        if handler is None:
            return None
        verdict: object = self.app.ensure_sync(handler.function)(*args[: handler.arity])
        return verdict

    @contextmanager
    def _event(self, sid: str) -> Iterator[Visit]:
        """A request context for one event; what is raised is told as Flask tells it of views."""
        visit = cast(Visit, self.server.kept(sid))
        with visit.context():
            try:
                yield visit
            except Exception as error:
                self._tell(error)
                raise

    def _answer_to(self, error: Exception) -> WerkzeugResponse:
        """Return what the application's error handlers make of an error, or raise it."""
        try:
            return self.app.make_response(self.app.handle_user_exception(error))
        except Exception as unhandled:
            self._tell(unhandled)
            raise

    # -- signals ---------------------------------------------------------------------------

    def _tell(self, error: Exception) -> None:
        flask.got_request_exception.send(
            self.app, _async_wrapper=self.app.ensure_sync, exception=error
        )

    def _announce(self, visit: Visit) -> None:
        if visit.may_announce():
            self._send(client_connected, visit.sid)

    def _send(self, signal: NamedSignal, sid: str, **values: object) -> None:
        if signal.receivers:
            wrapper = self.app.ensure_sync
            signal.send(self.app, _async_wrapper=wrapper, engineio=self.eio, sid=sid, **values)

    def _is_let_in(self, sid: str) -> bool:
        try:
            self.server.get_session(sid)
        except UnknownSessionError:
            return False
        return True


def _refusal(response: WerkzeugResponse) -> Response:
    """Return what a response of Flask means for a client that asks for a session."""
    if 300 <= response.status_code < 400:
        # As Flask-Login answers strangers, to a page that the client would not show.
        return json_response(401, "Unauthorized")
    return core_response(response)
