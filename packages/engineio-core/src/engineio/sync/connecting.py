"""Asking the ``connect`` handler whether a client may come in, in the thread of its request."""

from __future__ import annotations

from .. import verdicts
from ..errors import ConnectionRefused
from ..handlers import Handler
from ..http.request import Request
from ..http.response import Accepted, Response

__all__ = ["ask"]


def ask(
    handler: Handler, sid: str, request: Request, exits: tuple[type[BaseException], ...]
) -> Accepted | Response:
    """Return whether the handler accepts, or the response that it refuses with.

    An exception refuses too, and is logged; `ConnectionRefused` chooses its own status.

    Args:
        handler: The handler.
        sid: The id of the new session.
        request: The handshake.
        exits: What ends the thread and is raised further.
    """
    try:
        try:
            verdict = handler.function(*verdicts.arguments(handler, sid, request))
        except ConnectionRefused as refused:
            return verdicts.refusal(refused)
        return verdicts.decision(verdict)
    except exits:
        raise
    except BaseException as error:  # noqa: BLE001  # it is logged, and refuses this client alone
        return verdicts.failure(sid, error)
