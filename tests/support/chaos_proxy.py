"""A TCP proxy that behaves like a bad network: it delays, splits, stalls and cuts connections.

What it passes on is never changed, reordered or lost as long as a connection lives. Nothing here
knows HTTP, apart from finding the request for a WebSocket that `ChaosProxy.block_websockets` cuts.
"""

from __future__ import annotations

import asyncio
import random
import struct
from dataclasses import dataclass
from socket import SO_LINGER, SOL_SOCKET
from types import TracebackType
from typing import Self

__all__ = ["ChaosProxy", "Weather"]

_CHUNK = 65_536
_LOOPBACK = "127.0.0.1"
_NO_LINGER = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad the network is.

    Attributes:
        delay: The longest delay of a piece of data in seconds. Every direction of every connection
            draws its own longest delay up to this one, so that connections differ from each other
            and no two pieces of one travel equally fast.
        pieces: Into how many pieces at most the data of one read is cut, at random places.
        seed: What the random numbers start from.
    """

    delay: float = 0.0
    pieces: int = 1
    seed: int = 0


class ChaosProxy:
    """Forwards connections to a server whose port may change while the proxy runs.

    Args:
        port: The server's port on the loopback address.
        weather: How bad the network is; calm by default.
    """

    def __init__(self, port: int, weather: Weather | None = None) -> None:
        self.target = port
        self.block_websockets = False
        """Whether requests for a WebSocket are cut off, as an old proxy does."""
        self.connections = 0
        """How many connections there have been."""
        self._weather = weather or Weather()
        self._random = random.Random(self._weather.seed)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, _LOOPBACK, 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def stall(self) -> None:
        """Pass nothing on any more and close nothing: a cable that was pulled."""
        self._flowing.clear()

    def resume(self) -> None:
        """Pass on what has been held back and everything that follows."""
        self._flowing.set()

    def cut(self) -> None:
        """Reset every connection."""
        for writer in self._writers:
            if writer.is_closing():
                continue
            # Without time to linger, the end of a socket is a reset.
            writer.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, _NO_LINGER)
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a connection is served by a task"
        self.connections += 1
        self._tasks.add(task)
        try:
            await self._connect(reader, writer)
        except (OSError, asyncio.CancelledError):
            # The server refused, one side left, or `cut`: the connection is over, that is all.
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.read(_CHUNK)
        if self.block_websockets and b"upgrade: websocket" in head.lower():
            return
        far_reader, far_writer = await asyncio.open_connection(_LOOPBACK, self.target)
        self._writers |= {writer, far_writer}
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._forward(reader, far_writer, head))
                both.create_task(self._forward(far_reader, writer))
        except* OSError:
            # One side was reset: so is the other, below.
            pass
        finally:
            self._writers -= {writer, far_writer}
            far_writer.transport.abort()

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes = b""
    ) -> None:
        """Pass data on in one direction until its end, which is passed on too."""
        slowest = self._random.uniform(0, self._weather.delay)
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        async with asyncio.TaskGroup() as both:
            both.create_task(self._deliver(pieces, writer))
            data = head or await reader.read(_CHUNK)
            while data:
                for piece in self._split(data):
                    arrival = asyncio.get_running_loop().time() + self._random.uniform(0, slowest)
                    pieces.put_nowait((arrival, piece))
                data = await reader.read(_CHUNK)
            pieces.put_nowait((0.0, b""))

    async def _deliver(
        self, pieces: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            arrival, piece = await pieces.get()
            # A stream keeps its order: a piece that overtakes waits for the one before it.
            await asyncio.sleep(max(0.0, arrival - loop.time()))
            await self._flowing.wait()
            if not piece:
                writer.write_eof()
                return
            writer.write(piece)
            await writer.drain()

    def _split(self, data: bytes) -> list[bytes]:
        count = min(len(data), self._random.randint(1, self._weather.pieces))
        cuts = sorted(self._random.sample(range(1, len(data)), count - 1))
        return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
