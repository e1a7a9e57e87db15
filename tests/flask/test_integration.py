"""How a server gets into an application, in every way that Flask knows."""

import gc
import subprocess
import sys
from typing import Any

import flask
import pytest

import engineio
import flask_engineio
from engineio.testing import ConnectionRejected
from flask_engineio import EngineIO, ExtensionMixin, current_engineio
from flask_engineio.pytest_plugin import Connect

POLL = "EIO=4&transport=polling"


def echo(eio: EngineIO) -> EngineIO:
    """Make a server send everything back."""
    eio.on("message", lambda sid, data: eio.send(sid, data))
    return eio


def with_init_app(app: flask.Flask) -> EngineIO:
    eio = EngineIO()
    eio.init_app(app)
    return eio


def with_the_application(app: flask.Flask) -> EngineIO:
    return EngineIO(app)


def with_register_extension(app: Any) -> EngineIO:
    eio: EngineIO = app.register_extension(EngineIO())
    return eio


def with_register_blueprint(app: flask.Flask) -> EngineIO:
    eio = EngineIO()
    app.register_blueprint(eio)
    return eio


WAYS = [with_init_app, with_the_application, with_register_extension, with_register_blueprint]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("transport", ["polling", "websocket", "upgrade"])
def test_the_ways_to_register(
    app: flask.Flask, engineio_client: Connect, way: Any, transport: str
) -> None:
    echo(way(app))

    client = engineio_client(app, transport=transport)
    for data in ("hello", b"\x00\x01", "€" * 100_000):
        client.send(data)
        assert client.receive() == data


def test_register_extension_is_for_every_extension_and_typed() -> None:
    class Other:
        def init_app(self, app: Any, color: str = "") -> None:
            app.config["COLOR"] = color

    class Own(ExtensionMixin, flask.Flask):
        pass

    for kind in (flask_engineio.Flask, Own):
        app = kind(__name__)
        other = Other()
        assert app.register_extension(other, color="red") is other
        assert app.config["COLOR"] == "red"
        assert isinstance(app.register_extension(EngineIO()), EngineIO)


def test_a_flask_that_has_the_method_keeps_its_own() -> None:
    program = (
        "import flask; flask.Flask.register_extension = 'its own'; import flask_engineio;"
        "print(flask.Flask.register_extension)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("its own\n", "")


def test_handlers_may_come_before_the_application_and_after(
    app: flask.Flask, engineio_client: Connect
) -> None:
    eio = EngineIO()
    heard: list[Any] = []
    eio.on("headers", lambda headers, request: headers.append(("X-Early", "1")))
    eio.on_connect(lambda sid: heard.append("early"))
    eio.init_app(app)
    eio.on("headers", lambda headers, request: headers.append(("X-Late", "1")))
    eio.on_connect(lambda sid: heard.append("late"))

    client = engineio_client(app)
    assert heard == ["late"]
    assert client.response is not None
    assert client.response.header("X-Early") == client.response.header("X-Late") == "1"


@pytest.mark.parametrize(
    ("path", "prefix", "where"),
    [
        ("/engine.io/", "/realtime", "/realtime/engine.io/"),
        ("live", None, "/live"),
        ("/", "/only/", "/only/"),
    ],
)
def test_paths_and_prefixes(
    app: flask.Flask, engineio_client: Connect, transport: str, path: str, prefix: Any, where: str
) -> None:
    echo(EngineIO(app, path=path, url_prefix=prefix))

    client = engineio_client(app, transport=transport, path=where)
    client.send("hello")
    assert client.receive() == "hello"
    for other in ("/", "/engine.io/"):
        assert app.test_client().get(f"{other}?{POLL}").status_code == 404


def test_nested_blueprints(app: flask.Flask, engineio_client: Connect, transport: str) -> None:
    eio = echo(EngineIO())
    chat = flask.Blueprint("chat", __name__, url_prefix="/chat")
    chat.register_blueprint(eio, url_prefix="/live")
    rooms = flask.Blueprint("rooms", __name__, url_prefix="/rooms")
    rooms.register_blueprint(chat)
    app.register_blueprint(rooms)

    client = engineio_client(app, transport=transport)
    client.send("hello")
    assert client.receive() == "hello"
    with app.test_request_context():
        url = flask.url_for("rooms.chat.engineio.endpoint")
        assert url == "/rooms/chat/live/engine.io/"


def test_the_view_has_a_name(app: flask.Flask) -> None:
    EngineIO(app)

    with app.test_request_context():
        assert flask.url_for("engineio.endpoint") == "/engine.io/"


def test_a_wall_in_front_of_the_blueprint(app: flask.Flask, transport: str) -> None:
    eio = EngineIO()

    @eio.before_request
    def wall() -> None:
        flask.abort(418)

    eio.init_app(app)
    with pytest.raises(ConnectionRejected) as refused:
        eio.test_client(app, transport=transport)
    assert refused.value.status == 418


def test_setting_up_twice_is_an_error(app: flask.Flask) -> None:
    eio = EngineIO(app)
    with pytest.raises(RuntimeError, match="already"):
        eio.init_app(app)
    with pytest.raises(ValueError, match="already registered"):
        EngineIO(app)


# -- several -----------------------------------------------------------------------------------


def test_several_servers_in_one_application(app: flask.Flask, transport: str) -> None:
    app.config["ENGINEIO_PING_INTERVAL"] = 20
    app.config["ADMIN_ENGINEIO_PING_INTERVAL"] = 10
    eio = echo(EngineIO(app))
    admin = EngineIO(app, name="admin", path="/admin/")
    admin.on("message", lambda sid, data: admin.send(sid, f"admin: {data}"))

    with eio.test_client(app, transport=transport) as one:
        assert one.handshake["pingInterval"] == 20_000
        with admin.test_client(app, transport=transport) as other:
            assert other.handshake["pingInterval"] == 10_000
            other.send("hello")
            assert other.receive() == "admin: hello"
            assert (eio.sids, admin.sids) == ([one.sid], [other.sid])
        with app.app_context():
            assert current_engineio == eio


def test_several_applications_have_a_server_each(engineio_client: Connect, transport: str) -> None:
    """Handlers are shared, sessions and configuration are not."""
    eio = EngineIO()

    @eio.on_message
    def received(sid: str, data: str) -> None:
        eio.broadcast(f"{flask.current_app.name}: {data}")

    apps = [flask.Flask("one"), flask.Flask("two")]
    apps[1].config["ENGINEIO_MAX_PAYLOAD"] = 500
    for app in apps:
        eio.init_app(app)

    one = engineio_client(apps[0], transport=transport)
    two = engineio_client(apps[1], transport=transport)
    assert (one.handshake["maxPayload"], two.handshake["maxPayload"]) == (1_000_000, 500)
    one.send("hello")
    two.send("hello")
    assert (one.receive(), two.receive()) == ("one: hello", "two: hello")
    assert one.receive_nothing()
    with pytest.raises(RuntimeError, match="several applications"):
        eio.broadcast("to whom?")
    with apps[1].app_context():
        assert eio.sids == [two.sid]
        assert eio.broadcast("to two") == 1
    assert two.receive() == "to two"


def test_an_application_that_is_gone_takes_its_server_along() -> None:
    eio = EngineIO()
    with pytest.raises(RuntimeError, match="no application"):
        eio.send("sid", "hello")
    eio.init_app(flask.Flask(__name__))
    assert eio.sids == []

    gc.collect()
    with pytest.raises(RuntimeError, match="no application"):
        eio.broadcast("hello")


def test_current_engineio_from_a_view(app: flask.Flask, engineio_client: Connect) -> None:
    EngineIO(app)

    @app.post("/notify")
    def notify() -> dict[str, int]:
        return {"told": current_engineio.broadcast(flask.request.get_data(as_text=True))}

    client = engineio_client(app)
    assert app.test_client().post("/notify", data="news").json == {"told": 1}
    assert client.receive() == "news"


# -- configuration -----------------------------------------------------------------------------


def test_the_configuration_wins_over_code(app: flask.Flask, engineio_client: Connect) -> None:
    app.config.update(
        ENGINEIO_PING_INTERVAL=7, ENGINEIO_PATH="/here/", ENGINEIO_MAX_HTTP_BUFFER_SIZE=10_000
    )
    eio = EngineIO(app, ping_interval=20, ping_timeout=9, path="/there/")

    client = engineio_client(app, path="/here/")
    assert client.handshake["pingInterval"] == 7_000
    assert client.handshake["pingTimeout"] == 9_000
    assert client.handshake["maxPayload"] == 10_000
    assert eio.server.async_mode == "threading"


def test_the_configuration_from_the_environment(
    app: flask.Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_ENGINEIO_TRANSPORTS", '["polling"]')
    monkeypatch.setenv("FLASK_ENGINEIO_ASYNC_MODE", "gevent")
    app.config.from_prefixed_env()
    eio = EngineIO(app)

    assert eio.server.config.transports == ("polling",)
    assert eio.server.async_mode == "gevent"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("ENGINEIO_PING_INTERVALL", 20, "ENGINEIO_PING_INTERVALL .*did you mean ENGINEIO_PING_INT"),
        ("ENGINEIO_PONG", 20, "unknown option ENGINEIO_PONG in the configuration"),
        ("ENGINEIO_PING_INTERVAL", "20", "ping_interval must be a number"),
        ("ENGINEIO_ASYNC_MODE", "asgi", "unknown async_mode 'asgi'"),
        ("ENGINEIO_PATH", 5, "ENGINEIO_PATH must be text"),
    ],
)
def test_what_is_wrong_in_the_configuration_is_an_error(
    app: flask.Flask, name: str, value: object, complaint: str
) -> None:
    app.config[name] = value

    with pytest.raises(engineio.ConfigError, match=complaint):
        EngineIO(app)


def test_what_is_wrong_in_code_is_an_error(app: flask.Flask) -> None:
    with pytest.raises(engineio.ConfigError, match="did you mean ping_interval"):
        EngineIO(app, ping_intervall=1)  # type: ignore[call-arg]  # the typo is the point
    with pytest.raises(engineio.ConfigError, match="must take"):
        EngineIO().on("connect", lambda: None)  # type: ignore[call-overload]  # the arity is the point


def test_the_command(app: flask.Flask) -> None:
    app.config["ENGINEIO_CORS_ALLOWED_ORIGINS"] = "https://example.test"
    EngineIO(app, url_prefix="/chat")
    EngineIO(app, name="admin", path="/admin", allow_eio3=True)

    result = app.test_cli_runner().invoke(args=["engineio", "info"])

    assert result.exit_code == 0
    lines = [line.split(maxsplit=1) for line in result.output.splitlines()]
    assert ["path", "/chat/engine.io/"] in lines
    assert ["path", "/admin/"] in lines
    assert ["async", "mode      threading"] in lines
    assert ["origins", "https://example.test"] in lines
    assert ["revisions", "3 and 4"] in lines
