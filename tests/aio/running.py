"""uvicorn with our WebSocket protocol, on the loop of the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import uvicorn

from engineio.gateway.uvicorn import WebSocketProtocol
from tests.aio.served import eventually, soon
from tests.conformance.harness.http import Address, Connection, Response
from tests.conformance.harness.websocket import WebSocket

__all__ = ["Application", "Running", "running"]

Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]


class Running:
    """A server, and the connections to it."""

    def __init__(self, server: uvicorn.Server) -> None:
        self.server = server
        port = server.servers[0].sockets[0].getsockname()[1]
        self.address = Address("127.0.0.1", port)
        self.connections: list[Connection] = []

    async def connect(self) -> Connection:
        self.connections.append(await Connection.open(self.address))
        return self.connections[-1]

    async def ask(
        self, target: str = "/", fields: Any = (), behind: bytes = b""
    ) -> WebSocket | Response:
        connection = await self.connect()
        return await WebSocket.ask(connection, target, fields=fields, behind=behind)

    async def open(self, target: str = "/", fields: Any = ()) -> WebSocket:
        websocket = await self.ask(target, fields)
        assert isinstance(websocket, WebSocket)
        return websocket


@asynccontextmanager
async def running(application: Application, **options: Any) -> AsyncIterator[Running]:
    config = uvicorn.Config(
        application,
        host="127.0.0.1",
        port=0,
        ws=WebSocketProtocol,
        **{"lifespan": "off", "log_config": None, "interface": "asgi3", **options},
    )
    server = uvicorn.Server(config)
    task = asyncio.get_running_loop().create_task(server.serve())
    try:
        await eventually(lambda: server.started)
        served = Running(server)
        try:
            yield served
        finally:
            for connection in served.connections:
                connection.close()
    finally:
        server.should_exit = True
        await soon(task, 15)
