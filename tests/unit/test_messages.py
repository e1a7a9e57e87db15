"""What applications send, as text or bytes."""

import array
import json
from collections import OrderedDict, UserDict
from types import MappingProxyType

import pytest

from engineio.messages import message_data


@pytest.mark.parametrize("data", ["", "text", "null", '{"a":1}', b"", b"\0\xff"])
def test_text_and_bytes_stay_what_they_are(data):
    assert message_data(data, json) is data


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_bytes_like_values_become_bytes(kind):
    data = message_data(kind(b"\1\2\3"), json)

    assert type(data) is bytes
    assert data == b"\1\2\3"


def test_a_view_is_copied_as_it_is_now():
    buffer = bytearray(b"abcd")
    data = message_data(memoryview(buffer)[::2], json)
    buffer[0] = 0

    assert data == b"ac"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"a": 1, "b": [None, True]}, '{"a": 1, "b": [null, true]}'),
        ([1, "ü"], '[1, "\\u00fc"]'),
        ((1, 2), "[1, 2]"),
        ({}, "{}"),
        ([], "[]"),
        (OrderedDict(z=1), '{"z": 1}'),
        (UserDict(a=1), '{"a": 1}'),
        (MappingProxyType({"a": 1}), '{"a": 1}'),
    ],
)
def test_mappings_lists_and_tuples_become_json_text(data, text):
    assert message_data(data, json) == text


class Compact:
    """A JSON module of the application's own, which writes bytes as the fast ones do."""

    @staticmethod
    def dumps(value: object) -> bytes:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()

    loads = staticmethod(json.loads)


def test_another_json_module_may_write_them():
    assert message_data({"a": ["ü"]}, Compact()) == '{"a":["ü"]}'


@pytest.mark.parametrize(
    "data", [None, 1, 1.5, True, object(), {1, 2}, iter([]), range(3), array.array("b", [1])]
)
def test_anything_else_is_an_error_that_names_the_type(data):
    with pytest.raises(TypeError, match=f"not {type(data).__name__}"):
        message_data(data, json)


@pytest.mark.parametrize(
    "data", [{"a": b"\1"}, [object()], MappingProxyType({"a": {1}}), {"a": UserDict(b=1)}]
)
def test_what_json_cannot_say_is_an_error(data):
    with pytest.raises(TypeError):
        message_data(data, json)
