"""The checks of a request that need no session: what they refuse, and in which order."""

import pytest

from engineio.config import ServerConfig
from engineio.http.cors import CorsPolicy
from engineio.http.request import Headers, Request
from engineio.protocol import rejections
from engineio.protocol.admission import Admission
from engineio.protocol.rejections import Rejected

HOST = ("host", "good.example")
PLAIN = "transport=polling&EIO=4"
SCRIPT = f"{PLAIN}&j=0"


def check(*headers, query=PLAIN, host=HOST, peer="192.0.2.1", scheme="https", **options):
    config = ServerConfig(allow_jsonp=True, **options)
    cors = CorsPolicy.build(config.cors_allowed_origins, config.cors_credentials)
    fields = Headers([host, *headers])
    request = Request("GET", "/engine.io/", query, fields, scheme=scheme, peer=peer)
    return Admission(config, cors).check(request)


def refusal(*headers, **options):
    with pytest.raises(Rejected) as caught:
        check(*headers, **options)
    return caught.value.rejection


def fail(request):
    raise LookupError("a bug of the application")


def test_a_request_that_passes_says_what_it_asks_for_and_from_where():
    query, client, _ = check()

    assert query.transport == "polling"
    assert client.address == "192.0.2.1"
    assert client.origin == "https://good.example"


@pytest.mark.parametrize("origin", ["https://good.example", "HTTPS://GOOD.example:443"])
def test_the_origin_of_the_server_itself_passes(origin):
    check(("origin", origin))


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://good.example",
        "https://good.example:81",
        "https://good.example.evil.example",
        "https://notgood.example",
        "https://good.example.",
        "null",
    ],
)
def test_f87_sec11_any_other_origin_is_forbidden(origin):
    assert refusal(("origin", origin)) is rejections.ORIGIN_FORBIDDEN


@pytest.mark.parametrize("origin", ["https://good.example\n", "a\x1eb", "https://gööd.example", ""])
def test_an_origin_with_impossible_bytes_is_a_bad_request(origin):
    """Rule: "INVALID_ORIGIN (control character in Origin)": code 3."""
    assert refusal(("origin", origin)) is rejections.INVALID_ORIGIN


def test_f87_a_function_that_decides_about_origins_may_fail():
    rejection = refusal(("origin", "https://a.example"), cors_allowed_origins=fail)

    assert rejection is rejections.ORIGIN_FORBIDDEN


def test_f87_its_error_is_kept_for_the_log():
    with pytest.raises(Rejected) as caught:
        check(("origin", "https://a.example"), cors_allowed_origins=fail)

    assert isinstance(caught.value.__cause__, LookupError)


def test_f88_forwarded_fields_of_a_peer_that_is_not_trusted_are_ignored():
    headers = [("origin", "https://evil.example"), ("x-forwarded-host", "evil.example")]

    assert refusal(*headers) is rejections.ORIGIN_FORBIDDEN


def test_f88_forwarded_fields_of_a_trusted_proxy_count():
    _, client, _ = check(
        ("origin", "https://chat.example"),
        ("x-forwarded-host", "chat.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-for", "203.0.113.9"),
        scheme="http",
        trusted_proxies=["192.0.2.0/24"],
    )

    assert (client.address, client.origin) == ("203.0.113.9", "https://chat.example")


class TestScripts:
    """F-89: browsers send cookies with a script of another site, and no Origin."""

    @pytest.mark.parametrize(
        "headers",
        [
            [("referer", "https://good.example/page?q")],
            [("referer", "https://good.example/"), ("sec-fetch-site", "same-origin")],
            [("sec-fetch-site", "same-origin")],
            [("sec-fetch-site", "none")],
        ],
    )
    def test_a_script_of_the_same_site_passes(self, headers):
        check(*headers, query=SCRIPT)

    @pytest.mark.parametrize(
        "headers",
        [
            [("referer", "https://evil.example/")],
            [("referer", "https://good.example.evil.example/")],
            [("referer", "https://evil.example/"), ("sec-fetch-site", "same-origin")],
            [("referer", "http://good.example/")],
            [("sec-fetch-site", "cross-site")],
            [("sec-fetch-site", "same-site")],
            # A page that keeps its Referer back, over plain HTTP or in an old browser.
            [],
            [("referer", "")],
            [("referer", "good.example")],
            [("referer", "https://good.example@evil.example/")],
            # These make urlsplit raise.
            [("referer", "https://[good.example/")],
            [("referer", "https://[::1]x]/")],
        ],
    )
    def test_a_script_of_another_site_is_forbidden(self, headers):
        assert refusal(*headers, query=SCRIPT) is rejections.ORIGIN_FORBIDDEN

    def test_a_page_of_another_site_that_is_allowed_may_use_scripts(self):
        check(
            ("referer", "https://friend.example/"),
            query=SCRIPT,
            cors_allowed_origins=["https://friend.example"],
        )

    def test_requests_that_are_no_scripts_need_no_referer(self):
        check(("referer", "https://evil.example/"), ("sec-fetch-site", "cross-site"))


class TestAllowRequest:
    def test_it_sees_the_request(self):
        seen = []

        def allow(request):
            seen.append(request.query)
            return True

        check(allow_request=allow)
        assert seen == [PLAIN]

    @pytest.mark.parametrize("verdict", [False, None, 0, 1, object()])
    def test_anything_but_true_refuses(self, verdict):
        rejection = refusal(allow_request=lambda request: verdict)

        assert (rejection.status, rejection.code, rejection.message) == (403, 4, "Forbidden")

    def test_a_coroutine_is_not_true(self):
        """A function that is async by mistake must not let everybody in."""
        coroutines = []

        async def allow(request):
            return True

        def call(request):
            coroutines.append(allow(request))
            return coroutines[0]

        assert refusal(allow_request=call) is rejections.FORBIDDEN
        coroutines[0].close()

    def test_it_may_say_why(self):
        """403 code 4 with the application's text."""
        rejection = refusal(allow_request=lambda request: "banned until noon")

        assert (rejection.status, rejection.code) == (403, 4)
        assert rejection.message == "banned until noon"

    def test_when_it_fails_the_request_is_refused(self):
        """Rule: "Fails as 400 code 3" (MIDDLEWARE_FAILURE)."""
        with pytest.raises(Rejected) as caught:
            check(allow_request=fail)

        assert caught.value.rejection is rejections.REQUEST_FAILURE
        assert isinstance(caught.value.__cause__, LookupError)


def test_the_order_of_the_checks():
    """Rule: "Check order: transport, Origin characters, ..."; the application comes last."""
    asked: list[Request] = []
    bad = ("origin", "\n")
    foreign = ("origin", "https://evil.example")

    assert refusal(bad, query="", allow_request=asked.append) is rejections.TRANSPORT_UNKNOWN
    assert refusal(bad, allow_request=asked.append) is rejections.INVALID_ORIGIN
    assert refusal(foreign, allow_request=asked.append) is rejections.ORIGIN_FORBIDDEN
    assert asked == []
