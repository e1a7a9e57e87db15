"""Every way in which the protocol refuses a request, and the one table from it to HTTP.

protocol.md section 6 is the source of codes and messages. No other module knows a code, and none
builds the response of a refusal by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..errors import RemoteProtocolError
from ..http.response import Response, json_response

__all__ = ["Rejected", "Rejection", "rejection_response"]


@dataclass(frozen=True, slots=True)
class Rejection:
    """One refusal.

    Attributes:
        status: The HTTP status.
        code: The Engine.IO error code.
        message: Its message.
        context: The cause, for hooks and logs; never sent.
    """

    status: int
    code: int
    message: str
    context: str

    def saying(self, message: str) -> Rejection:
        """Return the same refusal with the application's own text."""
        return replace(self, message=message)


TRANSPORT_UNKNOWN = Rejection(400, 0, "Transport unknown", "TRANSPORT_UNKNOWN")
SESSION_UNKNOWN = Rejection(400, 1, "Session ID unknown", "SESSION_UNKNOWN")
BAD_METHOD = Rejection(400, 2, "Bad handshake method", "BAD_HANDSHAKE_METHOD")
INVALID_ORIGIN = Rejection(400, 3, "Bad request", "INVALID_ORIGIN")
INVALID_QUERY = Rejection(400, 3, "Bad request", "INVALID_QUERY")
INVALID_METHOD = Rejection(400, 3, "Bad request", "INVALID_METHOD")
TRANSPORT_MISMATCH = Rejection(400, 3, "Bad request", "TRANSPORT_MISMATCH")
PROTOCOL_MISMATCH = Rejection(400, 3, "Bad request", "PROTOCOL_MISMATCH")
WEBSOCKET_EXPECTED = Rejection(400, 3, "Bad request", "TRANSPORT_HANDSHAKE_ERROR")
UPGRADE_REFUSED = Rejection(400, 3, "Bad request", "UPGRADE_REFUSED")
ID_GENERATION = Rejection(400, 3, "Bad request", "ID_GENERATION_ERROR")
REQUEST_FAILURE = Rejection(400, 3, "Bad request", "MIDDLEWARE_FAILURE")
OVERLAP = Rejection(400, 3, "Bad request", "OVERLAPPING_REQUEST")
PARSE_ERROR = Rejection(400, 3, "Bad request", "PARSE_ERROR")
INVALID_PACKET = Rejection(400, 3, "Bad request", "INVALID_PACKET")
CONTENT_TYPE = Rejection(400, 3, "Bad request", "INVALID_CONTENT_TYPE")
INVALID_LENGTH = Rejection(400, 3, "Bad request", "INVALID_CONTENT_LENGTH")
BODY_ABORTED = Rejection(400, 3, "Bad request", "BODY_ABORTED")
BODY_TIMEOUT = Rejection(408, 3, "Bad request", "BODY_TIMEOUT")
BODY_TOO_LARGE = Rejection(413, 3, "Payload too large", "PAYLOAD_TOO_LARGE")
CONTENT_ENCODING = Rejection(415, 3, "Bad request", "INVALID_CONTENT_ENCODING")
FORBIDDEN = Rejection(403, 4, "Forbidden", "FORBIDDEN")
ORIGIN_FORBIDDEN = Rejection(403, 4, "Forbidden", "ORIGIN_FORBIDDEN")
PROTOCOL_VERSION = Rejection(400, 5, "Unsupported protocol version", "UNSUPPORTED_PROTOCOL")
OVERLOADED = Rejection(503, 3, "Server is full", "TOO_MANY_SESSIONS")
SHUTTING_DOWN = Rejection(503, 3, "Server is shutting down", "SHUTTING_DOWN")
CONNECT_TIMEOUT = Rejection(503, 3, "Server did not decide in time", "CONNECT_TIMEOUT")


class Rejected(RemoteProtocolError):
    """Raised inside the engine to end the checks of one request.

    Attributes:
        rejection: Which refusal it is.
    """

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(rejection.context)
        self.rejection = rejection


def rejection_response(rejection: Rejection) -> Response:
    """Return the HTTP form of a refusal: ``{"code":n,"message":"..."}``.

    413 has an empty body, as in the reference server; 503 says when to come back.
    """
    if rejection.status == 413:
        return Response(413)
    response = json_response(
        rejection.status, {"code": rejection.code, "message": rejection.message}
    )
    if rejection.status == 503:
        return response.with_headers(("Retry-After", "1"))
    return response
