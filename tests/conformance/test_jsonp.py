"""JSONP polling (protocol.md section 9; faults F-28 to F-30)."""

from dataclasses import replace

import pytest

from tests.conformance.harness.expect import BAD_REQUEST, FORBIDDEN, assert_refused
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


FOREIGN = {
    "Referer": [("Referer", "https://evil.example/page")],
    "Referer of a lookalike": [("Referer", "http://127.0.0.1.evil.example/")],
    "Referer with our name in it": [("Referer", "https://evil.example/http://127.0.0.1/")],
    "Referer of another port": [("Referer", "http://127.0.0.1:81/")],
    "Referer that is none": [("Referer", "http://[")],
    "Sec-Fetch-Site": [("Sec-Fetch-Site", "cross-site")],
    "both": [("Referer", "https://evil.example/"), ("Sec-Fetch-Site", "cross-site")],
}


@pytest.mark.parametrize("fields", FOREIGN.values(), ids=FOREIGN)
async def test_f89_a_script_of_another_site(server: Server, fields: list[tuple[str, str]]) -> None:
    """Browsers send a foreign `<script>` with cookies and no Origin: 403, on every request."""
    key = server.new_key()
    answer = await server.get(server.target("jsonp", key=key, j=0), fields=fields)
    assert_refused(server, answer, FORBIDDEN, status=403)
    assert (await server.account(key)).order == ()

    session = await _open(server)
    assert_refused(server, await session.get(fields=fields), FORBIDDEN, status=403)
    form = ("Content-Type", "application/x-www-form-urlencoded")
    post = await session.post(b"d=4evil", fields=[form, *fields])
    assert_refused(server, post, FORBIDDEN, status=403)
    await session.echo("unharmed")
    assert (await server.account(session.key)).messages == ("unharmed",)


@pytest.mark.parametrize(
    "fields",
    [
        [("Referer", "http://127.0.0.1/some/page?of=ours")],
        [("Sec-Fetch-Site", "same-origin")],
        [("Sec-Fetch-Site", "none")],
    ],
    ids=["Referer", "same-origin", "none"],
)
async def test_f89_a_script_of_the_own_site(server: Server, fields: list[tuple[str, str]]) -> None:
    """An own Referer, or a browser that says where the script is used, is enough."""
    session = await server.polling("jsonp", codec=replace(JSONP, fields=fields), j=0)
    await session.echo("hello")


async def test_f89_the_referer_is_nothing_to_other_requests(server: Server) -> None:
    """Without `j` a browser cannot read the answer of another origin: the Origin decides."""
    session = await server.polling("jsonp", fields=[("Referer", "https://evil.example/page")])
    await session.echo("hello")


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
    answer = await server.get(f"{server.target('jsonp')}&j={index}", fields=JSONP.fields)
    assert isinstance(answer, Response)
    assert_refused(server, answer, BAD_REQUEST)


async def test_closing(server: Server) -> None:
    """The held GET is answered in the same form."""
    session = await _open(server)
    poll = await session.park()
    await session.send("1")
    assert await poll.packets() == ["6"]
    assert await session.finish() == "client disconnect"
