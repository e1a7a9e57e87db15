"""Requests as a Flask application has them: functions around the view, limits, other answers."""

from typing import Any

import flask
import pytest
from flask import session
from werkzeug.middleware.proxy_fix import ProxyFix

import engineio
from engineio.testing import ConnectionRejected
from flask_engineio import EngineIO
from flask_engineio.pytest_plugin import Connect
from tests.sync.served import eventually

POLL = "EIO=4&transport=polling"


def test_functions_after_the_request_change_every_answer(app: flask.Flask, transport: str) -> None:
    """Also of a poll whose answer they see before it is known."""
    eio = EngineIO(app)
    eio.on("message", lambda sid, data: eio.send(sid, data))

    @app.after_request
    def stamp(response: flask.Response) -> flask.Response:
        response.headers["X-Stamp"] = "1"
        return response

    with eio.test_client(app, transport=transport) as client:
        assert client.response is not None
        assert client.response.header("X-Stamp") == "1"
        client.send("hello")
        assert client.receive() == "hello"
        if transport == "polling":
            eio.send(client.sid, "waiting")
            poll = app.test_client().get(f"/engine.io/?{POLL}&sid={client.sid}")
            assert poll.headers["X-Stamp"] == "1"


def test_an_answer_that_is_known_may_be_changed_as_any_other(app: flask.Flask) -> None:
    EngineIO(app)

    @app.after_request
    def change(response: flask.Response) -> flask.Response:
        response.set_data(response.get_data().upper())
        response.status_code = 418
        return response

    answer = app.test_client().get("/engine.io/?EIO=4&transport=nothing")

    assert answer.status_code == 418
    assert answer.get_data() == b'{"CODE":0,"MESSAGE":"TRANSPORT UNKNOWN"}'
    assert answer.content_length == 40


def test_nothing_is_added_to_an_answer_without_a_body(app: flask.Flask) -> None:
    EngineIO(app)

    answer = app.test_client().options("/engine.io/?EIO=4")

    assert answer.status_code == 204
    assert "Content-Type" not in answer.headers


def test_a_poll_brings_back_no_session_of_the_past(app: flask.Flask) -> None:
    """A permanent session is sent with every answer: who logs out while a poll waits, is out."""
    eio = EngineIO(app)

    @app.post("/login")
    def login() -> str:
        session.permanent = True
        session["user"] = "ada"
        return "in"

    http = app.test_client()
    http.post("/login")
    client = eio.test_client(app, http)
    engine = eio.server.driver.engine.sessions[client.sid]
    eventually(lambda: engine.polling.get is not None)
    client.close()

    opening = http.get(f"/engine.io/?{POLL}")
    assert "Set-Cookie" in opening.headers
    sid = engineio_sid(opening.get_data(as_text=True))
    post = http.post(f"/engine.io/?{POLL}&sid={sid}", data="4x", content_type="text/plain")
    assert (post.status_code, post.get_data()) == (200, b"ok")
    assert "Set-Cookie" not in post.headers
    assert post.headers["Vary"] == "Cookie"


def engineio_sid(body: str) -> str:
    """Return the id in the answer to a handshake."""
    sid: str = flask.json.loads(body[1:])["sid"]
    return sid


@pytest.mark.parametrize("fails", [False, True], ids=["replaced", "failed"])
def test_an_answer_that_is_replaced_ends_the_session(
    app: flask.Flask, transport: str, fails: bool
) -> None:
    """Its packets were never written, and nothing hangs because of it."""
    eio = EngineIO(app)
    broken: list[bool] = [True]
    gone: list[engineio.Reason] = []
    eio.on("disconnect", lambda sid, reason: gone.append(reason))

    @app.after_request
    def replace(response: flask.Response) -> Any:
        if broken:
            if fails:
                raise RuntimeError("asked to fail")
            return flask.Response("instead", 503)
        return response

    with pytest.raises(ConnectionRejected) as refused:
        eio.test_client(app, transport=transport)
    assert refused.value.status == (500 if fails else 503)
    eventually(lambda: eio.sids == [])
    assert len(gone) == 1


def test_an_answer_that_a_teardown_function_prevents_ends_the_session(
    app: flask.Flask, transport: str
) -> None:
    """Flask drops it then, and the server hears of the error alone."""
    eio = EngineIO(app)
    broken: list[bool] = [True]
    gone: list[engineio.Reason] = []
    eio.on("disconnect", lambda sid, reason: gone.append(reason))

    @app.teardown_request
    def fail(error: BaseException | None) -> None:
        if broken:
            broken.pop()
            raise RuntimeError("asked to fail")

    with pytest.raises(ConnectionRejected) as refused:
        eio.test_client(app, transport=transport)
    assert refused.value.status == 500
    eventually(lambda: eio.sids == [])
    eventually(lambda: len(gone) == 1)


def test_a_poll_that_is_replaced_while_it_would_wait(
    app: flask.Flask, engineio_client: Connect
) -> None:
    eio = EngineIO(app)
    gone: list[engineio.Reason] = []
    eio.on("disconnect", lambda sid, reason: gone.append(reason))

    @app.after_request
    def replace(response: flask.Response) -> flask.Response:
        return flask.Response("instead") if "sid" in flask.request.args else response

    engineio_client(app).wait_closed()

    eventually(lambda: gone == [engineio.Reason.TRANSPORT_ERROR])


def test_the_limits_of_the_application_have_no_say(app: flask.Flask, transport: str) -> None:
    """``MAX_CONTENT_LENGTH`` is smaller than ``max_payload`` here."""
    app.config["MAX_CONTENT_LENGTH"] = 10
    eio = EngineIO(app, max_payload=200_000)
    eio.on("message", lambda sid, data: eio.send(sid, str(len(data))))

    with eio.test_client(app, transport=transport) as client:
        client.send("x" * 150_000)
        assert client.receive() == "150000"


def test_an_application_with_a_response_class_and_middleware_of_its_own(transport: str) -> None:
    class Own(flask.Response):
        pass

    class App(flask.Flask):
        response_class = Own

    app = App(__name__)
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]  # Flask documents it so
    eio = EngineIO(app)
    kinds: list[type] = []

    @app.after_request
    def look(response: flask.Response) -> flask.Response:
        kinds.append(type(response))
        return response

    eio.on("message", lambda sid, data: eio.send(sid, flask.request.remote_addr or ""))
    proxied = {"X-Forwarded-For": "10.1.2.3"}
    with eio.test_client(app, transport=transport, headers=proxied) as client:
        client.send("where from?")
        assert client.receive() == "10.1.2.3"
    assert all(issubclass(kind, Own) for kind in kinds)


def test_what_is_refused_is_refused_by_the_core(app: flask.Flask) -> None:
    """Every method reaches the core, so that there is one place that decides."""
    EngineIO(app)
    http = app.test_client()

    answer = http.put(f"/engine.io/?{POLL}")
    assert (answer.status_code, answer.get_json()["code"]) == (400, 2)
    answer = http.open(f"/engine.io/?{POLL}", method="BREW", headers={"Upgrade": "websocket"})
    assert (answer.status_code, answer.get_json()["code"]) == (400, 2)
    answer = http.options("/engine.io/?EIO=4", headers={"Origin": "http://evil.example"})
    assert answer.status_code == 204
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert http.get(f"//engine.io//?{POLL}").status_code == 404
    # In memory there is no socket for a WebSocket.
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    answer = http.get("/engine.io/?EIO=4&transport=websocket", headers=upgrade)
    assert answer.status_code == 400
