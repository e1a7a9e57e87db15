"""A test client for applications: Engine.IO clients that share the cookies of Flask's own."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import flask
from flask.testing import EnvironBuilder, FlaskClient
from werkzeug.serving import WSGIRequestHandler, make_server

from engineio.testing import BlockingClient, LiveNetwork

from ._registry import bindings_of

if TYPE_CHECKING:
    from .integration import EngineIO

__all__ = ["EngineIOTestClient"]

_LOOPBACK = "127.0.0.1"


class EngineIOTestClient(BlockingClient):
    """An open session with an application; commonly made by `EngineIO.test_client`.

    The application is served by Werkzeug on a free port, for as long as this client is open.

    Args:
        eio: The server that is tested.
        app: The application.
        flask_test_client: A client of ``app.test_client()`` to share cookies with, or None.
        path: Where the server is; None for where it was set up.
        **options: Those of `engineio.testing.Client`.

    Raises:
        ConnectionRejected: The server refused the session.

    Example::

        http = app.test_client()
        http.post("/login", data={"name": "Ada"})
        with eio.test_client(app, http) as client:
            client.send("hello")
    """

    def __init__(
        self,
        eio: EngineIO,
        app: flask.Flask,
        flask_test_client: FlaskClient | None = None,
        path: str | None = None,
        **options: Any,
    ) -> None:
        where = bindings_of(app)[eio].rule if path is None else path
        jar = _Jar(app, flask_test_client or app.test_client(), where)
        options["cookies"] = jar.cookies() | dict(options.get("cookies") or {})
        options["headers"] = {"Host": jar.host, **dict(options.get("headers") or {})}
        self._http = make_server(_LOOPBACK, 0, app, threaded=True, request_handler=_Silent)
        self._serving = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._serving.start()
        super().__init__(LiveNetwork(_LOOPBACK, self._http.port), path=where, **options)
        try:
            self.connect()
        except BaseException:
            self._stop()
            raise
        if self.response is not None:
            jar.keep(value for name, value in self.response.headers if name == "set-cookie")

    def __enter__(self) -> EngineIOTestClient:
        # It is open already.
        return self

    def close(self, code: int = 1000, reason: str = "") -> None:
        """End the session as the JavaScript client does, and serve the application no more."""
        try:
            super().close(code, reason)
        finally:
            self._stop()

    def _stop(self) -> None:
        self._http.shutdown()
        self._serving.join()
        self._http.server_close()


class _Silent(WSGIRequestHandler):
    """Requests of a test are no news."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""


class _Jar:
    """The cookies of a test client of Flask, which it does not list.

    But it sends them: here to an application that only looks at them.
    """

    def __init__(self, app: flask.Flask, client: FlaskClient, path: str) -> None:
        self._client = copy.copy(client)
        self._environ = EnvironBuilder(app, path).get_environ()
        self._sent = ""
        self._answer: list[tuple[str, str]] = []
        self._client.application = self._look  # type: ignore[assignment]  # any WSGI application will do
        self.host: str = self._environ["HTTP_HOST"]

    def cookies(self) -> dict[str, str]:
        """Return what it would send."""
        self._client.run_wsgi_app(dict(self._environ))
        pairs = (pair.strip().partition("=") for pair in self._sent.split(";"))
        return {name: value for name, _, value in pairs if name}

    def keep(self, set_cookie: Iterable[str]) -> None:
        """Let it keep what an answer sets."""
        self._answer = [("Set-Cookie", value) for value in set_cookie]
        self._client.run_wsgi_app(dict(self._environ))

    def _look(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self._sent = environ.get("HTTP_COOKIE", "")
        start_response("204 No Content", self._answer)
        return []
