"""One official client in one runtime, as a test sends it to the server under test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.conformance.application.profiles import path_of
from tests.conformance.harness.http import Address
from tests.conformance.harness.server import Server
from tests.interop.runtimes import Client, Order, Runtime

__all__ = ["EVERY_WAY", "POLLING", "UPGRADE", "WEBSOCKET", "Peer", "Transports"]

Transports = Sequence[str]
"""The transports a client may use, in order; a session settles on the last."""

POLLING: Transports = ("polling",)
WEBSOCKET: Transports = ("websocket",)
UPGRADE: Transports = ("polling", "websocket")
EVERY_WAY = (POLLING, WEBSOCKET, UPGRADE)


class Peer:
    """A client that plays scenarios.

    Args:
        client: The official client.
        runtime: Where it runs.
        server: The server that it talks to.
    """

    def __init__(self, client: Client, runtime: Runtime, server: Server) -> None:
        self.client = client
        self.server = server
        self.key = server.new_key()
        """The ledger key of every session, unless a scenario uses others."""
        self._runtime = runtime

    async def play(
        self,
        scenario: str,
        transports: Transports,
        *,
        profile: str = "interop",
        via: Address | None = None,
        query: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
        **args: Any,
    ) -> Any:
        """Play a scenario and return its result.

        Args:
            scenario: Its name in ``client/scenarios.js``.
            transports: The transports that the client may use.
            profile: The options that the server runs with.
            via: A proxy's address in place of the server's own.
            query: Query parameters beside the ledger key.
            options: More options of the client.
            args: The scenario's own arguments.
        """
        own = {
            "path": f"/{path_of(profile)}/",
            "transports": list(transports),
            "query": {"key": self.key, **(query or {})},
        }
        url = f"http://{via or self.server.address}/"
        order = Order(self.client, scenario, url, {**own, **(options or {})}, args)
        return await self._runtime.play(order)
