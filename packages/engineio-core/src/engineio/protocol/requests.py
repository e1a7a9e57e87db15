"""What the HTTP requests of a session do to it (protocol.md section 5).

Functions on a `Session`, called by the engine once it knows which session a request belongs to.
Which requests are outstanding is kept in ``polling``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..types import Reason
from . import closing, rejections, upgrade
from .actions import ReadBody, Ticket
from .packet import NOOP
from .polling import Exchange, decode_post, post_rejection
from .rejections import Rejection
from .states import State

if TYPE_CHECKING:
    from .session import Session

__all__ = ["abandon", "body", "confirmed", "expire_post", "fail_post", "poll", "post", "read_body"]


def poll(session: Session, now: float, exchange: Exchange) -> None:
    """A GET arrived on polling."""
    if session.polling.get is not None:
        # "A second one: 400 for it and close the session; the held first GET gets close 1."
        closing.end(session, now, Reason.TRANSPORT_ERROR, "overlapping polls")
        session.polling.answer(exchange, rejections.OVERLAP)
        return
    session.touch()
    session.heartbeat.alive = True
    session.polling.get = exchange
    # A client that polls again has got, or given up, the answer before it.
    session.answered(now)
    parked = session.polling.get is not None
    if parked and session.upgrade is not None and session.upgrade.parked(now):
        session.polling.release(NOOP)


def post(session: Session, now: float, exchange: Exchange) -> None:
    """A POST arrived: read its body, unless the handlers are behind."""
    if session.polling.post is not None:
        closing.end(session, now, Reason.TRANSPORT_ERROR, "overlapping posts")
        session.polling.answer(exchange, rejections.OVERLAP)
        return
    session.touch()
    limit = session.hub.config.max_payload
    rejection = post_rejection(session.codec, exchange, limit)
    if rejection is not None:
        too_large = rejection is rejections.BODY_TOO_LARGE
        reason = Reason.PAYLOAD_TOO_LARGE if too_large else Reason.TRANSPORT_ERROR
        closing.end(session, now, reason, rejection.context)
        session.polling.answer(exchange, rejection)
        return
    session.polling.post = exchange
    if not session.paused:
        read_body(session, now, exchange)


def read_body(session: Session, now: float, exchange: Exchange) -> None:
    """Ask for the body of the POST; from now on it has a deadline."""
    config = session.hub.config
    session.polling.post_deadline = now + config.body_timeout
    session.hub.emit(ReadBody(exchange.ticket, config.max_payload))


def body(session: Session, now: float, body: bytes) -> None:
    """The body of the POST is complete: "decode, deliver in order, answer 200 body ok"."""
    exchange = session.polling.take_post()
    assert exchange is not None, "the body was asked for"
    packets, error = decode_post(session.codec, exchange, body)
    for packet in packets:
        if session.state is not State.OPEN:
            # "Stop at close; later packets ignored."
            break
        session.receive(now, packet)
    if error is not None and session.state is State.OPEN:
        closing.end(session, now, Reason.PARSE_ERROR, str(error))
    session.polling.answer(exchange, closing.POST_REJECTIONS.get(session.reason))
    upgrade.release_held(session, now)


def fail_post(
    session: Session, now: float, reason: Reason, rejection: Rejection, detail: str
) -> None:
    """The body of the POST did not arrive whole, or may not: nothing of it is delivered."""
    session.polling.end_post(rejection)
    closing.end(session, now, reason, detail)


def expire_post(session: Session, now: float) -> None:
    """The body of the POST took too long (faults.md F-37)."""
    reason, rejection = Reason.TRANSPORT_ERROR, rejections.BODY_TIMEOUT
    fail_post(session, now, reason, rejection, "a body took too long")


def abandon(session: Session, now: float, ticket: Ticket) -> None:
    """The client of an unanswered request has gone."""
    polling = session.polling
    if session.state is State.CONNECTING:
        polling.get = None
        session.vanish(now, "the client left during the handshake")
    elif polling.post is not None and polling.post.ticket == ticket:
        polling.take_post()
        closing.end(session, now, Reason.TRANSPORT_ERROR, "a POST was cut off")
    elif polling.get is not None and polling.get.ticket == ticket:
        # "A held GET whose connection the client drops: close the session."
        polling.get = None
        closing.end(session, now, Reason.TRANSPORT_ERROR, "a poll was cut off")
    elif polling.unconfirmed == ticket:
        confirmed(session, now, accepted=False)


def confirmed(session: Session, now: float, accepted: bool) -> None:
    """The answer to a poll was written, or could not be."""
    if not accepted:
        session.polling.unconfirmed = None
        closing.end(session, now, Reason.TRANSPORT_ERROR, "a poll answer could not be written")
        return
    session.answered(now)
