"""The mode ``aiohttp`` of `engineio.AsyncServer`, which the core finds through its entry point."""

from __future__ import annotations

from aiohttp import web
from multidict import CIMultiDict

from engineio import AsyncServer
from engineio.http.request import Request
from engineio.http.response import Response

from ._gateway import Gateway

__all__ = ["AIOHTTP", "AiohttpMode"]


class AiohttpMode:
    """What ``AsyncServer(async_mode="aiohttp")`` can do with an aiohttp application."""

    def attach(self, server: AsyncServer, app: web.Application, engineio_path: str) -> None:
        """Add the routes of ``server`` to ``app``, which also ends it."""
        Gateway(server).attach(app, engineio_path)

    def refusal(self, error: Exception, request: Request) -> Response | None:
        """Return the answer of an exception such as `aiohttp.web.HTTPForbidden`.

        Its status, header fields, cookies and body reach the client. What refuses nobody, with a
        status below 400, counts as a failure.
        """
        if not isinstance(error, web.HTTPException) or error.status < 400:
            return None
        headers = CIMultiDict(error.headers)
        headers.popall("Content-Length", None)
        fields = [
            *headers.items(),
            *(("Set-Cookie", c.OutputString()) for c in error.cookies.values()),
        ]
        body = error.body
        return Response(error.status, tuple(fields), body if isinstance(body, bytes) else b"")


AIOHTTP = AiohttpMode()
