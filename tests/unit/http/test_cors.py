"""Which origins may use the server, and what they are told."""

from functools import partial

import pytest

from engineio.errors import ConfigError
from engineio.http.cors import CorsPolicy, has_valid_origin_bytes, normalise_origin
from engineio.http.request import Headers, Request

GOOD = "https://good.example"
EVIL = "https://evil.example"
SAME = CorsPolicy.build(None, True)
LIST = CorsPolicy.build([GOOD, "http://localhost:3000"], True)
ANY = CorsPolicy.build("*", True)


def function(origin):
    return origin == GOOD


def broken(origin):
    raise RuntimeError(origin)


FUNCTION = CorsPolicy.build(function, True)


def request(*origins, hosts=("good.example",), **fields):
    items = [("host", host) for host in hosts] + [("origin", origin) for origin in origins]
    items += [(name.replace("_", "-"), value) for name, value in fields.items()]
    return Request("GET", "/engine.io/", "", Headers(items))


def preflight(origin, *requested, policy=LIST):
    items = [("host", "good.example"), ("origin", origin)]
    items += [("access-control-request-headers", names) for names in requested]
    return policy.preflight(Request("OPTIONS", "/engine.io/", "", Headers(items)))


# -- origins -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "normalised"),
    [
        ("http://a.example", "http://a.example"),
        ("HTTPS://A.Example", "https://a.example"),
        ("http://a.example:80", "http://a.example"),
        ("https://a.example:443", "https://a.example"),
        ("wss://a.example:443", "wss://a.example"),
        ("https://a.example:80", "https://a.example:80"),
        ("http://a.example:8080", "http://a.example:8080"),
        ("http://[::1]:80", "http://[::1]"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ("http://a_b.example.", "http://a_b.example."),
        ("null", "null"),
        ("file://", "file://"),
        ("", None),
        ("*", None),
        ("a.example", None),
        ("//a.example", None),
        ("http://", None),
        ("http:/a.example", None),
        ("http://a.example/", None),
        ("http://a.example/path", None),
        ("http://a.example?x", None),
        ("http://a.example#x", None),
        ("http://user@a.example", None),
        ("http://a.example:", None),
        ("http://a.example:x", None),
        ("http://a.example:123456", None),
        ("http://a.example:٨٠", None),
        ("http://ä.example", None),
        ("http://a.example\n", None),
        ("http://a.example http://b.example", None),
        ("http://a.example\r\nX: y", None),
        ("http://a.example\0", None),
    ],
    ids=ascii,
)
def test_f87_an_origin_is_scheme_host_and_port(origin, normalised):
    assert normalise_origin(origin) == normalised


@pytest.mark.parametrize(
    ("origins", "valid"),
    [
        ((), True),
        ((GOOD,), True),
        (("null",), True),
        (("nonsense",), True),
        (("",), False),
        (("http://a\r\nX: y",), False),
        (("http://a\0",), False),
        (("http://a\x1b[31m",), False),
        (("http://a\x7f",), False),
        (("http://a\x80",), False),
        (("http://\xe9",), False),
        (("http://a\tb",), False),
        (("http://a b",), False),
        ((GOOD, "\x01"), False),
    ],
    ids=ascii,
)
def test_sec44_an_origin_is_printable_ascii(origins, valid):
    assert has_valid_origin_bytes(request(*origins)) is valid


# -- building ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allowed", "complaint"),
    [
        ("", "no origin"),
        ([], "empty"),
        (["*"], "alone"),
        ([GOOD, "*"], "alone"),
        ("https://good.example/", "slash at the end"),
        ("good.example", "no origin"),
        (["https://*.example"], "no origin"),
        ([GOOD, None], "no origin"),
        ([b"https://good.example"], "no origin"),
        (5, "must name origins"),
        (True, "must name origins"),
        ("https://good.example\r\nX: y", "no origin"),
    ],
    ids=repr,
)
def test_f87_nonsense_is_refused(allowed, complaint):
    with pytest.raises(ConfigError, match=complaint):
        CorsPolicy.build(allowed, False)


async def asynchronous(origin):
    return False


class Asynchronous:
    async def __call__(self, origin):
        return False


@pytest.mark.parametrize("allowed", [asynchronous, Asynchronous(), partial(Asynchronous())])
def test_f87_a_coroutine_function_would_count_as_true(allowed):
    with pytest.raises(ConfigError, match="async"):
        CorsPolicy.build(allowed, True)


# -- the decision --------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [SAME, LIST, ANY, FUNCTION, CorsPolicy.build(broken, True)])
def test_a_request_without_an_origin_is_allowed(policy):
    assert policy.allows(request(), GOOD)
    assert policy.allows(request(), None)


@pytest.mark.parametrize(
    ("origin", "server", "allowed"),
    [
        (GOOD, GOOD, True),
        ("HTTPS://GOOD.example", GOOD, True),
        (GOOD, "https://GOOD.EXAMPLE", True),
        ("https://good.example:443", GOOD, True),
        (GOOD, "https://good.example:443", True),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000", True),
        (EVIL, GOOD, False),
        ("http://good.example", GOOD, False),
        ("https://good.example:444", GOOD, False),
        ("https://good.example:80", GOOD, False),
        ("https://good.example.evil.example", GOOD, False),
        ("https://evilgood.example", GOOD, False),
        ("https://www.good.example", GOOD, False),
        ("https://good.example.", GOOD, False),
        ("https://good.exampl", GOOD, False),
        ("https://good.example/", GOOD, False),
        ("https://evil.example@good.example", GOOD, False),
        ("good.example", GOOD, False),
        ("null", GOOD, False),
        ("null", "null", False),
        ("", GOOD, False),
        (GOOD, None, False),
        (GOOD, "nonsense", False),
        ("nonsense", "nonsense", False),
    ],
)
def test_f87_sec11_same_origin_is_an_exact_match(origin, server, allowed):
    assert SAME.allows(request(origin), server) is allowed


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (GOOD, True),
        ("HTTPS://Good.Example:443", True),
        ("http://localhost:3000", True),
        ("http://localhost", False),
        (EVIL, False),
        ("https://good.example.evil.example", False),
        ("https://xgood.example", False),
        ("http://good.example", False),
        ("null", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("server", [None, EVIL])
def test_f87_a_list_is_matched_exactly_whatever_the_server_is(origin, server, allowed):
    assert LIST.allows(request(origin), server) is allowed


@pytest.mark.parametrize("origin", ["null", "file://"])
def test_f87_pages_without_a_host_are_allowed_only_when_listed(origin):
    assert CorsPolicy.build([origin], False).allows(request(origin), None)
    assert CorsPolicy.build(origin, False).allows(request(origin), None)
    assert not LIST.allows(request(origin), None)


@pytest.mark.parametrize("origin", [GOOD, EVIL, "null"])
def test_the_wildcard_allows_every_origin(origin):
    assert ANY.allows(request(origin), None)


def test_a_function_decides_about_normalised_origins():
    asked = []

    def allowed(origin):
        asked.append(origin)
        return True

    policy = CorsPolicy.build(allowed, False)

    assert policy.allows(request("HTTPS://Good.Example:443"), None)
    assert not policy.allows(request("nonsense"), None)
    assert asked == [GOOD]


@pytest.mark.parametrize("answer", [False, None, 0, 1, "yes", [True]], ids=repr)
def test_f87_a_function_allows_by_true_alone(answer):
    policy = CorsPolicy.build(lambda origin: answer, True)

    assert not policy.allows(request(GOOD), GOOD)
    assert policy.headers(request(GOOD)) == (("Vary", "Origin"),)


def test_f87_the_error_of_a_function_reaches_the_caller_once():
    policy = CorsPolicy.build(broken, True)

    with pytest.raises(RuntimeError, match="good"):
        policy.allows(request(GOOD), GOOD)
    # The refusal itself needs headers: it must not fail again.
    assert policy.headers(request(GOOD)) == (("Vary", "Origin"),)
    assert policy.preflight(request(GOOD)).headers == (("Vary", "Origin"),)


@pytest.mark.parametrize("policy", [SAME, LIST, ANY, FUNCTION])
def test_sec51_a_repeated_host_or_origin_is_refused(policy):
    assert not policy.allows(request(GOOD, GOOD), GOOD)
    assert not policy.allows(request(GOOD, EVIL), GOOD)
    assert not policy.allows(request(GOOD, hosts=("good.example", "good.example")), GOOD)
    assert not policy.allows(request(hosts=("good.example", "evil.example")), GOOD)


# -- headers -------------------------------------------------------------------------------

ALLOW_GOOD = ("Access-Control-Allow-Origin", GOOD)
ALLOW_ANY = ("Access-Control-Allow-Origin", "*")
CREDENTIALS = ("Access-Control-Allow-Credentials", "true")
VARY = ("Vary", "Origin")


@pytest.mark.parametrize(
    ("policy", "origins", "headers"),
    [
        (SAME, [GOOD], ()),
        (SAME, [], ()),
        (ANY, [GOOD], (ALLOW_ANY,)),
        (ANY, [], (ALLOW_ANY,)),
        (LIST, [GOOD], (VARY, ALLOW_GOOD, CREDENTIALS)),
        (LIST, [EVIL], (VARY,)),
        (LIST, [], (VARY,)),
        (LIST, [GOOD, GOOD], (VARY,)),
        (FUNCTION, [GOOD], (VARY, ALLOW_GOOD, CREDENTIALS)),
        (FUNCTION, [EVIL], (VARY,)),
        (CorsPolicy.build(GOOD, False), [GOOD], (VARY, ALLOW_GOOD)),
        (CorsPolicy.build("*", False), [GOOD], (ALLOW_ANY,)),
    ],
)
def test_f87_headers_grant_what_the_policy_allows(policy, origins, headers):
    assert policy.headers(request(*origins)) == headers


def test_the_origin_is_granted_as_the_browser_spells_it():
    granted = dict(LIST.headers(request("HTTPS://good.example:443")))

    assert granted["Access-Control-Allow-Origin"] == "HTTPS://good.example:443"


@pytest.mark.parametrize("origin", ["https://good.example\r\nX: y", "\n", "a\0b"])
@pytest.mark.parametrize("policy", [SAME, LIST, ANY, CorsPolicy.build(lambda origin: True, True)])
def test_sec44_no_control_character_reaches_a_header(policy, origin):
    for name, value in policy.preflight(request(origin)).headers:
        assert (name + value).isprintable()


# -- preflights ----------------------------------------------------------------------------


def test_a_preflight_lists_methods_and_how_long_it_holds():
    response = preflight(GOOD)

    assert response.status == 204
    assert response.body == b""
    assert response.headers == (
        VARY,
        ALLOW_GOOD,
        CREDENTIALS,
        ("Access-Control-Allow-Methods", "GET, POST, OPTIONS"),
        ("Access-Control-Max-Age", "600"),
    )


@pytest.mark.parametrize(
    ("requested", "allowed"),
    [
        ([], None),
        ([""], None),
        (["content-type"], "content-type"),
        (["Content-Type, AUTHORIZATION"], "authorization, content-type"),
        (["content-type", "accept"], "accept, content-type"),
        (["x-evil"], None),
        (["x-evil,content-type;x"], None),
        (["content-type,*"], "content-type"),
        (["content-type\r\nSet-Cookie: a=b"], None),
        (["content-type,\r\nSet-Cookie: a=b,\0"], "content-type"),
        (["x," * 100_000 + "content-type"], None),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_f90_sec44_only_headers_of_the_allow_list_are_granted(requested, allowed):
    headers = dict(preflight(GOOD, *requested).headers)

    assert headers.get("Access-Control-Allow-Headers") == allowed


@pytest.mark.parametrize(("policy", "left"), [(SAME, ()), (LIST, (VARY,)), (FUNCTION, (VARY,))])
def test_a_preflight_of_another_origin_is_granted_nothing(policy, left):
    response = preflight(EVIL, "content-type", policy=policy)

    assert (response.status, response.headers) == (204, left)


def test_f87_the_wildcard_never_grants_credentials():
    names = [name for name, _ in preflight(EVIL, policy=ANY).headers]

    assert "Access-Control-Allow-Origin" in names
    assert "Access-Control-Allow-Credentials" not in names
