"""What a Flask application with type annotations writes; every line must pass mypy --strict."""

from typing import Any, assert_type

import flask

import engineio
from engineio import DisconnectInfo, Reason
from flask_engineio import EngineIO, ExtensionMixin, Flask, client_connected, current_engineio
from flask_engineio.testing import EngineIOTestClient

app = Flask(__name__)
eio = app.register_extension(EngineIO(ping_interval=20, cors_allowed_origins=["https://a.test"]))
assert_type(eio, EngineIO)
assert_type(eio.server, engineio.Server)
assert_type(current_engineio, EngineIO)


class Own(ExtensionMixin, flask.Flask):
    """An application class of one's own."""


assert_type(Own(__name__).register_extension(EngineIO()), EngineIO)

plain = flask.Flask(__name__)
eio.init_app(plain)
plain.register_blueprint(EngineIO(name="admin", url_prefix="/admin", async_mode="threading"))
chat = flask.Blueprint("chat", __name__)
chat.register_blueprint(eio)


@eio.before_request
def wall() -> None:
    flask.abort(403)


@eio.on_connect
def connected(sid: str, request: flask.Request) -> flask.Response | None:
    eio.save_session(sid, {"path": request.path})
    return None if request.args else flask.Response("no", 403)


@eio.on_connect
def sid_alone(sid: str) -> bool:
    return bool(sid)


@eio.on_message
def received(sid: str, data: str) -> None:
    assert_type(eio.send(sid, data), bool)
    assert_type(eio.broadcast(data, sids=eio.sids), int)
    assert_type(eio.get_session(sid), dict[str, Any])
    with eio.session(sid) as session:
        session["last"] = data
    eio.sleep(1)


@eio.on_disconnect
def gone(sid: str, reason: Reason, info: DisconnectInfo) -> None:
    print(sid, reason.value, info.code)


@eio.on("message")
def by_name(sid: str, data: str | bytes) -> None:
    eio.start_background_task(eio.send, sid, data).join()


@client_connected.connect
def count(sender: flask.Flask, engineio: EngineIO, sid: str) -> None:
    print(sender.name, engineio.transport(sid))


# What decorates keeps the types of what it decorates.
assert_type(sid_alone("x"), bool)


def tests() -> None:
    client = eio.test_client(app, app.test_client(), transport="websocket")
    assert_type(client, EngineIOTestClient)
    with client:
        client.send({"a": 1})
        assert_type(client.receive(), engineio.Data)


# -- mistakes ----------------------------------------------------------------------------------


@eio.on_connect  # type: ignore[arg-type]  # connect takes one or two arguments
def connect_of_three(sid: str, request: flask.Request, more: Any) -> None: ...


@eio.on_connect  # type: ignore[arg-type]  # it is Flask's request, and no environ
def connect_with_environ(sid: str, environ: dict[str, Any]) -> None: ...


@eio.on_message  # type: ignore[arg-type]  # message takes two arguments
def message_of_one(sid: str) -> None: ...


EngineIO(ping_intervall=3)  # type: ignore[call-arg]  # a misspelt option
eio.send("sid", 1.5)  # type: ignore[arg-type]  # not a message
eio.emit("sid", "text")  # type: ignore[attr-defined]  # there is no such method
