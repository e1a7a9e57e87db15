"""The mode ``tornado`` of `engineio.AsyncServer`, which the core finds through its entry point."""

from __future__ import annotations

from tornado.web import Application, Finish, HTTPError

from engineio import AsyncServer
from engineio.http.request import Request
from engineio.http.response import Response

from .handler import EngineIOHandler, bind
from .integration import EngineIO

__all__ = ["TORNADO", "TornadoMode"]

_REFUSING = 400


class TornadoMode:
    """What ``AsyncServer(async_mode="tornado")`` can do with a Tornado application."""

    def attach(self, server: AsyncServer, app: Application, engineio_path: str) -> None:
        """Add the routes of ``server`` to ``app``."""
        EngineIO(server).attach(app, engineio_path)

    def handler(self, server: AsyncServer) -> type[EngineIOHandler]:
        """Return the class for a route table (for `engineio.get_tornado_handler`)."""
        return bind(server, EngineIOHandler)

    def refusal(self, error: Exception, request: Request) -> Response | None:
        """Return the answer of a `tornado.web.HTTPError`, or of a `tornado.web.Finish`.

        The client gets what the request handler makes of it, as if it had raised the exception
        itself: `write_error` and `log_exception` are called, and what was set before a `Finish`
        goes out. What refuses nobody, with a status below 400, counts as a failure.
        """
        handler = request.native()
        if not isinstance(handler, EngineIOHandler):
            return None
        if isinstance(error, HTTPError):
            status = error.status_code
        elif isinstance(error, Finish):
            status = handler.get_status()
        else:
            return None
        if status < _REFUSING:
            return None
        handler.refused_by = error
        return Response(status)


TORNADO = TornadoMode()
