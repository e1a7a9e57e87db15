"""A chat with a login, in one Flask application: ``flask --app examples.flask_chat.app run``.

Who may talk is decided by Flask-Login, over polling and WebSocket alike; who talks is the
``current_user`` of every event.
"""

from pathlib import Path

import flask
from flask import abort, request
from flask_login import LoginManager, UserMixin, current_user, login_user

from flask_engineio import EngineIO, current_engineio

HERE = Path(__file__).parent
CLIENT = HERE.parent / "demo/node_modules/engine.io-client/dist"
LONGEST_NAME, LONGEST_TEXT = 24, 2_000

chat = flask.Blueprint("chat", __name__)
login_manager = LoginManager()
eio = EngineIO()


class User(UserMixin):
    """Somebody with a name, which is all that this chat wants to know."""

    def __init__(self, name: str) -> None:
        self.id = name


login_manager.user_loader(User)


@chat.get("/")
def home() -> flask.Response:
    """Serve the page."""
    return flask.send_file(HERE / "index.html")


@chat.get("/client/<path:name>")
def client(name: str) -> flask.Response:
    """Serve the official JavaScript client."""
    return flask.send_from_directory(CLIENT, name)


@chat.post("/login")
def login() -> dict[str, str]:
    """Take a name."""
    name = request.form.get("name", "").strip()[:LONGEST_NAME]
    if not name:
        abort(400, "a name, please")
    login_user(User(name))
    return {"name": name}


@chat.post("/announce")
def announce() -> dict[str, int]:
    """Say something to everybody, from an ordinary view."""
    text = request.get_data(as_text=True)
    return {"told": current_engineio.broadcast({"from": None, "text": text})}


@eio.on("connect")
def connected(sid: str) -> None:
    """Let in who has logged in, and tell the others."""
    if not current_user.is_authenticated:
        abort(401, "log in first")
    eio.broadcast({"from": None, "text": f"{current_user.id} is here"})


@eio.on("message")
def received(sid: str, data: str | bytes) -> None:
    """Tell everybody what somebody says."""
    if isinstance(data, str) and data.strip():
        eio.broadcast({"from": current_user.id, "text": data[:LONGEST_TEXT]})


@eio.on("disconnect")
def gone(sid: str, reason: str) -> None:
    """Tell everybody who has left."""
    eio.broadcast({"from": None, "text": f"{current_user.id} has left: {reason}"})


def create_app() -> flask.Flask:
    """Return the application."""
    app = flask.Flask(__name__)
    # Anybody who knows it can sign in as anybody: a real application has a secret one.
    app.config["SECRET_KEY"] = "known to everybody"
    app.config.from_prefixed_env()
    login_manager.init_app(app)
    app.register_blueprint(chat)
    eio.init_app(app)
    return app
