"""JSONP polling (protocol.md section 9; faults F-28 to F-30)."""

import pytest

from tests.conformance.harness.expect import BAD_REQUEST, assert_refused
from tests.conformance.harness.http import Response
from tests.conformance.harness.payload import (
    JSONP,
    JSONP_V3,
    Codec,
    base64_packet,
    jsonp_form,
    unwrap_jsonp,
)
from tests.conformance.harness.server import Server
from tests.conformance.harness.sessions import Polling

TEXTS = [
    "hello",
    'quotes " and \\ backslash',
    "a\nb\r\nc",
    "a\\nb",
    "\u2028\u2029",
    "</script><script>",
    "<!--",
    "€\U0001f600",
    "\0\x01\x1f\x7f",
    "a&b=c+d%20",
]


async def _open(server: Server, index: int = 0) -> Polling:
    return await server.polling("jsonp", codec=JSONP, j=index)


async def test_the_answer_is_a_call(server: Server) -> None:
    """`j=<n>`: `___eio[<n>]("<payload as JS string>");`."""
    session = await _open(server, 7)

    index, payload = unwrap_jsonp(session.response.body)

    assert index == "7"
    assert payload.startswith(b'0{"sid"')
    assert session.response.header("x-content-type-options") == "nosniff"
    kind = session.response.header("content-type") or ""
    assert kind.partition(";")[0] in {"text/javascript", "application/javascript"}


async def test_it_is_off_by_default(server: Server) -> None:
    """JSONP is off by default: refused, and nothing is opened."""
    answer = await server.get(server.target(j=0))
    assert answer.status == 400
    assert b"___eio" not in answer.body


@pytest.mark.parametrize("text", TEXTS)
async def test_f30_every_text_survives(server: Server, text: str) -> None:
    """JS string escaped for all code points, and no markup in the script."""
    session = await _open(server)
    await session.send(f"4{text}")

    answer = await session.get()

    assert unwrap_jsonp(answer.body)[1] == f"4{text}".encode()
    for forbidden in (b"\n", b"\r", b"</", b"<!--", "\u2028".encode(), "\u2029".encode()):
        assert forbidden not in answer.body


async def test_f30_a_sweep_over_code_points(server: Server) -> None:
    """Every code point of the first planes' beginnings comes back."""
    text = "".join(chr(point) for point in range(0x3000) if point != 0x1E)
    session = await _open(server)
    await session.send(f"4{text}")
    assert await session.poll() == [f"4{text}"]


async def test_binary_is_base64(server: Server) -> None:
    """A script carries no binary payload."""
    session = await _open(server)
    await session.send(base64_packet(b"\x00\xff"))
    assert await session.poll() == [base64_packet(b"\x00\xff")]


@pytest.mark.parametrize("codec", [JSONP_V3], ids=["EIO 3"])
async def test_it_works_with_eio3(server: Server, codec: Codec) -> None:
    """EIO 3 payloads in scripts and forms, binary as base64 although `b64` was not sent."""
    session = await server.polling("legacy", codec=codec, EIO=3, j=3)
    await session.send("4€\n", "b4AQI=")
    assert await session.collect(2) == ["4€\n", "b4AQI="]


@pytest.mark.parametrize(
    "body", [b"", b"x=4hello", b"d=", b"d=4a&d=4b", b"4hello", b"d=%ff", b"d=4%ZZ\xff"]
)
async def test_f28_a_bad_form(server: Server, body: bytes) -> None:
    """`d` missing, empty or doubled: 400, and the session is closed with parse error."""
    session = await _open(server)

    assert_refused(server, await session.post(body), BAD_REQUEST)

    assert await session.finish() == "parse error"
    assert (await server.account(session.key)).messages == ()


async def test_f28_a_nul_is_a_character(server: Server) -> None:
    """`%00` in the form is delivered."""
    session = await _open(server)
    assert (await session.post(b"d=4a%00b")).body == b"ok"
    assert await session.poll() == ["4a\0b"]


async def test_f28_escaped_newlines(server: Server) -> None:
    """Escaped newline becomes newline, a doubly escaped one becomes backslash n."""
    session = await _open(server)
    assert (await session.post(rb"d=4a\nb\\nc")).body == b"ok"
    assert await session.poll() == ["4a\nb\\nc"]
    assert jsonp_form(b"a\nb\\nc") == rb"d=a%5Cnb%5C%5Cnc"


@pytest.mark.parametrize("index", ["", "x", "-1", "1;alert(1)", "%D9%A3", "1" * 30, "0&j=1"])
async def test_f29_a_bad_index(server: Server, index: str) -> None:
    """`j` not `[0-9]{1,9}`: 400; only digits ever reach the output."""
    answer = await server.get(f"{server.target('jsonp')}&j={index}")
    assert isinstance(answer, Response)
    assert_refused(server, answer, BAD_REQUEST)


async def test_closing(server: Server) -> None:
    """The held GET is answered in the same form."""
    session = await _open(server)
    poll = await session.park()
    await session.send("1")
    assert await poll.packets() == ["6"]
    assert await session.finish() == "client disconnect"
