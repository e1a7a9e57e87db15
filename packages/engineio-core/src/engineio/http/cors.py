"""Who may use the server from a browser: the check of Origin, CORS headers and preflights.

What lives here: pure decisions on a request head. Which origin the server itself has is an
argument, because only ``forwarded`` knows which proxies to believe.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..errors import ConfigError
from ..functions import is_async
from .request import Request
from .response import Header, Response

__all__ = ["CorsPolicy", "has_valid_origin_bytes", "normalise_origin"]

_METHODS = "GET, POST, OPTIONS"
# What a client may add to its requests. Only these words ever reach an answer, whatever a preflight
# asks for (faults.md F-90).
_ALLOWED_HEADERS = (
    "accept",
    "accept-language",
    "authorization",
    "content-language",
    "content-type",
)
# A preflight that names more headers than this is read no further (SEC-45).
_MAX_REQUESTED = 64
_PREFLIGHT_SECONDS = "600"

_ORIGIN = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://"
    r"(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])"
    r"(?P<port>:[0-9]{1,5})?"
)
_DEFAULT_PORTS = {"http": ":80", "https": ":443", "ws": ":80", "wss": ":443"}
# What browsers send for pages that have no host: sandboxed frames and files.
_OPAQUE = frozenset({"null", "file://"})
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


def normalise_origin(origin: str) -> str | None:
    """Return ``origin`` in lower case and without a default port, or None if it is none.

    An origin is scheme, host and port alone (RFC 6454 section 6.2), or ``null``, or ``file://``.
    """
    origin = origin.lower()
    if origin in _OPAQUE:
        return origin
    found = _ORIGIN.fullmatch(origin)
    if found is None:
        return None
    port = found["port"]
    if port is not None and port == _DEFAULT_PORTS.get(found["scheme"]):
        return origin[: -len(port)]
    return origin


def has_valid_origin_bytes(request: Request) -> bool:
    """Whether every Origin field is printable ASCII: anything else is a bad request (code 3)."""
    return all(map(_PRINTABLE.fullmatch, request.headers.all("origin")))


@dataclass(frozen=True, slots=True)
class CorsPolicy:
    """Which origins may use the server.

    Attributes:
        origins: The origins allowed, normalised; None where another rule decides.
        any_origin: Whether every origin is allowed.
        predicate: The function that decides, or None.
        credentials: Whether browsers are told that cross-origin requests may carry cookies.
    """

    origins: frozenset[str] | None = None
    any_origin: bool = False
    predicate: Callable[[str], bool] | None = None
    credentials: bool = False

    @classmethod
    def build(
        cls, allowed: str | Iterable[str] | Callable[[str], bool] | None, credentials: bool
    ) -> CorsPolicy:
        """Return the policy of the options ``cors_allowed_origins`` and ``cors_credentials``.

        Args:
            allowed: None for the origin of the server only; one origin or several, which must list
                the server's own too if its pages are to work; ``"*"``; or a function that gets an
                origin in lower case and allows it by returning True itself.
            credentials: Whether browsers are told that they may send cookies across origins; with
                ``"*"`` they never are. Cookies that come nevertheless are not dropped.

        Raises:
            ConfigError: Something in ``allowed`` is not an origin.
        """
        if allowed is None:
            return cls()
        if allowed == "*":
            # "With credentials, * is no wildcard" (Fetch standard), and should not be one.
            return cls(any_origin=True)
        if callable(allowed):
            if is_async(allowed):
                raise ConfigError("the function in cors_allowed_origins must not be async")
            return cls(predicate=allowed, credentials=credentials)
        return cls(origins=_origins(allowed), credentials=credentials)

    def allows(self, request: Request, origin_of_server: str | None) -> bool:
        """Whether a request may be served.

        A request without Origin comes from no browser page, or from a page of the server itself.

        Args:
            request: The request.
            origin_of_server: ``scheme://host[:port]`` as the client sees it, None if unknown.

        Raises:
            Exception: What the function of ``cors_allowed_origins`` raised. The caller refuses the
                request and reports the error.
        """
        if len(request.headers.all("host")) > 1:
            # Nobody can tell which of them a proxy in front of us has looked at (SEC-51).
            return False
        match request.headers.all("origin"):
            case []:
                return True
            case [origin]:
                return self.any_origin or self._allows_origin(origin, origin_of_server)
        return False

    def _allows_origin(self, origin: str, origin_of_server: str | None) -> bool:
        normalised = normalise_origin(origin)
        if normalised is None:
            return False
        if self.predicate is not None:
            # True itself: the coroutine or mock of a mistaken function would count as true.
            return self.predicate(normalised) is True
        if self.origins is not None:
            return normalised in self.origins
        if origin_of_server is None or normalised in _OPAQUE:
            return False
        return normalised == normalise_origin(origin_of_server)

    def headers(self, request: Request) -> tuple[Header, ...]:
        """Return the CORS fields of the answer to ``request``; none of them if it is refused."""
        if self.any_origin:
            return (("Access-Control-Allow-Origin", "*"),)
        if self.predicate is None and self.origins is None:
            return ()
        vary: Header = ("Vary", "Origin")
        if not self._shares_with(request):
            return (vary,)
        # A valid origin has no byte that could end the field (SEC-44), and the browser compares
        # what it gets with what it sent.
        allow: Header = ("Access-Control-Allow-Origin", request.headers.get("origin") or "")
        if not self.credentials:
            return (vary, allow)
        return (vary, allow, ("Access-Control-Allow-Credentials", "true"))

    def _shares_with(self, request: Request) -> bool:
        if request.headers.get("origin") is None:
            return False
        try:
            return self.allows(request, None)
        except Exception:  # noqa: BLE001  # the check before has reported it
            return False

    def preflight(self, request: Request) -> Response:
        """Return the answer to OPTIONS: 204, with the permissions that the origin has."""
        headers = self.headers(request)
        if any(name == "Access-Control-Allow-Origin" for name, _ in headers):
            headers += (
                ("Access-Control-Allow-Methods", _METHODS),
                *_allow_headers(request),
                ("Access-Control-Max-Age", _PREFLIGHT_SECONDS),
            )
        return Response(204, headers)


def _origins(allowed: str | Iterable[str]) -> frozenset[str]:
    if not isinstance(allowed, (str, Iterable)):
        raise ConfigError(f"cors_allowed_origins must name origins, not {allowed!r}")
    given = [allowed] if isinstance(allowed, str) else list(allowed)
    if not given:
        raise ConfigError(
            "cors_allowed_origins is empty: None allows the server's own origin, '*' every origin"
        )
    return frozenset(map(_origin, given))


def _origin(given: object) -> str:
    if given == "*":
        raise ConfigError("'*' in cors_allowed_origins must stand alone, not in a list")
    normalised = normalise_origin(given) if isinstance(given, str) else None
    if normalised is None:
        raise ConfigError(
            f"{given!r} in cors_allowed_origins is no origin: write scheme://host or"
            " scheme://host:port, without a path or a slash at the end"
        )
    return normalised


def _allow_headers(request: Request) -> tuple[Header, ...]:
    values = ",".join(request.headers.all("access-control-request-headers"))
    requested = {name.strip().lower() for name in values.split(",", _MAX_REQUESTED)}
    allowed = [name for name in _ALLOWED_HEADERS if name in requested]
    return (("Access-Control-Allow-Headers", ", ".join(allowed)),) if allowed else ()
