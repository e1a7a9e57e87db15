"""Header fields of a request."""

import pytest

from engineio.http.request import Headers, Request

FIELDS = [("host", "a"), ("x", "1"), ("origin", "b"), ("x", "2")]


def test_a_field_is_found_by_its_name():
    assert Headers(FIELDS).get("origin") == "b"
    assert Headers(FIELDS).all("origin") == ["b"]


def test_the_first_of_repeated_fields_wins():
    assert Headers(FIELDS).get("x") == "1"
    assert Headers(FIELDS).all("x") == ["1", "2"]


@pytest.mark.parametrize("fields", [[], FIELDS, FIELDS[:2]], ids=["none", "repeated", "unique"])
def test_a_missing_field_is_none(fields):
    assert Headers(fields).get("cookie") is None
    assert Headers(fields).all("cookie") == []


def test_one_field_among_unique_ones():
    assert Headers(FIELDS[:2]).all("x") == ["1"]


def test_all_fields_are_kept_in_order():
    assert Headers(iter(FIELDS)).items() == tuple(FIELDS)


def test_a_request_without_a_native_form_has_none():
    assert Request("GET", "/", "", Headers()).native() is None
