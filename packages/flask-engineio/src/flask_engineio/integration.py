"""`EngineIO`: an Engine.IO server as Flask applications know their extensions."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Unpack

import flask
from werkzeug.local import LocalProxy

from engineio import Server
from engineio.options import ServerOptions
from engineio.sync.concurrency import Task
from engineio.sync.integration import SyncIntegration

from . import _commands
from ._binding import Binding
from ._handlers import Handlers
from ._http import abandon_answer
from ._registry import EXTENSION, bindings_of
from ._routes import add_routes
from ._settings import Settings

if TYPE_CHECKING:
    from .testing import EngineIOTestClient

__all__ = ["EngineIO", "current_engineio"]


class EngineIO(flask.Blueprint, SyncIntegration[flask.Request]):
    """An Engine.IO server for Flask applications: an extension that is also a blueprint.

    Every application gets a server of its own, with its own sessions and configuration; handlers
    are for all of them. ``ENGINEIO_*`` in ``app.config`` wins over the options given here.

    Args:
        app: An application to set up at once.
        name: The name of the blueprint. A second server in an application needs another one, and
            its configuration is then called ``NAME_ENGINEIO_*``.
        path: Where clients connect, below ``url_prefix``.
        url_prefix: As for `flask.Blueprint`.
        async_mode: ``threading``, ``gevent``, ``gevent_uwsgi`` or ``eventlet``; None for what fits
            the server that imports the application.
        **options: The fields of `engineio.config.ServerConfig`.

    Raises:
        ConfigError: With ``app``, as for `init_app`.

    Example::

        eio = EngineIO(ping_interval=20)

        @eio.on_message
        def received(sid: str, data: str) -> None:
            eio.send(sid, data)

        app = flask.Flask(__name__)
        eio.init_app(app)
    """

    def __init__(
        self,
        app: flask.Flask | None = None,
        *,
        name: str = "engineio",
        path: str = "/engine.io/",
        url_prefix: str | None = None,
        async_mode: str | None = None,
        **options: Unpack[ServerOptions],
    ) -> None:
        flask.Blueprint.__init__(self, name, __name__, url_prefix=url_prefix, cli_group="engineio")
        self._handlers = Handlers()
        SyncIntegration.__init__(self, self._handlers)
        self._path = path
        self._async_mode = async_mode
        self._options = options
        self._applications = 0
        self._only: weakref.ref[Binding] | None = None
        self.record(add_routes)
        self.teardown_request(abandon_answer)
        self.cli.command("info", help="Show the Engine.IO servers of the application.")(
            _commands.info
        )
        if app is not None:
            self.init_app(app)

    # -- applications ----------------------------------------------------------------------

    def init_app(self, app: flask.Flask, **options: Any) -> None:
        """Set up a server for an application, which must have its configuration by now.

        Args:
            app: The application.
            **options: Those of `flask.Flask.register_blueprint`, such as ``url_prefix``.

        Raises:
            ConfigError: A name ``ENGINEIO_*`` in the configuration, or an option, is unknown or its
                value impossible.
            RuntimeError: This was set up for the application before.
        """
        app.register_blueprint(self, **options)

    def register(self, app: Any, options: dict[str, Any]) -> None:
        """Set up a server, for ``register_blueprint`` of an application or another blueprint.

        Raises:
            ConfigError: As for `init_app`.
            RuntimeError: As for `init_app`.
        """
        bindings = bindings_of(app)
        if self in bindings:
            raise RuntimeError(f"the Engine.IO server {self.name!r} was set up for {app!r} already")
        prefix = "ENGINEIO_" if self.name == "engineio" else f"{self.name.upper()}_ENGINEIO_"
        settings = Settings.of(app.config, prefix, self._path, self._async_mode, self._options)
        binding = bindings[self] = Binding(self, self._handlers, app, settings)
        app.extensions.setdefault(EXTENSION, self)
        self._applications += 1
        self._only = weakref.ref(binding)
        super().register(app, options)

    @property
    def server(self) -> Server:
        """The server of the core, in the current application.

        Outside of an application context it is that of the only application there ever was.

        Raises:
            RuntimeError: There is no application, or there are several and none is current.
        """
        return self._binding().server

    def start_background_task(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Task:
        """Run a function in a thread or greenlet of its own, in the context of the application.

        Returns:
            The task, which has a method ``join``. What the function raises is logged.
        """
        binding = self._binding()
        run = binding.in_app_context(target)
        return binding.server.start_background_task(run, *args, **kwargs)

    def test_client(
        self,
        app: flask.Flask,
        flask_test_client: Any = None,
        **options: Any,
    ) -> EngineIOTestClient:
        """Open a session with an application that is served for this test alone.

        Args:
            app: The application.
            flask_test_client: A client of ``app.test_client()``, whose cookies are sent, and which
                gets those that come with the answer: so a login counts here too.
            **options: Those of `engineio.testing.Client`, such as ``transport`` or ``headers``.

        Raises:
            engineio.testing.ConnectionRejected: The server refused it.

        Example::

            with eio.test_client(app, transport="websocket") as client:
                client.send("hello")
                assert client.receive() == "hello"
        """
        from .testing import EngineIOTestClient  # noqa: PLC0415  # loaded where there are tests

        return EngineIOTestClient(self, app, flask_test_client, **options)

    # -- inside ----------------------------------------------------------------------------

    def _binding(self) -> Binding:
        if flask.has_app_context():
            binding = bindings_of(flask.current_app).get(self)
            if binding is not None:
                return binding
        only = None if self._only is None else self._only()
        if only is None:
            raise RuntimeError(f"the Engine.IO server {self.name!r} has no application: init_app")
        if self._applications > 1:
            raise RuntimeError(
                f"the Engine.IO server {self.name!r} has several applications: "
                "which one is meant has to be said by `with app.app_context():`"
            )
        return only


current_engineio: EngineIO = LocalProxy(  # type: ignore[assignment]  # as Flask types its own proxies
    lambda: flask.current_app.extensions[EXTENSION]
)
"""The `EngineIO` of the current application, the first one if there are several."""
