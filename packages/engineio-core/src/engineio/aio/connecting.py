"""Asking the ``connect`` handler whether a client may come in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from inspect import isawaitable
from typing import Any

from .. import verdicts
from ..errors import ConnectionRefused
from ..handlers import Handler
from ..http.request import Request
from ..http.response import Accepted, Response, json_response
from .threads import call_in_thread

__all__ = ["ask"]


async def ask(
    handler: Handler,
    sid: str,
    request: Request,
    inline: bool,
    refusal: Callable[[Exception, Request], Response | None],
) -> Accepted | Response:
    """Return whether the handler accepts, or the response that it refuses with.

    An exception refuses too, and is logged; `ConnectionRefused` chooses its own status, and so do
    those exceptions of a framework that stand for an answer.

    Args:
        handler: The handler.
        sid: The id of the new session.
        request: The handshake.
        inline: Whether plain functions run on the loop and not in a thread.
        refusal: Returns the answer that an exception stands for, or None: `AsyncMode.refusal`.
    """
    try:
        try:
            verdict = await _call(handler, verdicts.arguments(handler, sid, request), inline)
        except ConnectionRefused as refused:
            return verdicts.refusal(refused)
        except Exception as error:
            answer = refusal(error, request)
            if answer is None:
                raise
            return answer
        return verdicts.decision(verdict)
    except (KeyboardInterrupt, SystemExit):
        raise
    except asyncio.CancelledError:
        # Nobody will decide any more: the server is going down, or the handler gave up.
        return json_response(503, "Service Unavailable")
    except BaseException as error:  # noqa: BLE001  # it is logged, and refuses this client alone
        return verdicts.failure(sid, error)


async def _call(handler: Handler, args: tuple[Any, ...], inline: bool) -> Any:
    if handler.is_async or inline:
        result = handler.function(*args)
    else:
        loop = asyncio.get_running_loop()
        result = await call_in_thread(loop, handler.function, *args)
    return await result if isawaitable(result) else result
