"""The mode ``sanic`` of `engineio.AsyncServer`, which the core finds through its entry point."""

from __future__ import annotations

from sanic.exceptions import SanicException

from engineio import AsyncServer
from engineio.http.request import Request
from engineio.http.response import Response, json_response, text_response

from ._gateway import Gateway, blueprint_name
from ._settings import App

__all__ = ["SANIC", "SanicMode"]


class SanicMode:
    """What ``AsyncServer(async_mode="sanic")`` can do with a Sanic application."""

    def attach(self, server: AsyncServer, app: App, engineio_path: str) -> None:
        """Add the blueprint of ``server`` to ``app``, which also ends it."""

        def adopt(app: App) -> None:
            """Take nothing from the application: the server has its options."""

        name = blueprint_name(engineio_path)
        app.blueprint(Gateway(server, engineio_path, name, adopt).blueprint)

    def refusal(self, error: Exception, request: Request) -> Response | None:
        """Return the answer of an exception such as `sanic.exceptions.Unauthorized`.

        Its status, header fields and message reach the client; the message as text, or together
        with the ``context`` of the exception as JSON. What refuses nobody, with a status below 400,
        counts as a failure.
        """
        if not isinstance(error, SanicException) or error.status_code < 400:
            return None
        message = str(error)
        if error.context:
            response = json_response(error.status_code, {"message": message, **error.context})
        else:
            response = text_response(
                error.status_code, message.encode(), "text/plain; charset=utf-8"
            )
        return response.with_headers(*((name, str(v)) for name, v in error.headers.items()))


SANIC = SanicMode()
