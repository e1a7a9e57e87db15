"""Who may come in: decided in ``connect``, with Flask's own means, on both transports alike."""

import logging
from typing import Any

import flask
import flask_login
import pytest
from flask import session
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect

import engineio
from engineio.testing import Answer, ConnectionRejected
from flask_engineio import EngineIO


class User(flask_login.UserMixin):
    """A user of Flask-Login, whose id is the name."""

    def __init__(self, name: str) -> None:
        self.id = name


def with_login(app: flask.Flask, view: str | None = None) -> None:
    """Let users log in with ``/login/<name>``."""
    login_manager = flask_login.LoginManager(app)
    login_manager.login_view = view
    login_manager.user_loader(User)

    @app.post("/login/<name>")
    def login(name: str) -> str:
        flask_login.login_user(User(name))
        return name

    @app.get("/session")
    def whole_session() -> dict[str, Any]:
        return dict(session)


def refused_by(app: flask.Flask, eio: EngineIO, transport: str) -> Answer:
    """Return what a client gets that is not let in."""
    with pytest.raises(ConnectionRejected) as refused:
        eio.test_client(app, transport=transport)
    assert refused.value.answer is not None
    assert eio.sids == []
    return refused.value.answer


def test_the_user_of_flask_login(app: flask.Flask, transport: str) -> None:
    """In ``connect`` and in every later event."""
    with_login(app)
    eio = EngineIO(app)
    gone: list[str] = []

    @eio.on("connect")
    def connected(sid: str) -> bool:
        return bool(current_user.is_authenticated)

    @eio.on("message")
    def received(sid: str, data: str | bytes) -> None:
        eio.send(sid, f"{current_user.id}: {data!s}")

    @eio.on("disconnect")
    def left(sid: str) -> None:
        gone.append(current_user.id)

    answer = refused_by(app, eio, transport)
    assert (answer.status, answer.json()) == (401, "Unauthorized")

    http = app.test_client()
    http.post("/login/ada")
    with eio.test_client(app, http, transport=transport) as client:
        client.send("hello")
        assert client.receive() == "ada: hello"
    eio.server.shutdown()
    assert gone == ["ada"]


def test_what_connect_writes_into_the_session(app: flask.Flask, transport: str) -> None:
    """It is in the cookie that comes with the answer, and later events see it."""
    with_login(app)
    eio = EngineIO(app)

    @eio.on("connect")
    def connected(sid: str) -> None:
        session.pop("old")
        session["new"] = True
        flask_login.login_user(User("ada"))

    @eio.on("message")
    def received(sid: str, data: str | bytes) -> None:
        eio.send(sid, {"name": current_user.id, "new": session["new"], "old": "old" in session})

    http = app.test_client()
    with http.session_transaction() as before:
        before["old"] = True
    with eio.test_client(app, http, transport=transport) as client:
        client.send("who?")
        assert client.receive_json() == {"name": "ada", "new": True, "old": False}
    kept = http.get("/session").get_json()
    assert (kept["new"], kept["_user_id"]) == (True, "ada")


def test_cookies_of_a_handshake_add_to_those_of_the_browser(
    app: flask.Flask, transport: str
) -> None:
    """A deleted one is gone, as in the browser."""
    eio = EngineIO(app)

    @app.after_request
    def cookies(response: flask.Response) -> flask.Response:
        response.set_cookie("new", "2", secure=True, samesite="None")
        response.delete_cookie("old")
        return response

    eio.on("message", lambda sid, data: eio.send(sid, dict(flask.request.cookies)))

    cookies_before = {"old": "1", "other": '"a=b"'}
    with eio.test_client(app, transport=transport, cookies=cookies_before) as client:
        client.send("which?")
        assert client.receive_json() == {"other": "a=b", "new": "2"}


@pytest.mark.parametrize("view", [None, "login_page"])
def test_login_required(app: flask.Flask, transport: str, view: str | None) -> None:
    """A redirect to a login page refuses too: nobody would follow it."""
    with_login(app, view)
    app.add_url_rule("/login-page", "login_page", lambda: "log in")
    eio = EngineIO(app)

    @eio.on("connect")
    @flask_login.login_required
    def connected(sid: str, request: flask.Request) -> None:
        assert request.path == "/engine.io/"

    assert refused_by(app, eio, transport).status == 401
    http = app.test_client()
    http.post("/login/ada")
    with eio.test_client(app, http, transport=transport):
        pass


def test_the_ways_to_refuse(app: flask.Flask, transport: str) -> None:
    eio = EngineIO(app)

    @app.errorhandler(418)
    def teapot(error: Exception) -> tuple[dict[str, str], int, dict[str, str]]:
        return {"what": "a teapot"}, 418, {"X-Pot": "tea"}

    @app.errorhandler(ZeroDivisionError)
    def zero(error: Exception) -> tuple[str, int]:
        return "divided", 400

    eio.on_connect(lambda sid: flask.abort(403, "banned"))
    answer = refused_by(app, eio, transport)
    assert answer.status == 403
    assert b"<p>banned</p>" in answer.body
    assert answer.header("Content-Type") == "text/html; charset=utf-8"

    eio.on_connect(lambda sid: flask.abort(418))
    answer = refused_by(app, eio, transport)
    assert (answer.status, answer.json()) == (418, {"what": "a teapot"})
    assert answer.header("X-Pot") == "tea"

    eio.on_connect(lambda sid: 1 / 0)
    assert refused_by(app, eio, transport).body == b"divided"

    eio.on_connect(lambda sid: flask.Response("full", 503, {"Retry-After": "5"}))
    answer = refused_by(app, eio, transport)
    assert (answer.status, answer.body, answer.header("Retry-After")) == (503, b"full", "5")

    eio.on_connect(lambda sid: {"why": "full"})
    answer = refused_by(app, eio, transport)
    assert (answer.status, answer.json()) == (401, {"why": "full"})

    @eio.on_connect
    def refused(sid: str) -> None:
        raise engineio.ConnectionRefused({"why": "banned"}, status=403)

    answer = refused_by(app, eio, transport)
    assert (answer.status, answer.json()) == (403, {"why": "banned"})


@pytest.mark.parametrize("error", [RuntimeError("broken"), flask.Response("fine")])
def test_what_refuses_nobody_is_a_failure(
    app: flask.Flask, transport: str, error: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The client learns nothing, the log everything, and so does who listens to Flask's signal."""
    eio = EngineIO(app)
    told: list[Exception] = []

    def listen(sender: flask.Flask, exception: Exception, **extra: Any) -> None:
        told.append(exception)

    @eio.on_connect
    def connected(sid: str) -> Any:
        if isinstance(error, Exception):
            raise error
        return error

    with flask.got_request_exception.connected_to(listen, app):
        answer = refused_by(app, eio, transport)

    assert (answer.status, answer.json()) == (401, "Unauthorized")
    failures = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(failures) == 1
    assert told == ([error] if isinstance(error, Exception) else [])


@pytest.mark.parametrize("first", ["csrf", "engineio"])
@pytest.mark.parametrize("nested", [False, True])
def test_csrf_protect_lets_messages_through(app: flask.Flask, first: str, nested: bool) -> None:
    """Whichever is set up first, and nothing else is exempt."""
    eio = EngineIO()
    eio.on("message", lambda sid, data: eio.send(sid, data))
    with_login(app)
    csrf = CSRFProtect()
    if first == "csrf":
        csrf.init_app(app)
    if nested:
        chat = flask.Blueprint("chat", __name__, url_prefix="/chat")
        chat.register_blueprint(eio)
        app.register_blueprint(chat)
    else:
        app.register_blueprint(eio)
    if first == "engineio":
        csrf.init_app(app)

    with eio.test_client(app) as client:
        client.send("hello")
        assert client.receive() == "hello"
    assert app.test_client().post("/login/ada").status_code == 400
