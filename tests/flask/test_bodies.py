"""Bodies of requests that functions of the application have read before the core does."""

import io
from collections.abc import Callable
from typing import Any

import flask
import pytest
from flask import request

from engineio.testing import ConnectionClosed
from flask_engineio import EngineIO
from tests.flask.test_http import POLL, engineio_sid
from tests.sync.served import eventually

READERS: dict[str, Callable[[], object]] = {
    "get_data": lambda: request.get_data(),
    "data": lambda: request.data,
    "form": lambda: request.form,
    "json": lambda: request.get_json(silent=True, force=True),
    "stream": lambda: request.stream,
}


@pytest.fixture(params=["before_request", "after_request"])
def around(request: pytest.FixtureRequest, app: flask.Flask) -> Callable[[Any], Any]:
    """Lets a function run with every request."""

    def add(read: Callable[[], object]) -> None:
        def before() -> None:
            read()

        def after(response: flask.Response) -> flask.Response:
            read()
            return response

        if request.param == "before_request":
            app.before_request(before)
        else:
            app.after_request(after)

    return add


@pytest.mark.parametrize("reader", READERS)
def test_a_body_may_be_read_around_the_view(
    app: flask.Flask, around: Callable[[Any], Any], transport: str, reader: str
) -> None:
    eio = EngineIO(app)
    eio.on("message", lambda sid, data: eio.send(sid, data))
    around(READERS[reader])

    with eio.test_client(app, transport=transport) as client:
        for text in ("hello", "x" * 100_000):
            client.send(text)
            assert client.receive() == text
        if transport == "polling":
            client.upgrade()
        client.send("over WebSocket")
        assert client.receive() == "over WebSocket"


@pytest.mark.parametrize("is_terminated", [True, False])
def test_a_chunked_body_may_be_read(
    app: flask.Flask, around: Callable[[Any], Any], is_terminated: bool
) -> None:
    """Flask reads none where the server does not end it, and then the core may read it still."""
    eio = EngineIO(app)
    heard: list[object] = []
    seen: list[bytes] = []
    eio.on("message", lambda sid, data: heard.append(data))
    around(lambda: seen.append(request.get_data()))
    http = app.test_client()
    sid = engineio_sid(http.get(f"/engine.io/?{POLL}").get_data(as_text=True))

    environ: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    if is_terminated:
        environ["wsgi.input_terminated"] = True
        body: Any = io.BytesIO(b"4hello")
    else:
        # As wsgiref has it.
        environ["SERVER_SOFTWARE"] = "WSGIServer/0.2"
        body = io.BufferedReader(io.BytesIO(b"6\r\n4hello\r\n0\r\n\r\n"))
    environ["wsgi.input"] = body
    answer = http.post(f"/engine.io/?{POLL}&sid={sid}", environ_overrides=environ)

    assert (answer.status_code, answer.get_data()) == (200, b"ok")
    eventually(lambda: heard == ["hello"])
    assert seen[-1] == (b"4hello" if is_terminated else b"")


def test_a_body_that_was_read_has_the_limits_of_the_core(
    app: flask.Flask, around: Callable[[Any], Any]
) -> None:
    EngineIO(app, max_payload=100)
    around(lambda: request.get_data())
    http = app.test_client()
    sid = engineio_sid(http.get(f"/engine.io/?{POLL}").get_data(as_text=True))

    environ = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    answer = http.post(
        f"/engine.io/?{POLL}&sid={sid}",
        environ_overrides={
            **environ,
            "wsgi.input": io.BytesIO(b"4" + b"x" * 100),
            "wsgi.input_terminated": True,
        },
    )

    assert answer.status_code == 413


def test_a_body_that_is_read_and_thrown_away_is_answered(
    app: flask.Flask, around: Callable[[Any], Any]
) -> None:
    """Nothing waits for it to come again."""
    eio = EngineIO(app)
    around(lambda: request.get_data(cache=False))

    with eio.test_client(app) as client, pytest.raises(ConnectionClosed):
        client.send("hello")
    eventually(lambda: eio.sids == [])
