"""A session over polling, and one that began as a WebSocket."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from tests.conformance.harness.http import PATIENCE, Connection, Fields, Response, request_bytes
from tests.conformance.harness.payload import Codec
from tests.conformance.harness.websocket import WebSocket

if TYPE_CHECKING:
    from tests.conformance.harness.server import Server

__all__ = ["ParkedPoll", "Polling", "WebSocketSession"]


class Polling:
    """One open session over polling.

    Attributes:
        key: Its key in the ledger.
        opening: The values of its open packet.
        sid: Its session id.
        received: Packets that came with the handshake.
        is_over: Whether the scenario knows that the session has ended.
    """

    def __init__(
        self, server: Server, base: str, key: str, codec: Codec, opening: Response
    ) -> None:
        first, *self.received = codec.split(opening.body)
        assert first.startswith("0"), f"no open packet: {first!r}"
        self.server = server
        self.response = opening
        self.key = key
        self.opening: dict[str, Any] = json.loads(first[1:])
        self.sid: str = self.opening["sid"]
        self.is_over = False
        self.codec = codec
        self._base = base

    @classmethod
    async def open(
        cls, server: Server, target: str, key: str, codec: Codec, fields: Fields
    ) -> Self:
        """Shake hands at ``target``."""
        response = await server.get(target, fields=[*codec.fields, *fields])
        assert response.status == 200, f"refused with {response.status}: {response.body!r}"
        return cls(server, target, key, codec, response)

    def target(self, **query: Any) -> str:
        """Return the target of this session's requests."""
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return f"{self._base}&sid={self.sid}{more}"

    async def get(self, *, fields: Fields = ()) -> Response:
        """Send a GET and return its response, whatever it is."""
        return await self.server.get(self.target(), fields=list(fields) or self.codec.fields)

    async def post(self, body: bytes, *, fields: Fields = ()) -> Response:
        """Send a POST and return its response, whatever it is."""
        fields = list(fields) or [("Content-Type", self.codec.content_type), *self.codec.fields]
        return await self.server.post(self.target(), body, fields=fields)

    async def poll(self) -> list[str]:
        """Send a GET and return the packets of its answer."""
        response = await self.get()
        assert response.status == 200, f"poll answered {response.status}: {response.body!r}"
        return self.codec.split(response.body)

    async def collect(self, count: int) -> list[str]:
        """Poll until ``count`` packets are there."""
        packets = list(self.received)
        self.received.clear()
        while len(packets) < count:
            packets += await self.poll()
        assert len(packets) == count, f"{len(packets)} packets instead of {count}"
        return packets

    async def send(self, *packets: str) -> None:
        """Send packets in one POST, which must be answered ``ok``."""
        response = await self.post(self.codec.join(packets))
        assert (response.status, response.body) == (200, b"ok"), f"{response}"

    async def echo(self, text: str) -> None:
        """Send a message and see it come back: the session works."""
        await self.send(f"4{text}")
        assert await self.poll() == [f"4{text}"]

    async def park(self) -> ParkedPoll:
        """Send a GET and return when the server holds it."""
        before = (await self.server.account(self.key)).requests
        poll = await self.send_poll()
        await self.server.busy(self.key, before + 1)
        return poll

    async def send_poll(self) -> ParkedPoll:
        """Send a GET and return at once."""
        connection = await self.server.connect()
        await connection.write(request_bytes("GET", self.target(), fields=self.codec.fields))
        return ParkedPoll(connection, self.codec)

    async def websocket(self, **query: Any) -> WebSocket:
        """Open the WebSocket of an upgrade; nothing is sent on it yet."""
        answer = await self.ask_websocket(**query)
        assert isinstance(answer, WebSocket), f"refused with {answer.status}: {answer.body!r}"
        return answer

    async def ask_websocket(self, **query: Any) -> WebSocket | Response:
        """Ask for the WebSocket of an upgrade."""
        target = self.target(**query).replace("transport=polling", "transport=websocket")
        return await self.server.ask_websocket(target)

    async def probe(self) -> WebSocket:
        """Open the WebSocket of an upgrade and have its probe answered."""
        websocket = await self.websocket()
        await websocket.send("2probe")
        assert await websocket.receive() == "3probe"
        return websocket

    async def upgrade(self) -> WebSocket:
        """Turn the session into a WebSocket."""
        websocket = await self.probe()
        await websocket.send("5")
        self.is_over = True
        return websocket

    async def finish(self, *, within: float = PATIENCE) -> str:
        """Wait for the session's end and return the reason in its only ``disconnect`` event."""
        account = await self.server.disconnected(self.key, within=within)
        self.is_over = True
        return account.reason


class ParkedPoll:
    """A GET that the server holds."""

    def __init__(self, connection: Connection, codec: Codec) -> None:
        self.connection = connection
        self._codec = codec

    async def response(self, *, within: float = PATIENCE) -> Response:
        """Wait for the answer."""
        return await self.connection.response(within=within)

    async def packets(self, *, within: float = PATIENCE) -> list[str]:
        """Wait for the answer and return its packets."""
        response = await self.response(within=within)
        assert response.status == 200, f"poll answered {response.status}: {response.body!r}"
        return self._codec.split(response.body)


class WebSocketSession(WebSocket):
    """One open session that began as a WebSocket.

    Attributes:
        key: Its key in the ledger.
        opening: The values of its open packet.
        sid: Its session id.
    """

    def __init__(self, server: Server, websocket: WebSocket, key: str, opening: str) -> None:
        super().__init__(websocket.connection, websocket.response)
        assert opening.startswith("0"), f"no open packet: {opening!r}"
        self.server = server
        self.key = key
        self.opening: dict[str, Any] = json.loads(opening[1:])
        self.sid: str = self.opening["sid"]

    async def echo(self, text: str) -> None:
        """Send a message and see it come back: the session works."""
        await self.send(f"4{text}")
        assert await self.receive() == f"4{text}"

    async def finish(self, *, within: float = PATIENCE) -> str:
        """Wait for the session's end and return the reason in its only ``disconnect`` event."""
        return (await self.server.disconnected(self.key, within=within)).reason
