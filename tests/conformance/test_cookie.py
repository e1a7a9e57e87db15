"""The cookie for sticky load balancers (checklist "handshake": io cookie; F-14, F-92)."""

from tests.conformance.harness.deployment import Ability
from tests.conformance.harness.server import Server
from tests.conformance.harness.websocket import WebSocket


async def test_there_is_none_by_default(server: Server) -> None:
    """No cookie unless asked for."""
    session = await server.polling()
    assert session.response.headers("set-cookie") == []


async def test_f14_the_default_attributes(server: Server) -> None:
    """Written once, with Path, HttpOnly and SameSite=Lax; later answers carry none."""
    session = await server.polling("cookie")

    cookie = session.response.header("set-cookie") or ""
    name, *attributes = cookie.split("; ")
    assert name == f"io={session.sid}"
    assert set(attributes) == {"Path=/", "HttpOnly", "SameSite=Lax"}
    await session.send("4hello")
    assert (await session.get()).headers("set-cookie") == []


async def test_own_attributes(server: Server) -> None:
    """Own name, path and SameSite; HttpOnly off."""
    session = await server.polling("own-cookie")

    cookie = session.response.header("set-cookie") or ""
    name, *attributes = cookie.split("; ")
    assert name == f"lb={session.sid}"
    assert set(attributes) == {"Path=/own-cookie", "SameSite=Strict", "Max-Age=60"}


async def test_over_websocket(server: Server) -> None:
    """The cookie comes with the 101 answer, where the server below can send one."""
    session = await server.websocket("cookie")
    expected = [f"io={session.sid}; Path=/; HttpOnly; SameSite=Lax"]
    cookies = session.response.headers("set-cookie")
    if server.can(Ability.ACCEPT_HEADERS):
        assert [_sorted(cookie) for cookie in cookies] == [_sorted(expected[0])]
    else:
        assert cookies == []


async def test_the_refused_get_none(server: Server) -> None:
    """A refusal sets no cookie."""
    key = server.new_key()
    answer = await server.get(server.target("cookie", key=key, connect="false"))
    assert answer.status == 401
    assert answer.headers("set-cookie") == []
    websocket = await server.ask_websocket(
        server.target("cookie", key=key, transport="websocket", connect="false")
    )
    assert not isinstance(websocket, WebSocket)
    assert websocket.headers("set-cookie") == []


def _sorted(cookie: str) -> list[str]:
    return sorted(cookie.split("; "))
