"""The HTTP functions on header values that Hypothesis can think of (SEC-44).

Nothing that a client sends may raise, get a control character into a response, or change a body.
"""

import gzip
import zlib
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from engineio.http.compression import compress
from engineio.http.cookie import SessionCookie
from engineio.http.cors import CorsPolicy, has_valid_origin_bytes, normalise_origin
from engineio.http.forwarded import TrustedProxies
from engineio.http.request import Headers, Request
from engineio.http.response import Response

# Header values are latin-1 text, whatever bytes came.
junk = st.text(st.characters(max_codepoint=0xFF))
pieces = st.sampled_from(
    [
        *("https://", "http://", "good.example", "null", ":443", ":80", "10.0.0.1", "[::1]"),
        *("gzip", "deflate", "identity", "*", ";q=", "0", "0.5", "1", "content-type"),
        *(",", " ", "\r\n", "\0"),
    ]
)
values = st.one_of(junk, st.lists(st.one_of(pieces, junk), max_size=8).map("".join))
fields = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("host", "origin", "access-control-request-headers"),
                *("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"),
            ]
        ),
        values,
    ),
    max_size=6,
)
requests = st.builds(
    Request,
    st.just("GET"),
    st.just("/"),
    st.just(""),
    st.builds(Headers, fields),
    peer=st.sampled_from(["", "10.0.0.1", "203.0.113.9", "::1", "nonsense"]),
)
policies = st.sampled_from(
    [
        CorsPolicy.build(None, True),
        CorsPolicy.build("*", True),
        CorsPolicy.build(["https://good.example", "null"], True),
        CorsPolicy.build(lambda origin: True, True),
    ]
)
PROXIES = TrustedProxies.build(["10.0.0.0/8", "::1", "unix"])
DECODERS: dict[str | None, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    None: bytes,
}


@given(values)
def test_a_normalised_origin_is_printable_and_stays(value):
    origin = normalise_origin(value)

    if origin is not None:
        assert origin.isascii()
        assert origin.isprintable()
        assert normalise_origin(origin) == origin


@given(policies, requests)
def test_sec44_cors_answers_are_printable(policy, request):
    for name, value in policy.preflight(request).headers + policy.headers(request):
        assert name.isascii()
        assert value.isascii()
        assert (name + value).isprintable()


@given(policies, requests)
def test_f87_only_who_is_allowed_is_granted_anything(policy, request):
    granted = dict(policy.headers(request)).get("Access-Control-Allow-Origin")

    if granted not in (None, "*"):
        assert granted == request.headers.get("origin")
        assert policy.allows(request, None)
        assert has_valid_origin_bytes(request)


@given(requests)
def test_f88_the_client_is_known_by_valid_values_alone(request):
    client = PROXIES.resolve(request)

    assert client.scheme in ("http", "https")
    assert client.address.isprintable()
    if client.host is None:
        assert client.origin is None
    else:
        assert client.host.isprintable()
        assert client.origin == f"{client.scheme}://{client.host}"
    if request.peer in ("203.0.113.9", "nonsense"):
        assert client.address == request.peer


@given(st.binary(min_size=1), st.one_of(st.none(), values), st.integers(0, 64))
def test_every_compressed_body_is_the_body(body, accepted, threshold):
    response = compress(Response(200, (), body), accepted, threshold)

    encoding = dict(response.headers).get("Content-Encoding")
    assert DECODERS[encoding](response.body) == body
    assert len(response.body) <= len(body)


@given(
    st.dictionaries(st.sampled_from(["name", "path", "domain", "samesite"]), st.text(max_size=8)),
    st.text(),
)
def test_f92_sec44_a_cookie_is_one_printable_field(option, sid):
    try:
        cookie = SessionCookie.build(option)
        assert cookie is not None
        name, value = cookie.header(sid, secure=True)
    # A ConfigError of `build`, or the ValueError of `header`.
    except ValueError:
        return
    assert name == "Set-Cookie"
    assert value.isascii()
    assert value.isprintable()
    # Whatever was chosen added no attribute.
    assert value.count(";") <= 5
