"""Cross-origin requests (protocol.md section 6; checklist "cors"; SEC-08, SEC-11, F-87, F-90)."""

import pytest

from tests.conformance.application.profiles import ALLOWED_ORIGIN
from tests.conformance.harness.expect import (
    FORBIDDEN,
    TRANSPORT_UNKNOWN,
    assert_prompt,
    assert_refused,
    assert_websocket_refused,
)
from tests.conformance.harness.http import request_bytes
from tests.conformance.harness.server import Server
from tests.conformance.harness.websocket import WebSocket

EVIL = "https://evil.example"
LOOKALIKES = [
    "null",
    f"{ALLOWED_ORIGIN}.evil.example",
    "http://evil-good.example",
    f"{ALLOWED_ORIGIN}:81",
    "https://good.example",
    f"{ALLOWED_ORIGIN}.",
    f"{ALLOWED_ORIGIN}/",
    f"{ALLOWED_ORIGIN} {EVIL}",
    "good.example",
]
PREFLIGHT = [
    ("Access-Control-Request-Method", "POST"),
    ("Access-Control-Request-Headers", "content-type"),
]


def _origin(value: str) -> tuple[str, str]:
    return ("Origin", value)


async def test_sec08_the_default_is_same_origin(server: Server) -> None:
    """A foreign Origin: 403 code 4, nothing allowed, the application is not asked."""
    key = server.new_key()
    target = server.target(key=key)

    answer = await server.get(target, fields=[_origin(EVIL)])
    assert_refused(server, answer, FORBIDDEN, status=403)
    assert answer.header("access-control-allow-origin") is None
    websocket = await server.ask_websocket(
        target.replace("polling", "websocket"), fields=[_origin(EVIL)]
    )
    assert_websocket_refused(server, websocket, FORBIDDEN, status=403)
    assert (await server.account(key)).order == ()


async def test_the_own_origin_is_allowed(server: Server) -> None:
    """Same origin: scheme, host and port of the request itself."""
    origin = _origin("http://127.0.0.1")
    session = await server.polling(fields=[origin])
    await session.echo("hello")
    websocket = await server.websocket(fields=[origin])
    await websocket.echo("hello")


async def test_sec11_a_foreign_origin_on_every_request(server: Server) -> None:
    """GET, POST and upgrade of a live session from elsewhere are refused; it is unharmed."""
    session = await server.polling()
    fields = [_origin(EVIL), ("Content-Type", "text/plain")]

    assert_refused(
        server,
        await server.get(session.target(), fields=fields),
        FORBIDDEN,
        status=403,
    )
    assert_refused(server, await session.post(b"4evil", fields=fields), FORBIDDEN, status=403)
    websocket = await server.ask_websocket(
        session.target().replace("polling", "websocket"), fields=fields[:1]
    )
    assert_websocket_refused(server, websocket, FORBIDDEN, status=403)

    await session.echo("unharmed")
    assert (await server.account(session.key)).messages == ("unharmed",)


@pytest.mark.parametrize("origin", LOOKALIKES)
async def test_f87_an_origin_that_only_looks_allowed(server: Server, origin: str) -> None:
    """Exact match: suffix and prefix tricks, `null`, port and scheme are refused."""
    answer = await server.get(server.target("cors"), fields=[_origin(origin)])

    assert answer.status in {400, 403}
    assert answer.header("access-control-allow-origin") is None
    assert answer.header("access-control-allow-credentials") is None
    if answer.status == 403:
        # A cache must not show this refusal to the origin that is allowed.
        assert answer.header("vary") == "Origin"


@pytest.mark.parametrize("origin", ["HTTP://GOOD.example", f"{ALLOWED_ORIGIN}:80"])
async def test_f87_two_ways_to_write_one_origin(server: Server, origin: str) -> None:
    """Scheme and host have no case, and a default port is none: the same origin (RFC 6454)."""
    session = await server.polling("cors", fields=[_origin(origin)])
    assert session.response.header("access-control-allow-origin") == origin


async def test_f87_an_origin_twice(server: Server) -> None:
    """Of two Origin fields neither can be chosen."""
    for pair in ((ALLOWED_ORIGIN, EVIL), (EVIL, ALLOWED_ORIGIN)):
        answer = await server.get(server.target("cors"), fields=list(map(_origin, pair)))
        assert answer.status in {400, 403}
        assert answer.header("access-control-allow-origin") is None


async def test_a_whole_session_across_origins(server: Server) -> None:
    """Every answer names the allowed origin, and that caches must tell origins apart."""
    fields = [_origin(ALLOWED_ORIGIN)]
    session = await server.polling("cors", fields=fields)
    post = await session.post(b"4hello", fields=[*fields, ("Content-Type", "text/plain")])
    poll = await session.get(fields=fields)
    refusal = await server.get(server.target("cors", sid="x"), fields=fields)

    assert poll.body == b"4hello"
    for answer in (session.response, post, poll, refusal):
        assert answer.header("access-control-allow-origin") == ALLOWED_ORIGIN
        assert answer.header("access-control-allow-credentials") == "true"
        assert "origin" in (answer.header("vary") or "").lower()
    websocket = await server.websocket("cors", fields=fields)
    await websocket.echo("hello")


@pytest.mark.parametrize("with_sid", [False, True])
async def test_f44_a_preflight_is_answered(server: Server, with_sid: bool) -> None:
    """OPTIONS: 204 with the allowed methods and headers, without touching the session."""
    session = await server.polling("cors")
    target = session.target() if with_sid else server.target("cors")
    fields = [_origin(ALLOWED_ORIGIN), *PREFLIGHT]

    answer = await server.request("OPTIONS", target, fields=fields)

    assert (answer.status, answer.body) == (204, b"")
    assert answer.header("cache-control") == "no-store"
    assert answer.header("access-control-allow-origin") == ALLOWED_ORIGIN
    methods = {name.strip() for name in (answer.header(_METHODS) or "").split(",")}
    assert {"GET", "POST"} <= methods
    assert "content-type" in (answer.header("access-control-allow-headers") or "").lower()
    assert int(answer.header("access-control-max-age") or 0) > 0
    await session.echo("unharmed")


_METHODS = "access-control-allow-methods"


async def test_f90_a_preflight_from_elsewhere_allows_nothing(server: Server) -> None:
    """A bad origin gets no permission, whatever it asks for."""
    for profile in ("default", "cors"):
        fields = [_origin(EVIL), *PREFLIGHT]
        answer = await server.request("OPTIONS", server.target(profile), fields=fields)
        assert answer.status == 204
        granted = [name for name, _ in answer.fields if name.startswith("access-control-")]
        assert granted == []


async def test_f90_a_preflight_repeats_no_odd_header(server: Server) -> None:
    """Requested headers are never reflected unvalidated."""
    fields = [
        _origin(ALLOWED_ORIGIN),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "x-a, Content-Type, set-cookie: evil=1, cookie"),
    ]
    answer = await server.request("OPTIONS", server.target("cors"), fields=fields)

    assert answer.header("access-control-allow-headers") == "content-type"
    assert not answer.headers("set-cookie")


async def test_every_origin(server: Server) -> None:
    """`*` allows everybody."""
    session = await server.polling("open-cors", fields=[_origin(EVIL)])
    await session.echo("hello")
    websocket = await server.websocket("open-cors", fields=[_origin(EVIL)])
    await websocket.echo("hello")


async def test_f87_every_origin_is_never_combined_with_credentials(server: Server) -> None:
    """`*` never with credentials: not in an answer, a refusal or a preflight, for nobody."""
    for origin in (EVIL, "null", "http://127.0.0.1"):
        fields = [_origin(origin)]
        session = await server.polling("open-cors", fields=fields)
        refusal = await server.get(server.target("open-cors", sid="x"), fields=fields)
        preflight = await server.request(
            "OPTIONS", server.target("open-cors"), fields=[*fields, *PREFLIGHT]
        )
        for answer in (session.response, refusal, preflight):
            # The origin itself in place of the star would be a star that takes credentials.
            assert answer.header("access-control-allow-origin") == "*"
            assert answer.header("access-control-allow-credentials") is None


async def test_credentials_can_be_switched_off(server: Server) -> None:
    """`cors_credentials=False`: no cookies across origins."""
    session = await server.polling("no-credentials", fields=[_origin(ALLOWED_ORIGIN)])

    assert session.response.header("access-control-allow-origin") == ALLOWED_ORIGIN
    assert session.response.header("access-control-allow-credentials") is None


async def test_f88_forwarded_headers_of_a_stranger(server: Server) -> None:
    """`X-Forwarded-*` from an untrusted peer does not make a foreign origin the own one."""
    fields = [
        _origin(EVIL),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", "host=evil.example;proto=https"),
    ]
    answer = await server.get(server.target(), fields=fields)
    assert_refused(server, answer, FORBIDDEN, status=403)


async def test_sec51_the_host_is_compared_exactly(server: Server) -> None:
    """The own origin is scheme, host and port; a lookalike is foreign."""
    for origin in (
        "http://127.0.0.1:1",
        "https://127.0.0.1",
        "http://127.0.0.1.evil.example",
        "null",
        "file://",
    ):
        answer = await server.get(server.target(), fields=[_origin(origin)])
        assert_refused(server, answer, FORBIDDEN, status=403)


async def test_sec51_two_hosts_or_none(server: Server) -> None:
    """Without one Host there is no own origin; with two nobody knows whom a proxy asked for."""
    server.breaks_rules_below()
    own, evil = "http://127.0.0.1", "http://evil.example"
    for profile, hosts, origin in (
        ("default", ["127.0.0.1", "evil.example"], own),
        ("default", ["127.0.0.1", "evil.example"], evil),
        ("default", ["evil.example", "127.0.0.1"], evil),
        ("default", [], own),
        ("default", [], evil),
        ("cors", ["127.0.0.1", "evil.example"], ALLOWED_ORIGIN),
        ("open-cors", ["127.0.0.1", "evil.example"], evil),
    ):
        fields = [*(("Host", host) for host in hosts), _origin(origin)]
        connection = await server.connect()
        target = server.target(profile)
        await connection.write(request_bytes("GET", target, host=None, fields=fields))
        answer = await connection.response()
        # Some servers do nothing else until a client that they have refused has gone.
        connection.close()
        assert answer.status in {400, 403}
        assert_prompt(server, answer)


async def test_f88_a_trusted_proxy_is_believed(server: Server) -> None:
    """`trusted_proxies`: what they say makes the own origin, and the cookie Secure (F-92)."""
    forwarded = [("X-Forwarded-Host", "site.example"), ("X-Forwarded-Proto", "https")]
    session = await server.polling(
        "behind-proxy", fields=[_origin("https://site.example"), *forwarded]
    )
    assert "Secure" in (session.response.header("set-cookie") or "").split("; ")
    for origin in ("http://site.example", "http://127.0.0.1"):
        answer = await server.get(
            server.target("behind-proxy"), fields=[_origin(origin), *forwarded]
        )
        assert_refused(server, answer, FORBIDDEN, status=403)


async def test_no_origin_is_no_browser(server: Server) -> None:
    """Without an Origin there is nothing to compare: served, on both transports."""
    session = await server.polling("cors")
    await session.echo("hello")
    answer = await server.ask_websocket(server.target("cors", transport="websocket"))
    assert isinstance(answer, WebSocket)


async def test_the_transport_is_checked_before_the_origin(server: Server) -> None:
    """Check order: transport, Origin, sid."""
    fields = [_origin(EVIL)]
    unknown = await server.get(server.target(transport="pigeon"), fields=fields)
    assert_refused(server, unknown, TRANSPORT_UNKNOWN)
    sid = await server.get(server.target(sid="unknown"), fields=fields)
    assert_refused(server, sid, FORBIDDEN, status=403)
