"""The polling half of a session: "at most one GET and one POST at a time" (protocol.md section 5).

What lives here: which HTTP requests are outstanding, and answering the parked one. What packets
mean, and when a session ends, is the session's.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import NamedTuple

from ..config import ServerConfig
from ..errors import PacketError
from ..http.request import Request
from ..http.response import Header
from . import jsonp, rejections
from .actions import Reply, Ticket
from .outbox import Outbox
from .packet import Packet
from .payload import Decoded
from .rejections import Rejection
from .replies import Replies
from .revision import BINARY, Codec

__all__ = ["Exchange", "Polling", "decode_post", "post_rejection"]

_FORM = frozenset({"application/x-www-form-urlencoded"})
# Enough for every length there is, few enough to be parsed in no time (SEC-45).
_MAX_DIGITS = 20


class Exchange(NamedTuple):
    """One HTTP request that has not been answered.

    Attributes:
        ticket: Its ticket.
        request: Its head.
        jsonp: The index of its JSONP callback, or None.
        initial: Whether it is the handshake.
        headers: Fields that only its answer carries.
    """

    ticket: Ticket
    request: Request
    jsonp: str | None = None
    initial: bool = False
    headers: tuple[Header, ...] = ()


def content_type(request: Request) -> str:
    """Return the media type of a body in lower case without parameters, ``""`` for none."""
    return (request.headers.get("content-type") or "").partition(";")[0].strip().lower()


def post_rejection(codec: Codec, exchange: Exchange, limit: int) -> Rejection | None:
    """Return why the body of a POST is not even read, or None.

    "A POST with application/octet-stream is refused" in EIO 4; a form is how JSONP posts; a
    multipart body is never parsed (faults.md SEC-46); and a length over the limit is refused from
    the head alone (F-34).
    """
    headers = exchange.request.headers
    if (headers.get("content-encoding") or "identity").strip().lower() != "identity":
        return rejections.CONTENT_ENCODING
    types = _FORM if exchange.jsonp is not None else codec.body_types
    if content_type(exchange.request) not in types:
        return rejections.CONTENT_TYPE
    length = headers.get("content-length")
    if length is None:
        return None
    # Not int() alone: it takes signs, underscores and the digits of every script (SEC-41).
    if not (length.isascii() and length.isdigit()):
        return rejections.INVALID_LENGTH
    return rejections.BODY_TOO_LARGE if int(length[:_MAX_DIGITS]) > limit else None


def decode_post(codec: Codec, exchange: Exchange, body: bytes) -> Decoded:
    """Return the packets of a POST body, and the error that ended them, if any."""
    if exchange.jsonp is not None:
        try:
            body = jsonp.unwrap(body)
        except PacketError as error:
            return Decoded([], error)
    return codec.decode_body(body, content_type(exchange.request) == BINARY)


class Polling:
    """The outstanding requests of one session.

    Args:
        emit: Takes the actions.
        outbox: The send queue of the session.
        codec: Its encoding.
        replies: Builds responses.
        config: The options.

    Attributes:
        get: The parked poll.
        post: The POST whose body is being read, or waits to be.
        post_deadline: When its body must be complete; ``inf`` while it waits.
        unconfirmed: The poll whose answer is being written.
    """

    __slots__ = (
        "_codec",
        "_config",
        "_emit",
        "_outbox",
        "_replies",
        "get",
        "post",
        "post_deadline",
        "unconfirmed",
    )

    def __init__(
        self,
        emit: Callable[[Reply], None],
        outbox: Outbox,
        codec: Codec,
        replies: Replies,
        config: ServerConfig,
    ) -> None:
        self._emit = emit
        self._outbox = outbox
        self._codec = codec
        self._replies = replies
        self._config = config
        self.get: Exchange | None = None
        self.post: Exchange | None = None
        self.post_deadline = inf
        self.unconfirmed: Ticket | None = None

    def flush(self) -> None:
        """Answer the parked poll with what is queued, if both exist.

        "Client batches polling packets up to maxPayload; servers should do the same outbound."
        """
        exchange = self.get
        if exchange is None or not self._outbox.waiting:
            return
        config = self._config
        packets = self._outbox.take(
            config.max_payload + self._codec.separator,
            config.max_packets_per_poll,
            self._codec.payload_size,
        )
        self.get = None
        self.unconfirmed = exchange.ticket
        response = self._replies.packets(
            exchange.request, self._codec, packets, exchange.jsonp, secret=exchange.initial
        )
        response = response.with_headers(*exchange.headers)
        self._emit(Reply(exchange.ticket, response, True, exchange.initial))

    def welcome(self, headers: tuple[Header, ...]) -> None:
        """The handshake, if it is the one that waits, is accepted: its answer has ``headers``."""
        if self.get is not None:
            self.get = self.get._replace(headers=headers)

    def confirm(self) -> bool:
        """The answer that was being written has been accepted; False if there was none."""
        if self.unconfirmed is None:
            return False
        self.unconfirmed = None
        # A written answer may still be lost with its connection; the next poll tells.
        self._outbox.commit(keep=True)
        return True

    def release(self, packet: Packet) -> None:
        """Answer the parked poll, if there is one, with ``packet`` and nothing from the queue."""
        if self.get is not None:
            exchange, self.get = self.get, None
            response = self._replies.packets(
                exchange.request, self._codec, [packet], exchange.jsonp
            )
            self._emit(Reply(exchange.ticket, response))

    def take_post(self) -> Exchange | None:
        """Remove and return the POST, so that only the caller answers it."""
        exchange, self.post = self.post, None
        self.post_deadline = inf
        return exchange

    def end_post(self, rejection: Rejection) -> None:
        """Answer the POST, if there is one, with a refusal."""
        exchange = self.take_post()
        if exchange is not None:
            self.answer(exchange, rejection)

    def answer(self, exchange: Exchange, rejection: Rejection | None) -> None:
        """Answer a request that is not parked here: ``ok``, or a refusal."""
        if rejection is None:
            response = self._replies.ok(exchange.request)
        else:
            response = self._replies.rejection(exchange.request, rejection)
        self._emit(Reply(exchange.ticket, response))
