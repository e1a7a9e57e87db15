"""What the documentation promises or warns of, where no other test has its reason to look."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from engineio.http.request import Request
from tests.aio.served import Served

Serve = Callable[..., Served]


async def test_any_origin_means_any_origin_with_cookies(serve: Serve, transport: str) -> None:
    """docs/howto/deployment.md: the server drops no Cookie, and tells no browser to send one."""
    served = serve(cors_allowed_origins="*")

    @served.on("connect")
    async def connected(sid: str, environ: dict[str, Any]) -> None:
        served.heard.append((environ["HTTP_ORIGIN"], environ["HTTP_COOKIE"]))

    foreign = {"Origin": "https://evil.example", "Cookie": "user=ada"}
    async with served.client(transport, headers=foreign) as client:
        assert client.response is not None
        names = {name.lower() for name, _ in client.response.headers}

    assert served.heard == [("https://evil.example", "user=ada")]
    assert "access-control-allow-credentials" not in names


async def test_allow_request_is_asked_again_and_again(serve: Serve, transport: str) -> None:
    """docs/reference/options.md: every GET, POST and WebSocket, those of open sessions too."""

    def allow(request: Request) -> bool:
        served.heard.append((request.method, "sid=" in request.query))
        return True

    served = serve(allow_request=allow)
    served.echo()
    async with served.client(transport) as client:
        await client.send("hello")
        await client.receive()

    expected = {
        "polling": {("GET", False), ("GET", True), ("POST", True)},
        "websocket": {("GET", False)},
        "upgrade": {("GET", False), ("GET", True)},
    }
    assert set(served.heard) >= expected[transport]
    assert served.heard.count(("GET", False)) == 1


async def test_a_broadcast_waits_for_polling_clients_until_the_heartbeat_ends(
    serve: Serve,
) -> None:
    """Its docstring: a packet that waits for a poll has no deadline but that of the session."""
    served = serve(send_queue_packets=1, write_timeout=10)
    async with served.client("polling") as client:
        client.stop_reading()
        broadcasts = [asyncio.create_task(served.eio.broadcast(str(number))) for number in range(3)]
        await served.clock.advance(44)
        assert not all(broadcast.done() for broadcast in broadcasts)
        await served.clock.advance(1.5)
        assert 0 in [await broadcast for broadcast in broadcasts]


@pytest.mark.parametrize("policy", ["drop_oldest", "drop_newest"])
async def test_only_the_policy_wait_has_something_to_drain(serve: Serve, policy: Any) -> None:
    """docs/reference/events.md: the hook tells those who wait, and here nobody does."""
    served = serve(send_queue_packets=2, send_queue_policy=policy)
    served.on("drain", lambda sid: served.heard.append(sid))

    async with served.client("websocket") as client:
        client.stop_reading()
        for number in range(10):
            await served.eio.send(client.sid, str(number))
        client.start_reading()
        await client.receive()
        await served.clock.settle()
        assert len(client.packets) < 10

    assert served.heard == []
