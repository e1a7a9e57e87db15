"""The header fields of answers, and what hooks make of them (checklist "response headers")."""

from tests.conformance.harness.deployment import Ability
from tests.conformance.harness.expect import SESSION_UNKNOWN, assert_refused
from tests.conformance.harness.http import Response
from tests.conformance.harness.server import Server
from tests.conformance.harness.websocket import WebSocket

OLD_BROWSER = ("User-Agent", "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; Trident/5.0)")


def _marks(answer: Response) -> tuple[str | None, str | None]:
    return answer.header("x-first"), answer.header("x-every")


async def test_the_hooks_of_a_polling_session(server: Server) -> None:
    """One hook for a session's first response, one for every response, refusals among them."""
    wish = [("X-Wish", "mine")]
    session = await server.polling("hooked", fields=wish)
    post = await session.post(b"4hello", fields=[("Content-Type", "text/plain"), *wish])
    poll = await session.get()
    refusal = await server.get(server.target("hooked", sid="unknown"))

    assert _marks(session.response) == ("GET", "mine")
    assert _marks(post) == (None, "mine")
    assert _marks(poll) == (None, "no wish")
    assert_refused(server, refusal, SESSION_UNKNOWN)
    assert _marks(refusal) == (None, "no wish")


async def test_the_hooks_of_a_held_poll(server: Server) -> None:
    """The request that a hook is given is the one that is answered."""
    session = await server.polling("hooked")
    poll = await session.park()
    await session.post(b"4hello", fields=[("Content-Type", "text/plain"), ("X-Wish", "post")])
    assert _marks(await poll.response()) == (None, "no wish")


async def test_the_hooks_of_a_websocket(server: Server) -> None:
    """The 101 answer of a handshake is a first response; that of an upgrade is not."""
    direct = await server.websocket("hooked", fields=[("X-Wish", "mine")])
    await direct.echo("hello")
    session = await server.polling("hooked")
    upgraded = await session.upgrade()
    if server.can(Ability.ACCEPT_HEADERS):
        assert _marks(direct.response) == ("GET", "mine")
        assert _marks(upgraded.response) == (None, "no wish")

    refusal = await server.ask_websocket(
        server.target("hooked", transport="websocket", sid="unknown")
    )
    assert isinstance(refusal, Response)
    if server.can(Ability.DENIAL_RESPONSE):
        assert _marks(refusal) == (None, "no wish")


async def test_a_preflight_has_its_hooks_too(server: Server) -> None:
    """Every response: a preflight is one."""
    answer = await server.request("OPTIONS", server.target("hooked"))
    assert _marks(answer) == (None, "no wish")


async def test_no_answer_knows_old_browsers(server: Server) -> None:
    """The reference server sends `X-XSS-Protection: 0` to browsers that are gone; we need not."""
    session = await server.polling(fields=[OLD_BROWSER])
    assert session.response.header("x-xss-protection") is None
    await session.echo("hello")


async def test_websockets_of_the_application_beside_us(server: Server) -> None:
    """Upgrade requests for other paths are the other application's: not touched, not timed out."""
    bare = await server.ask_websocket("/bare", fields=[("Origin", "https://elsewhere.example")])
    assert isinstance(bare, WebSocket)
    session = await server.websocket("heartbeat")
    assert await session.receive() == "2"
    await bare.send("this is no packet")
    assert (await bare.close()).code == 1000
