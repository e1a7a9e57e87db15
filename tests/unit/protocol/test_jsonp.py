"""JSONP: the callback index, the script, the form."""

import json
import re
import sys

import pytest

from engineio.errors import PacketError
from engineio.protocol.jsonp import index_of, unwrap, wrap

SCRIPT = re.compile(rb"___eio\[([0-9]+)\]\((.*)\);", re.DOTALL)


def payload_of(script):
    """Read a script as a browser does: JSON is JavaScript, but for two characters."""
    call = SCRIPT.fullmatch(script)
    assert call is not None
    literal = call[2].decode()
    assert "\u2028" not in literal
    assert "\u2029" not in literal
    return json.loads(literal)


@pytest.mark.parametrize("value", ["0", "7", "007", "123456789"])
def test_f29_an_index_is_one_to_nine_digits(value):
    assert index_of(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1234567890",
        "-1",
        "+1",
        "1.0",
        "1\n",
        " 1",
        "0x1",
        "1_0",
        "a",
        "٣",
        "３",
        "²",
        "]);alert(1);//",
        "1\r\nX: y",
        "1\0",
        "9" * 65_536,
    ],
)
def test_f29_sec41_sec44_nothing_else_is_an_index(value):
    with pytest.raises(PacketError):
        index_of(value)


def test_a_payload_is_wrapped_in_a_call():
    assert wrap("3", '0{"sid":"x"}') == rb'___eio[3]("0{\"sid\":\"x\"}");'


@pytest.mark.parametrize(
    ("payload", "literal"),
    [
        ("", '""'),
        ('"', r'"\""'),
        ("\\", r'"\\"'),
        ("\n\r\t\0", r'"\n\r\t\u0000"'),
        ("\u2028\u2029", r'"\u2028\u2029"'),
        ("\\u2028", r'"\\u2028"'),
        ("</script>", r'"\u003c/script>"'),
        ("<!--", r'"\u003c!--"'),
        ("\x1e", r'"\u001e"'),
        ("é€😀\ufeff", '"é€😀\ufeff"'),
    ],
    ids=ascii,
)
def test_f30_what_a_script_could_misread_is_escaped(payload, literal):
    assert wrap("0", payload) == f"___eio[0]({literal});".encode()


def test_f30_every_code_point_survives():
    surrogates = range(0xD800, 0xE000)
    everything = "".join(chr(code) for code in range(sys.maxunicode + 1) if code not in surrogates)

    script = wrap("0", everything)

    assert payload_of(script) == everything
    assert b"<" not in script
    assert b"\n" not in script
    assert b"\r" not in script


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        (b"d=4hello", b"4hello"),
        (b"d=6%3A4hello", b"6:4hello"),
        (b"d=4a+b%20c%2B", b"4a b c+"),
        (b"d=4%E2%82%AC%f0%9f%98%80", "4€😀".encode()),
        ("d=4€".encode(), "4€".encode()),
        (b"d=4%00", b"4\0"),
        (b"d=4a\x1e4b", b"4a\x1e4b"),
        (b"d=4a%26d%3Db", b"4a&d=b"),
        (b"d=4a=b", b"4a=b"),
        (b"x=1&d=4a&dd=2&y", b"4a"),
        (b"d=%zz%4", b"%zz%4"),
        (b"d=%2525", b"%25"),
    ],
    ids=ascii,
)
def test_f28_a_form_is_decoded(body, payload):
    assert unwrap(body) == payload


@pytest.mark.parametrize(
    ("sent", "payload"),
    [
        (rb"4a\nb", b"4a\nb"),
        (rb"4a\\nb", rb"4a\nb"),
        (rb"4\n\n\\n\n", b"4\n\n\\n\n"),
        (rb"4\\\n", rb"4\\n"),
        (rb"4\\\\n", rb"4\\\n"),
        (rb"4\t\x", rb"4\t\x"),
        (b"4\\", b"4\\"),
        (b"4\n", b"4\n"),
    ],
    ids=ascii,
)
def test_f28_escaped_newlines_are_restored(sent, payload):
    assert unwrap(b"d=" + sent.replace(b"\\", b"%5C")) == payload
    assert unwrap(b"d=" + sent) == payload


def test_f28_escaped_newlines_come_back_as_the_javascript_client_escapes_them():
    for text in ("a\nb", "a\\nb", "\\n\n", "\n", "plain", "\\", "\\t"):
        # The client doubles what looks like an escaped newline, then escapes the real ones.
        escaped = text.replace("\\n", "\\\\n").replace("\n", "\\n")
        assert unwrap(b"d=" + escaped.encode()) == text.encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"d",
        b"d=",
        b"x=1",
        b"D=4a",
        b"d=4a&d=4b",
        b"d=4a&d=",
        b"d=&d=4a",
        b"%64=4a",
        b" d=4a",
        b"&" * 100_000,
        b"d=4&" * 100_000,
    ],
    ids=lambda body: ascii(body[:12]),
)
def test_f28_a_form_has_exactly_one_payload(body):
    with pytest.raises(PacketError):
        unwrap(body)
