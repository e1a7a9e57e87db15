"""The HTTP responses of the protocol: content types, CORS, caching and compression in one place."""

from __future__ import annotations

from ..config import ServerConfig
from ..http.compression import compress
from ..http.cors import CorsPolicy
from ..http.request import Request
from ..http.response import Header, Response, text_response
from . import jsonp
from .packet import Packet
from .rejections import Rejection, rejection_response
from .revision import Codec, codec_for

__all__ = ["Replies"]

# "Cache-Control: no-store on every answer" (faults.md F-93).
_NO_STORE: Header = ("Cache-Control", "no-store")
_JSONP_TYPE = "text/javascript; charset=UTF-8"


class Replies:
    """Builds every response of one server.

    Args:
        config: The options.
        cors: The policy for cross-origin requests.
    """

    def __init__(self, config: ServerConfig, cors: CorsPolicy) -> None:
        self._config = config
        self._cors = cors

    def packets(
        self,
        request: Request,
        codec: Codec,
        packets: list[Packet],
        index: str | None,
        *,
        secret: bool = False,
    ) -> Response:
        """Return the answer to a poll.

        Args:
            request: The poll.
            codec: The encoding of the session.
            packets: What it carries, at least one.
            index: The index of the JSONP callback, None for a plain answer.
            secret: Whether it carries the sid, which must not be compressed together with text that
                an attacker may choose (faults.md SEC-53).
        """
        if index is not None:
            # A script cannot carry the binary payloads of EIO 3.
            codec = codec_for(codec.revision, base64=True)
        body, content_type = codec.encode_body(packets)
        headers: tuple[Header, ...] = (_NO_STORE,)
        if index is not None:
            # A script's type, and nosniff, so that nobody reads the answer as a page.
            body, content_type = jsonp.wrap(index, body.decode()), _JSONP_TYPE
            headers += (("X-Content-Type-Options", "nosniff"),)
        response = Response(200, (("Content-Type", content_type), *headers), body)
        response = self._cross_origin(response, request)
        if secret or not self._config.http_compression:
            return response
        accepted = request.headers.get("accept-encoding")
        return compress(response, accepted, self._config.compression_threshold)

    def ok(self, request: Request) -> Response:
        """Return the answer to a POST whose packets were all delivered."""
        # "POST with sid: answer 200 body ok (Node: Content-Type text/html)."
        return self._cross_origin(
            text_response(200, b"ok", "text/html").with_headers(_NO_STORE), request
        )

    def rejection(self, request: Request, rejection: Rejection) -> Response:
        """Return the answer to a request that the protocol refuses."""
        return self.finish(request, rejection_response(rejection))

    def finish(self, request: Request, response: Response) -> Response:
        """Return a response made elsewhere with the headers that every answer has."""
        return self._cross_origin(self.uncached(response), request)

    def uncached(self, response: Response) -> Response:
        """Return the refusal of a WebSocket, where the rules of other origins do not apply."""
        return response.with_headers(_NO_STORE)

    def preflight(self, request: Request) -> Response:
        """Return the answer to OPTIONS."""
        return self._cors.preflight(request).with_headers(_NO_STORE)

    def _cross_origin(self, response: Response, request: Request) -> Response:
        # Without an Origin only the Vary of a policy that depends on it would be left to add.
        return response.with_headers(*self._cors.headers(request))
