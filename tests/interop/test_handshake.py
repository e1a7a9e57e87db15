"""What the client says in its handshake reaches the application, and the application may refuse."""

from __future__ import annotations

import pytest

from tests.conformance.harness.deployment import Ability
from tests.conformance.harness.server import Server
from tests.interop.peer import POLLING, WEBSOCKET, Peer, Transports
from tests.interop.runtimes import ChromiumRuntime, Client, NodeRuntime
from tests.support.browser import Browser

pytestmark = pytest.mark.interop

ELSEWHERE = "http://localhost:8123"
"""The origin of a page that does not come from the server; what it loads is given by the test."""


async def test_a_client_is_refused(peer: Peer, transports: Transports) -> None:
    result = await peer.play("beRefused", transports, query={"connect": "false"})
    # A browser tells nobody the status of a refused WebSocket.
    status = 401 if transports[0] == "polling" else None
    assert result == {
        "reason": "transport error",
        "type": "TransportError",
        "status": status,
        "messages": 0,
    }
    account = await peer.server.account(peer.key)
    assert account.order == ("refuse",)


async def test_the_query_reaches_the_application(peer: Peer, transports: Transports) -> None:
    query = {"room": "a b&c=ü😀", "empty": "", "sign": "+%2B"}
    visitor = await peer.play("introduce", transports, query=query)
    assert query.items() <= visitor["query"].items()


async def test_header_fields_reach_the_application(
    client: Client, server: Server, transports: Transports
) -> None:
    peer = Peer(client, NodeRuntime(), server)
    fields = {"X-Interop": "yes", "Cookie": "a=1; b=2"}
    visitor = await peer.play("introduce", transports, options={"extraHeaders": fields})
    assert visitor["headers"]["x-interop"] == "yes"
    assert visitor["headers"]["cookie"] == "a=1; b=2"


async def test_header_fields_of_a_page_reach_the_application(
    browser: Browser, server: Server
) -> None:
    """In a page only revision 4 sends them, and only over polling."""
    peer = Peer(Client.V4, ChromiumRuntime(browser), server)
    options = {"extraHeaders": {"X-Interop": "yes"}}
    visitor = await peer.play("introduce", POLLING, options=options)
    assert visitor["headers"]["x-interop"] == "yes"


async def test_a_page_brings_back_the_cookie(
    client: Client, browser: Browser, server: Server, transports: Transports
) -> None:
    peer = Peer(client, ChromiumRuntime(browser), server)
    first, second = await peer.play("introduceTwice", transports)
    account = await server.disconnected(peer.key)
    assert "cookie" not in first["headers"]
    cookie: str | None = f"io={account.connects[0]}"
    if transports[0] == "websocket" and not server.can(Ability.ACCEPT_HEADERS):
        cookie = None
    assert second["headers"].get("cookie") == cookie


async def test_a_page_from_elsewhere_is_served_where_it_is_allowed(
    client: Client, browser: Browser, server: Server, transports: Transports
) -> None:
    peer = Peer(client, ChromiumRuntime(browser, ELSEWHERE), server)
    messages = [{"text": "€"}, {"binary": 5}]
    result = await peer.play("echo", transports, messages=messages)
    assert result == {"transport": transports[-1], "wrong": []}


async def test_a_page_from_elsewhere_may_authenticate(browser: Browser, server: Server) -> None:
    """The browser asks first, with a preflight request."""
    peer = Peer(Client.V4, ChromiumRuntime(browser, ELSEWHERE), server)
    options = {"extraHeaders": {"Authorization": "Bearer abc"}, "withCredentials": True}
    visitor = await peer.play("introduce", POLLING, options=options)
    assert visitor["headers"]["authorization"] == "Bearer abc"
    assert visitor["headers"]["origin"] == ELSEWHERE


@pytest.mark.parametrize("transports", [POLLING, WEBSOCKET], ids="-".join)
async def test_a_page_from_elsewhere_is_refused_by_default(
    client: Client, browser: Browser, server: Server, transports: Transports
) -> None:
    peer = Peer(client, ChromiumRuntime(browser, ELSEWHERE), server)
    result = await peer.play("beRefused", transports, profile="legacy")
    assert result["reason"] == "transport error"
    account = await server.account(peer.key)
    assert account.order == (), "the application must not even be asked"
