"""Responses as values."""

import pytest

from engineio.http.response import Response, json_response, text_response


def test_a_text_response_has_its_content_type():
    assert text_response(200, b"ok", "text/html") == Response(
        200, (("Content-Type", "text/html"),), b"ok"
    )
    assert text_response(413) == Response(413, (("Content-Type", "text/plain"),), b"")


def test_json_is_compact_utf8():
    assert json_response(400, {"code": 1, "message": "é"}) == Response(
        400, (("Content-Type", "application/json"),), '{"code":1,"message":"é"}'.encode()
    )


def test_a_value_without_a_json_form_is_an_error():
    with pytest.raises(TypeError):
        json_response(401, object())


def test_headers_are_appended_to_a_copy():
    response = Response(200, (("A", "1"),), b"x")

    assert response.with_headers(("B", "2")) == Response(200, (("A", "1"), ("B", "2")), b"x")
    assert response.headers == (("A", "1"),)
    assert response.with_headers() is response
