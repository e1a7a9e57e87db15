"""`Visit`: one consumer and its session, from the question at the door to the end.

What lives here: in which order a consumer's methods are called, by the client and by the channel
layer, and that never two of them are at work.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from channels.consumer import get_handler_name
from channels.exceptions import (
    AcceptConnection,
    DenyConnection,
    InvalidChannelLayerError,
    StopConsumer,
)
from django.core.exceptions import PermissionDenied

from engineio import (
    AsyncServer,
    ConnectionRefused,
    DisconnectInfo,
    SessionClosedError,
    UnknownSessionError,
    verdicts,
)
from engineio.http.response import Accepted, Header, Response, json_response

from ._channel import Channel, warn

if TYPE_CHECKING:
    from .consumer import BaseConsumer

__all__ = ["DENIALS", "Visit", "forbidden"]

logger = logging.getLogger(__name__)

DENIALS = (DenyConnection, PermissionDenied, StopConsumer)
"""What refuses a client when it is raised."""

_GONE = (SessionClosedError, UnknownSessionError)


class Visit:
    """A consumer at work for one session.

    Args:
        server: The server.
        consumer: The consumer.
        sid: The session id.

    Attributes:
        server: As above.
        sid: As above.
        context: The context variables of the request that opened the session.
    """

    __slots__ = (
        "_channel",
        "_consumer",
        "_headers",
        "_is_accepted",
        "_is_deciding",
        "_is_refused",
        "_listener",
        "_receiving",
        "_turn",
        "context",
        "server",
        "sid",
    )

    def __init__(self, server: AsyncServer, consumer: BaseConsumer, sid: str) -> None:
        self.server = server
        self.sid = sid
        self.context = copy_context()
        self._consumer = consumer
        self._channel: Channel | None = None
        self._listener: asyncio.Task[None] | None = None
        # Without a channel layer the server alone calls the consumer, in order.
        self._turn: AbstractAsyncContextManager[object] = nullcontext()
        self._receiving: AbstractAsyncContextManager[object] = nullcontext()
        self._headers: tuple[Header, ...] = ()
        self._is_deciding = True
        self._is_accepted = False
        self._is_refused = False

    # -- the decision ----------------------------------------------------------------------

    async def connect(self) -> Accepted | Response:
        """Return what the consumer decides about the client.

        Raises:
            Exception: What ``connect`` raised that stands for no decision.
        """
        self._consumer.attach(self)
        try:
            await self._open_channel()
            return await self._ask()
        finally:
            self._is_deciding = False

    async def _open_channel(self) -> None:
        consumer = self._consumer
        self._channel = channel = await Channel.open(consumer.channel_layer_alias)
        if channel is None:
            if consumer.groups:
                raise InvalidChannelLayerError("groups need a channel layer: see CHANNEL_LAYERS")
            return
        consumer.channel_layer, consumer.channel_name = channel.layer, channel.name
        self._turn = asyncio.Lock()
        if not self.server.config.async_handlers:
            self._receiving = self._turn
        await channel.join(consumer.groups)

    async def _ask(self) -> Accepted | Response:
        try:
            verdict = await self._call("connect")
        except AcceptConnection:
            verdict = None
        except DENIALS as denied:
            return forbidden(denied)
        except ConnectionRefused as refused:
            return verdicts.refusal(refused)
        if self._is_refused:
            return forbidden()
        decision = verdicts.decision(verdict)
        if isinstance(decision, Response):
            return decision
        return Accepted((*decision.headers, *self._headers))

    def accept(self, headers: Iterable[Header]) -> None:
        """Take note that the consumer accepts."""
        self._is_accepted = True
        self._headers = tuple(headers)

    async def close(self) -> None:
        """End the session, or refuse the client if nothing is decided yet."""
        if self._is_deciding and not self._is_accepted:
            self._is_refused = True
        else:
            await self.server.disconnect(self.sid)

    # -- messages --------------------------------------------------------------------------

    def begin(self) -> None:
        """Listen to the channel layer from now on, if there is one: the client has come in."""
        if self._channel is not None:
            self._listener = asyncio.create_task(self._listen(self._channel))

    async def receive(self, data: Any) -> None:
        """Hand over a message of the client."""
        try:
            async with self._receiving:
                await self._call("receive", data)
        except StopConsumer:
            await self.close()

    async def _listen(self, channel: Channel) -> None:
        """Hand over what comes from the channel layer, one at a time.

        What comes while the consumer is at work waits in the layer, which has a limit: so a client
        that does not read cannot make it pile up here.
        """
        try:
            while True:
                message = await channel.receive()
                async with self._turn:
                    await self._handle(message)
        except Exception as error:  # noqa: BLE001  # whatever it is, nothing is heard any more
            # The client comes back, and does not sit in groups that nobody reaches.
            warn("the channel layer is gone, so a session ends", error)
            await self.close()

    async def _handle(self, message: dict[str, Any]) -> None:
        try:
            await self._call(get_handler_name(message), message)
        except StopConsumer:
            await self.close()
        except _GONE:
            # The client has left while the message was on its way.
            logger.debug("a message of the channel layer had nobody to go to")
        except Exception:
            logger.exception("the handler of the message type %r failed", message.get("type"))

    async def _call(self, name: str, *args: Any) -> Any:
        return await self._consumer.dispatch(getattr(self._consumer, name), *args)

    # -- the end ---------------------------------------------------------------------------

    async def end(self, info: DisconnectInfo) -> None:
        """Tell the consumer that its session has ended, when it is not at work any more."""
        self._consumer.disconnect_info = info
        async with self._turn:
            try:
                await self.leave()
            finally:
                with suppress(StopConsumer):
                    await self._call("disconnect", info.reason)

    async def leave(self) -> None:
        """Leave the channel layer."""
        if self._listener is not None:
            # It holds no turn, so it waits for a message or for its turn.
            self._listener.cancel()
            await asyncio.wait([self._listener])
        if self._channel is not None:
            await self._channel.leave()


def forbidden(denied: Exception | None = None) -> Response:
    """Return the refusal that one of `DENIALS` asks for; its text is for the client."""
    return json_response(403, str(denied or "") or "Forbidden")
