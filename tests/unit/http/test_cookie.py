"""The session cookie: defaults, attributes, what is refused."""

import pytest

from engineio.errors import ConfigError
from engineio.http.cookie import SessionCookie


def value(option, sid="abc", *, secure=False):
    cookie = SessionCookie.build(option)
    assert cookie is not None
    name, header = cookie.header(sid, secure=secure)
    assert name == "Set-Cookie"
    return header


def test_no_option_means_no_cookie():
    assert SessionCookie.build(None) is None


def test_f92_a_name_gets_safe_attributes():
    assert value("io") == "io=abc; Path=/; HttpOnly; SameSite=Lax"
    assert value("io", secure=True) == "io=abc; Path=/; HttpOnly; SameSite=Lax; Secure"


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ({}, "io=abc; Path=/; HttpOnly; SameSite=Lax"),
        ({"name": "sid"}, "sid=abc; Path=/; HttpOnly; SameSite=Lax"),
        ({"path": "/chat"}, "io=abc; Path=/chat; HttpOnly; SameSite=Lax"),
        ({"path": None}, "io=abc; HttpOnly; SameSite=Lax"),
        ({"path": False}, "io=abc; HttpOnly; SameSite=Lax"),
        ({"httponly": False}, "io=abc; Path=/; SameSite=Lax"),
        ({"samesite": "strict"}, "io=abc; Path=/; HttpOnly; SameSite=Strict"),
        ({"samesite": "LAX"}, "io=abc; Path=/; HttpOnly; SameSite=Lax"),
        ({"samesite": None}, "io=abc; Path=/; HttpOnly"),
        ({"samesite": False}, "io=abc; Path=/; HttpOnly"),
        ({"samesite": "None"}, "io=abc; Path=/; HttpOnly; SameSite=None; Secure"),
        ({"secure": True}, "io=abc; Path=/; HttpOnly; SameSite=Lax; Secure"),
        ({"max_age": 3600}, "io=abc; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"),
        (
            {"domain": "good.example"},
            "io=abc; Path=/; Domain=good.example; HttpOnly; SameSite=Lax",
        ),
        (
            {"domain": ".good.example"},
            "io=abc; Path=/; Domain=.good.example; HttpOnly; SameSite=Lax",
        ),
        ({"name": "__Host-io"}, "__Host-io=abc; Path=/; HttpOnly; SameSite=Lax; Secure"),
        (
            {"name": "__Secure-io", "path": "/x"},
            "__Secure-io=abc; Path=/x; HttpOnly; SameSite=Lax; Secure",
        ),
    ],
    ids=repr,
)
def test_attributes_can_be_chosen(option, expected):
    assert value(option) == expected


@pytest.mark.parametrize("secure", [True, False])
def test_f92_secure_can_be_chosen_against_the_scheme(secure):
    assert value({"secure": True}, secure=secure).endswith("; Secure")
    assert "Secure" not in value({"secure": False}, secure=secure)


@pytest.mark.parametrize("spelling", ["httpOnly", "HttpOnly", "http_only", "http-only", "HTTPONLY"])
def test_spellings_of_other_libraries_are_understood(spelling):
    assert "HttpOnly" not in value({spelling: False})
    assert "Max-Age=5" in value({"Max-Age": 5, "sameSite": "Lax"})


@pytest.mark.parametrize(
    ("option", "complaint"),
    [
        ("", "name"),
        ("a b", "name"),
        ("a=b", "name"),
        ("a;b", "name"),
        ("io\r\nX: y", "name"),
        ("io\n", "name"),
        ("ïo", "name"),
        ({"name": None}, "name"),
        ({"name": 5}, "name"),
        ({"path": "chat"}, "path"),
        ({"path": ""}, "path"),
        ({"path": "/; Domain=evil.example"}, "path"),
        ({"path": "/\r\nX: y"}, "path"),
        ({"path": True}, "path"),
        ({"path": 0}, "path"),
        ({"domain": "evil.example; Secure"}, "domain"),
        ({"domain": "a..b"}, "domain"),
        ({"domain": ""}, "domain"),
        ({"domain": "a\n"}, "domain"),
        ({"domain": False}, "domain"),
        ({"max_age": 0}, "max_age"),
        ({"max_age": -1}, "max_age"),
        ({"max_age": 1.5}, "max_age"),
        ({"max_age": "5; Secure"}, "max_age"),
        ({"max_age": True}, "max_age"),
        ({"httponly": "false"}, "httponly"),
        ({"httponly": 1}, "httponly"),
        ({"httponly": None}, "httponly"),
        ({"secure": "no"}, "secure"),
        ({"secure": 0}, "secure"),
        ({"samesite": "Lax; Domain=evil.example"}, "samesite"),
        ({"samesite": "x"}, "samesite"),
        ({"samesite": True}, "samesite"),
        ({"samesite": "None", "secure": False}, "requires secure"),
        ({"name": "__Host-io", "secure": False}, "requires secure"),
        ({"name": "__Secure-io", "secure": False}, "requires secure"),
        ({"name": "__Host-io", "path": "/x"}, "requires the path"),
        ({"name": "__Host-io", "path": None}, "requires the path"),
        ({"name": "__Host-io", "domain": "a.example"}, "no domain"),
        ({"httponly": True, "httpOnly": True}, "twice"),
        ({"sameside": "Lax"}, "did you mean samesite"),
        ({"xyzzy": 1}, "unknown attribute 'xyzzy'$"),
        ({5: 1}, "unknown attribute 5$"),
        (True, "must be a name"),
        (["io"], "must be a name"),
        (b"io", "must be a name"),
    ],
    ids=repr,
)
def test_f92_nothing_else_gets_into_the_header(option, complaint):
    with pytest.raises(ConfigError, match=complaint):
        SessionCookie.build(option)


@pytest.mark.parametrize("sid", ["lv_VI97HAXpY6yYWAAAC", "a-b.c~d", "0"])
def test_the_session_id_is_the_value(sid):
    assert value("io", sid).startswith(f"io={sid}; ")


@pytest.mark.parametrize("sid", ["", "a b", "a;b", "a,b", 'a"b', "a\\b", "a\r\nX: y", "a\0", "é"])
def test_sec44_a_session_id_that_is_no_cookie_value_is_refused(sid):
    with pytest.raises(ValueError, match="cannot be the value"):
        value("io", sid)
