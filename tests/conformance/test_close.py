"""How sessions end, each with one reason (protocol.md sections 5, 11; checklist "close")."""

import asyncio

import pytest

from tests.conformance.application.profiles import SHORT
from tests.conformance.harness.deployment import Ability
from tests.conformance.harness.expect import SESSION_UNKNOWN, assert_refused, takes
from tests.conformance.harness.server import Server
from tests.conformance.harness.websocket import Closed, WebSocket


async def test_the_client_closes_over_polling(server: Server) -> None:
    """Client sends `1`: the held GET is answered `6`, the POST `ok`; the next GET 400 code 1."""
    session = await server.polling()
    poll = await session.park()

    await session.send("1")

    assert await poll.packets() == ["6"]
    assert await session.finish() == "client disconnect"
    assert_refused(server, await session.get(), SESSION_UNKNOWN)


async def test_a_close_inside_a_payload(server: Server) -> None:
    """A close packet behind messages: they are delivered first."""
    session = await server.polling()
    await session.send("4one", "4two", "1")

    assert await session.finish() == "client disconnect"
    account = await server.account(session.key)
    assert account.order == ("connect", "message", "message", "disconnect")


async def test_the_server_closes_a_held_poll(server: Server) -> None:
    """Server closes: the held GET gets `1`."""
    session = await server.polling()
    poll = await session.park()
    await session.send("4!close-later 0.05")

    assert await poll.packets() == ["1"]
    assert await session.finish() == "server disconnect"
    assert_refused(server, await session.get(), SESSION_UNKNOWN)


async def test_the_server_closes_between_polls(server: Server) -> None:
    """Without a held GET the next one gets `1`; the application is told at once."""
    session = await server.polling()
    await session.send("4!close")

    assert await session.finish() == "server disconnect"
    assert await session.poll() == ["1"]
    assert_refused(server, await session.get(), SESSION_UNKNOWN)


async def test_what_was_sent_before_the_server_closes_is_delivered(server: Server) -> None:
    """Buffered packets are kept on a graceful close, on both transports."""
    polling = await server.polling()
    await polling.send("4last words", "4!close")
    assert await polling.collect(2) == ["4last words", "1"]
    assert await polling.finish() == "server disconnect"

    websocket = await server.websocket()
    await websocket.send("4last words", "4!close")
    assert await websocket.receive() == "4last words"
    assert await websocket.receive() == "1"
    assert (await websocket.closed()).code == 1000


async def test_a_close_that_nobody_fetches(server: Server) -> None:
    """Without a poll the close is kept for `close_timeout`, then the session is dropped."""
    session = await server.polling("impatient")
    await session.send("4!close")
    assert await session.finish() == "server disconnect"

    await asyncio.sleep(2 * SHORT)  # the client stays away

    assert_refused(server, await session.get(), SESSION_UNKNOWN)


async def test_the_server_closes_a_websocket(server: Server) -> None:
    """Server disconnect on a WebSocket: packet `1`, then a close frame with 1000."""
    session = await server.websocket()
    await session.send("4!close")

    assert await session.receive() == "1"
    assert (await session.closed()).code == 1000
    assert await session.finish() == "server disconnect"


async def test_the_connection_ends_with_the_websocket(server: Server) -> None:
    """RFC 6455: after the closing handshake the server ends the TCP connection."""
    session = await server.websocket()
    await session.send("4!close")
    assert await session.receive() == "1"
    with pytest.raises(Closed):
        await session.receive()

    if server.can(Ability.CLOSES_TCP):
        assert await session.connection.ended() == b""


@pytest.mark.timing
async def test_the_client_closes_over_websocket(server: Server) -> None:
    """A CLOSE packet on a WebSocket closes it at once, not at the next ping timeout."""
    session = await server.websocket()
    await session.send("4last words", "1")

    assert await session.receive() == "4last words"
    assert (await session.closed(within=1)).code == 1000
    assert await session.finish() == "client disconnect"


async def test_the_client_closes_the_websocket_itself(server: Server) -> None:
    """A close frame: transport close; its code reaches the application."""
    session = await server.websocket()
    await session.close(4_001, "so long")

    account = await server.disconnected(session.key)
    assert account.reason == "transport close"
    if server.can(Ability.CLIENT_CODES):
        assert account.goodbye.code == 4_001


async def test_the_client_closes_before_it_read_the_open_packet(server: Server) -> None:
    """Open then immediate close: one connect, one disconnect."""
    key = server.new_key()
    target = server.target(transport="websocket", key=key)
    websocket = await server.ask_websocket(target)
    assert isinstance(websocket, WebSocket)
    await websocket.close()

    assert (await server.disconnected(key)).order == ("connect", "disconnect")


@pytest.mark.timing
@pytest.mark.parametrize("how", ["reset", "fin"])
async def test_f53_the_connection_ends_without_a_close_frame(server: Server, how: str) -> None:
    """RST, or FIN without a close frame: transport close at once."""
    session = await server.websocket()

    if how == "reset":
        session.connection.reset()
    else:
        session.connection.close()

    assert await session.finish(within=1) == "transport close"


async def test_the_application_closes_in_its_connect_handler(server: Server) -> None:
    """Disconnected inside `connect`: the client is told, there is one event (F-75)."""
    polling = await server.polling(connect="leave")
    packets = polling.received or await polling.poll()
    assert packets == ["1"]
    assert await polling.finish() == "server disconnect"

    websocket = await server.websocket(connect="leave")
    assert await websocket.receive() == "1"
    assert (await websocket.closed()).code == 1000
    assert await websocket.finish() == "server disconnect"


@pytest.mark.timing
async def test_f54_a_client_that_never_closes(server: Server) -> None:
    """A client that ignores the server's close loses its connection after `close_timeout`."""
    session = await server.websocket("impatient")
    await session.send("4!close")
    assert await session.receive() == "1"
    assert await session.finish() == "server disconnect"
    if server.can(Ability.PROMPT_DROP):
        async with takes(0, SHORT + 2):
            await session.connection.ended()


async def test_the_reason_is_in_the_close_frame(server: Server) -> None:
    """The close frame names the reason, where the server below passes it on."""
    session = await server.websocket()
    await session.send("bad packet")
    end = await session.closed()

    assert end.code == server.close_code(1002)
    assert end.reason == ("parse error" if server.can(Ability.CLOSE_REASON) else "")


async def test_f76_both_sides_close_at_once(server: Server) -> None:
    """Double disconnect: exactly one event, the first reason wins."""
    for _ in range(10):
        session = await server.websocket()
        await session.send("4!close", "1")
        await session.closed()
        assert await session.finish() in {"server disconnect", "client disconnect"}


@pytest.mark.timing
async def test_no_timers_are_left_after_a_close(server: Server) -> None:
    """Plain, upgraded and upgrading sessions leave nothing behind."""
    before = await server.state()
    plain = await server.polling()
    await plain.send("1")
    upgraded = await server.polling()
    await (await upgraded.upgrade()).close()
    upgrading = await server.polling()
    probing = await upgrading.probe()
    await upgrading.send("1")
    await probing.closed()
    for session in (plain, upgraded, upgrading):
        await session.finish()

    await server.until(server.state, lambda now: server.is_back_at(before, now), within=2)
