"""The server as one scenario sees it: requests, sessions and the ledger."""

from __future__ import annotations

import asyncio
import itertools
import resource
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from tests.conformance.application.profiles import path_of
from tests.conformance.harness.deployment import Ability, Harness
from tests.conformance.harness.http import PATIENCE, Address, Connection, Fields, Response
from tests.conformance.harness.ledger import Account, State
from tests.conformance.harness.measures import Measures
from tests.conformance.harness.payload import V4, Codec
from tests.conformance.harness.sessions import Polling, WebSocketSession
from tests.conformance.harness.websocket import ABNORMAL, NO_STATUS, WebSocket

__all__ = ["Server"]

T = TypeVar("T")
_numbers = itertools.count(1)
_LOOK_AGAIN = 0.01
# The ledger is no part of what is tested, so it leaves no idle connection behind.
_LAST = (("Connection", "close"),)


class Server:
    """A running server, and everything that one scenario opened on it.

    Args:
        address: Where it listens.
        harness: What can be asked about it.
    """

    def __init__(self, address: Address, harness: Harness) -> None:
        self.address = address
        self.harness = harness
        self.keys: list[str] = []
        """The ledger keys that this scenario has used."""
        self.profiles: set[str] = set()
        """The profiles that it has used."""
        self.expected_errors: list[str] = []
        """Texts of errors that the scenario makes the application log."""
        self.reads_log = True
        """Whether the log must hold no traceback."""
        self.measures = Measures()
        """How long the server made its clients wait."""
        self._connections: list[Connection] = []
        self._pollings: list[Polling] = []

    def can(self, ability: Ability) -> bool:
        """Return whether this server has an ability that most servers have."""
        return self.harness.can(ability)

    def breaks_rules_below(self) -> None:
        """The scenario sends what the server refuses itself, and may log as it likes."""
        self.reads_log = self.can(Ability.QUIET)

    def close_code(self, code: int) -> int:
        """Return the close code that a client sees when the application asks for ``code``."""
        return code if self.can(Ability.CLOSE_CODES) else 1000

    def failure_codes(self, code: int) -> set[int]:
        """Return the codes with which the server may fail a WebSocket for the error ``code``."""
        return {code, ABNORMAL} if self.can(Ability.FAILURE_CODES) else {code, ABNORMAL, NO_STATUS}

    # Requests.

    def new_key(self) -> str:
        """Return a fresh ledger key."""
        key = f"k{next(_numbers)}-{time.monotonic_ns():x}"
        self.keys.append(key)
        return key

    def target(self, profile: str = "default", **query: Any) -> str:
        """Return the path and query of a request to a profile's server.

        ``EIO=4`` and ``transport=polling`` are there unless given otherwise; None leaves one out.
        """
        self.profiles.add(profile)
        values = {"EIO": 4, "transport": "polling", **query}
        given = {name: value for name, value in values.items() if value is not None}
        return f"/{path_of(profile)}/?{urlencode(given, quote_via=quote)}"

    async def connect(self) -> Connection:
        """Open a TCP connection."""
        connection = await Connection.open(self.address)
        self._connections.append(connection)
        return connection

    async def request(
        self, method: str, target: str | bytes, *, fields: Fields = (), body: bytes | None = None
    ) -> Response:
        """Send one request on a connection of its own."""
        connection = await self.connect()
        response = await connection.request(method, target, fields=fields, body=body)
        connection.close()
        return response

    async def get(self, target: str | bytes, *, fields: Fields = ()) -> Response:
        """Send a GET on a connection of its own."""
        return await self.request("GET", target, fields=fields)

    async def post(self, target: str, body: bytes, *, fields: Fields = ()) -> Response:
        """Send a POST on a connection of its own."""
        fields = list(fields) or [("Content-Type", "text/plain;charset=UTF-8")]
        return await self.request("POST", target, fields=fields, body=body)

    # Sessions.

    async def polling(
        self,
        profile: str = "default",
        *,
        key: str | None = None,
        codec: Codec = V4,
        fields: Fields = (),
        **query: Any,
    ) -> Polling:
        """Open a session over polling; ``query`` must fit the ``codec``."""
        key = key or self.new_key()
        target = self.target(profile, key=key, **query)
        session = await Polling.open(self, target, key, codec, fields)
        self._pollings.append(session)
        return session

    async def websocket(
        self,
        profile: str = "default",
        *,
        key: str | None = None,
        fields: Fields = (),
        behind: bytes = b"",
        **query: Any,
    ) -> WebSocketSession:
        """Open a session that begins as a WebSocket."""
        key = key or self.new_key()
        target = self.target(profile, **{"transport": "websocket", "key": key, **query})
        answer = await self.ask_websocket(target, fields=fields, behind=behind)
        assert isinstance(answer, WebSocket), f"refused with {answer.status}: {answer.body!r}"
        opening = await answer.receive()
        assert isinstance(opening, str)
        return WebSocketSession(self, answer, key, opening)

    async def ask_websocket(
        self, target: str, *, fields: Fields = (), behind: bytes = b""
    ) -> WebSocket | Response:
        """Ask for a WebSocket; return it, or the response that refuses it."""
        connection = await self.connect()
        answer = await WebSocket.ask(connection, target, fields=fields, behind=behind)
        if isinstance(answer, Response):
            connection.close()
        return answer

    # The ledger.

    async def account(self, key: str) -> Account:
        """Return what the application noted under a key."""
        return Account.of((await self.get(f"/ledger/{key}", fields=_LAST)).json())

    async def state(self) -> State:
        """Return what must be back at its old values after a scenario."""
        return State(**(await self.get("/ledger", fields=_LAST)).json())

    async def memory(self) -> int:
        """Return the resident memory of the process that serves the scenarios, in bytes."""
        process = (await self.state()).process
        pages = int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1])
        return pages * resource.getpagesize()

    def is_back_at(self, before: State, now: State) -> bool:
        """Return whether nothing is left of what this scenario did since ``before``."""
        connections = self.can(Ability.IDLE_CLOSE)
        return now.is_back_at(before, servers=len(self.profiles), connections=connections)

    async def until(
        self,
        look: Callable[[], Awaitable[T]],
        accept: Callable[[T], bool],
        *,
        within: float = PATIENCE,
    ) -> T:
        """Look again and again until ``accept`` says yes, and return what it accepted."""
        deadline = time.monotonic() + within
        seen = await look()
        while not accept(seen):
            assert time.monotonic() < deadline, f"still {seen} after {within} s"
            await asyncio.sleep(_LOOK_AGAIN)
            seen = await look()
        return seen

    async def disconnected(self, key: str, *, within: float = PATIENCE) -> Account:
        """Wait until the only session of ``key`` has ended, and return its account."""
        return await self.until(
            lambda: self.account(key), lambda account: account.is_over, within=within
        )

    async def busy(self, key: str, requests: int = 1) -> None:
        """Wait until the server is serving so many requests of ``key``: a poll that is parked."""
        await self.until(lambda: self.account(key), lambda account: account.requests == requests)

    # The end.

    async def leave(self) -> None:
        """End every session that is still open and close every connection, as a client would."""
        for session in self._pollings:
            if not session.is_over:
                await session.post(session.codec.join(["1"]))
        self.hang_up()

    def hang_up(self) -> None:
        """Close every connection."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()
