"""Packets that cannot be decoded (faults F-15 to F-21): 400, and a parse error."""

import pytest

from tests.conformance.harness.expect import BAD_REQUEST, SESSION_UNKNOWN, assert_refused
from tests.conformance.harness.server import Server

BAD_PAYLOADS = {
    "empty body": b"",
    "only a separator": b"\x1e",
    "empty packet at the end": b"6\x1e",
    "empty packet at the start": b"\x1e6",
    "empty packet between": b"6\x1e\x1e6",
    "unknown type": b"7x",
    "letter": b"abc",
    "unicode digit": "٤x".encode(),
    "space": b" 4x",
    "byte order mark": "\ufeff4x".encode(),
    "base64 alphabet": b"b!!!",
    "base64 without padding": b"bAQI",
    "base64 too much padding": b"bAQID====",
    "base64 not ASCII": "bAQIDé".encode(),
    "base64 white space": b"bAQ ID",
    "base64 line break": b"bAQID\n",
    "base64 of the url alphabet": b"b-_-_",
    "not UTF-8": b"4\xff",
    "overlong": b"4\xc0\x80",
    "surrogate": b"4\xed\xa0\x80",
    "cut short": "4€".encode()[:-1],
    "beyond unicode": b"4\xf4\x90\x80\x80",
}
BAD_FRAMES: dict[str, str] = {
    "empty": "",
    "unknown type": "7x",
    "letter": "abc",
    "unicode digit": "٤x",
    "base64 alphabet": "b!!!",
    "base64 padding": "bAQI",
}


@pytest.mark.parametrize("payload", BAD_PAYLOADS.values(), ids=BAD_PAYLOADS)
async def test_f15_f16_f20_f21_bad_payload(server: Server, payload: bytes) -> None:
    """400, the held GET is answered `1`, and the session is closed with parse error."""
    session = await server.polling()
    poll = await session.park()

    assert_refused(server, await session.post(payload), BAD_REQUEST)

    assert await poll.packets() == ["1"]
    assert await session.finish() == "parse error"
    assert_refused(server, await session.get(), SESSION_UNKNOWN)


async def test_f18_the_good_packets_before_a_bad_one_are_delivered(server: Server) -> None:
    """Deliver the good ones before it in order, then close; never drop silently."""
    session = await server.polling()

    answer = await session.post(b"4one\x1e4two\x1e9bad\x1e4three")

    assert_refused(server, answer, BAD_REQUEST)
    assert await session.finish() == "parse error"
    account = await server.account(session.key)
    assert account.messages == ("one", "two")
    assert account.order == ("connect", "message", "message", "disconnect")


@pytest.mark.parametrize("frame", BAD_FRAMES.values(), ids=BAD_FRAMES)
async def test_f51_bad_websocket_message(server: Server, frame: str) -> None:
    """Undecodable or empty text: parse error, and the WebSocket is closed with 1002."""
    session = await server.websocket()
    await session.send("4before", frame, "4after")

    assert (await session.closed()).code == server.close_code(1002)
    assert await session.finish() == "parse error"
    assert (await server.account(session.key)).messages == ("before",)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"\x1e" * 900_000, id="separators"),
        pytest.param(b"6\x1e" * 450_000, id="noops"),
        pytest.param(b"9" * 999_999, id="digits"),
        pytest.param(b"b" + b"!" * 900_000, id="base64"),
    ],
)
async def test_sec01_a_large_bad_payload_costs_little(server: Server, payload: bytes) -> None:
    """Payloads just under the limit are decoded or refused without holding up anybody."""
    session = await server.polling()

    assert_refused(server, await session.post(payload), BAD_REQUEST)

    assert await session.finish() == "parse error"
