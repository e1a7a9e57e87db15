"""Asking the ``connect`` handler whether a client may come in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from inspect import isawaitable
from typing import Any

from ..errors import ConnectionRefused
from ..handlers import Handler
from ..http.request import Request
from ..http.response import Response, json_response
from ..protocol.sid import hashed_sid
from .threads import call_in_thread

__all__ = ["ask"]

logger = logging.getLogger(__name__)


async def ask(
    handler: Handler,
    sid: str,
    request: Request,
    inline: bool,
    refusal: Callable[[Exception], Response | None],
) -> Response | None:
    """Return None if the handler accepts, or the response that it refuses with.

    "Returning False (or a value) refuses with 401 and that body"; an exception refuses with 401
    too, and is logged; `ConnectionRefused` chooses its own status, and so do those exceptions of a
    framework that stand for an answer.

    Args:
        handler: The handler.
        sid: The id of the new session.
        request: The handshake.
        inline: Whether plain functions run on the loop and not in a thread.
        refusal: Returns the answer that an exception stands for, or None.
    """
    try:
        args = (sid, request.native()) if handler.arity > 1 else (sid,)
        try:
            verdict = await _call(handler, args, inline)
        except ConnectionRefused as refused:
            return json_response(refused.status, refused.body)
        except Exception as error:
            answer = refusal(error)
            if answer is None:
                raise
            return answer
        if verdict is None or verdict is True:
            return None
        return json_response(401, "Unauthorized" if verdict is False else verdict)
    except (KeyboardInterrupt, SystemExit):
        raise
    except asyncio.CancelledError:
        # Nobody will decide any more: the server is going down, or the handler gave up.
        return json_response(503, "Service Unavailable")
    except BaseException:  # whatever it is, this client alone is refused
        logger.exception("the connect handler failed (session %s)", hashed_sid(sid))
        return json_response(401, "Unauthorized")


async def _call(handler: Handler, args: tuple[Any, ...], inline: bool) -> Any:
    if handler.is_async or inline:
        result = handler.function(*args)
    else:
        loop = asyncio.get_running_loop()
        result = await call_in_thread(loop, handler.function, *args)
    return await result if isawaitable(result) else result
