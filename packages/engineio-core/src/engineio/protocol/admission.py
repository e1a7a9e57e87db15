"""The checks of a request that need no session: they run for every request, in this order.

Transport, Origin, the application's ``allow_request``. What a request may do to a session is
decided in ``engine`` and ``session``.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import NamedTuple, TypeAlias
from urllib.parse import urlsplit

from ..config import ServerConfig
from ..http.cors import CorsPolicy, has_valid_origin_bytes
from ..http.forwarded import Client, TrustedProxies
from ..http.request import Headers, Request
from . import rejections
from .handshake import Query, parse_query, requested_revision
from .rejections import Rejected
from .sid import new_sid

__all__ = ["Admission", "Admitted", "Verdict", "passed"]


class Admitted(NamedTuple):
    """A request that passed.

    Attributes:
        query: What it asks for.
        client: Whom it comes from, as far as trusted proxies tell.
        sid: The id that the application made for the session that it asks for.
    """

    query: Query
    client: Client
    sid: str | None = None


Verdict: TypeAlias = "Admitted | Rejected"
"""Whether a request passed."""


def passed(verdict: Verdict) -> Admitted:
    """Return what a request asks for that passed.

    Raises:
        Rejected: It did not pass.
    """
    if isinstance(verdict, Rejected):
        # Another one: an exception whose traceback leads to a frame that holds it is a cycle, and
        # would keep the request, and with it perhaps a connection, until the next collection.
        raise Rejected(verdict.rejection) from verdict.__cause__
    return verdict


class Admission:
    """The checks of one server.

    Args:
        config: The options.
        cors: The policy for cross-origin requests.
    """

    def __init__(self, config: ServerConfig, cors: CorsPolicy) -> None:
        self._config = config
        self._cors = cors
        self._proxies = TrustedProxies.build(config.trusted_proxies)

    def admit(self, request: Request, taken: Container[str]) -> Verdict:
        """Return what ``request`` asks for, with an id of the application's if it asks for one.

        Args:
            request: The request.
            taken: The ids that are in use.
        """
        generate = self._config.generate_id
        try:
            admitted = self.check(request)
            if generate is None or admitted.query.sid is not None or request.method != "GET":
                return admitted
            requested_revision(admitted.query, self._config)
            return admitted._replace(sid=new_sid(generate, request, taken))
        except Rejected as rejected:
            return rejected

    def check(self, request: Request) -> Admitted:
        """Return what ``request`` asks for.

        Raises:
            Rejected: It is refused.
        """
        query = parse_query(request.query, self._config)
        if not has_valid_origin_bytes(request):
            raise Rejected(rejections.INVALID_ORIGIN)
        client = self._proxies.resolve(request)
        self._check_origin(request, client)
        if query.jsonp is not None:
            self._check_script(request, client)
        self._check_application(request)
        return Admitted(query, client)

    def _check_origin(self, request: Request, client: Client) -> None:
        try:
            allowed = self._cors.allows(request, client.origin)
        except Exception as error:
            # The function of cors_allowed_origins failed: refuse, and let the shell log why.
            raise Rejected(rejections.ORIGIN_FORBIDDEN) from error
        if not allowed:
            raise Rejected(rejections.ORIGIN_FORBIDDEN)

    def _check_script(self, request: Request, client: Client) -> None:
        """Refuse a script of another site: browsers send it cookies, but no Origin (F-89).

        "Require same-site Sec-Fetch-Site/Referer": a page may keep its own Referer back, and over
        plain HTTP, or in the old browsers that JSONP is for, there is no Sec-Fetch-Site.
        """
        referer = request.headers.get("referer")
        if referer is not None:
            origin = Headers([("origin", _origin_of(referer))])
            self._check_origin(replace(request, headers=origin), client)
        elif request.headers.get("sec-fetch-site") not in ("same-origin", "none"):
            raise Rejected(rejections.ORIGIN_FORBIDDEN)

    def _check_application(self, request: Request) -> None:
        if self._config.allow_request is None:
            return
        try:
            verdict = self._config.allow_request(request)
        except Exception as error:
            raise Rejected(rejections.REQUEST_FAILURE) from error
        if isinstance(verdict, str):
            raise Rejected(rejections.FORBIDDEN.saying(verdict))
        # True itself: the coroutine of a mistaken function would count as true.
        if verdict is not True:
            raise Rejected(rejections.FORBIDDEN)


def _origin_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        # "http://[" for one. No origin is empty, so only "*" allows this one.
        return ""
    return f"{parts.scheme}://{parts.netloc}"
