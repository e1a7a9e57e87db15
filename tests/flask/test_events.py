"""Events in Flask's contexts: each in one of its own, which is torn down when the event is over."""

import logging
from collections.abc import Callable
from typing import Any

import flask
import flask.sessions
import pytest
from flask import g, request

import engineio
from flask_engineio import (
    EngineIO,
    client_connected,
    client_disconnected,
    current_engineio,
    message_received,
)
from flask_engineio.pytest_plugin import Connect
from tests.sync.served import eventually


def test_every_event_has_contexts_of_its_own(app: flask.Flask, transport: str) -> None:
    eio = EngineIO(app)
    seen: list[tuple[str, bool]] = []

    def note(event: str) -> None:
        seen.append((event, "before" in g))
        g.before = True
        assert request.path == "/engine.io/"
        assert request.args["room"] == "blue"
        assert request.headers["X-Agent"] == "test"
        assert request.get_data() == b""
        assert flask.current_app.name == app.name
        assert flask.url_for("engineio.endpoint") == "/engine.io/"
        assert current_engineio == eio

    eio.on_connect(lambda sid: note("connect"))

    @eio.on_message
    def received(sid: str, data: str) -> None:
        note("message")
        eio.send(sid, data)

    eio.on_disconnect(lambda sid: note("disconnect"))

    options: Any = {"query": {"room": "blue"}, "headers": {"X-Agent": "test"}}
    with eio.test_client(app, transport=transport, **options) as client:
        for _ in range(2):
            client.send("hello")
            assert client.receive() == "hello"
    eventually(lambda: len(seen) == 4)
    assert seen == [(name, False) for name in ("connect", "message", "message", "disconnect")]


def test_what_belongs_to_an_event_is_torn_down_with_it(app: flask.Flask, transport: str) -> None:
    """So a database session is returned after each message, and not when the WebSocket closes."""
    eio = EngineIO(app)
    opened: list[str] = []
    closed: list[str] = []

    @app.teardown_appcontext
    def close(error: BaseException | None) -> None:
        if "connection" in g:
            closed.append(g.connection)

    def open_connection(event: str) -> None:
        g.connection = f"of {event}"
        opened.append(g.connection)

    eio.on_connect(lambda sid: open_connection("connect"))
    eio.on_message(lambda sid, data: open_connection(data))

    with eio.test_client(app, transport=transport) as client:
        eventually(lambda: closed == ["of connect"])
        for number in range(3):
            client.send(str(number))
        eventually(lambda: closed == ["of connect", "of 0", "of 1", "of 2"])
        assert opened == closed


@pytest.mark.parametrize("parked", [False, True])
def test_nothing_is_held_while_a_client_waits(
    app: flask.Flask, transport: str, parked: bool
) -> None:
    """Not by a poll and not by a WebSocket: both wait outside of all contexts."""
    eio = EngineIO(app)
    open_contexts: set[object] = set()

    @app.before_request
    def enter() -> None:
        g.token = object()
        open_contexts.add(g.token)

    @app.teardown_appcontext
    def leave(error: BaseException | None) -> None:
        open_contexts.discard(g.get("token"))

    with eio.test_client(app, transport=transport) as client:
        session = eio.server.driver.engine.sessions[client.sid]
        eventually(lambda: session.websocket or session.polling.get is not None)
        eventually(lambda: not open_contexts)
        if parked:
            eio.send(client.sid, "hello")
            assert client.receive() == "hello"


def test_the_session_is_opened_by_who_asks_for_it(app: flask.Flask, transport: str) -> None:
    """It may cost a request to a store; and there is one where nothing can be signed, too."""
    opened: list[str] = []

    class Interface(flask.sessions.SecureCookieSessionInterface):
        def open_session(self, app: flask.Flask, request: flask.Request) -> Any:
            opened.append(request.path)
            return super().open_session(app, request)

    app.session_interface = Interface()
    eio = EngineIO(app)

    @eio.on_message
    def received(sid: str, data: str) -> None:
        before = len(opened)
        if data == "look":
            assert dict(flask.session) == {} == dict(flask.session)
            assert not flask.session.permanent
        eio.send(sid, str(len(opened) - before))

    for secret_key in ("of the tests", None):
        app.secret_key = secret_key
        with eio.test_client(app, transport=transport) as client:
            client.send("ignore")
            assert client.receive() == "0"
            client.send("look")
            assert client.receive() == "1"


def test_variable_parts_of_the_prefix(app: flask.Flask, transport: str) -> None:
    eio = EngineIO(app, url_prefix="/<tenant>/")

    @eio.on_message
    def received(sid: str, data: str) -> None:
        assert request.view_args is not None
        eio.send(sid, [request.view_args["tenant"], flask.url_for(".endpoint", tenant="b")])

    with eio.test_client(app, transport=transport, path="/a/engine.io/") as client:
        client.send("who?")
        assert client.receive_json() == ["a", "/b/engine.io/"]


def test_an_error_in_a_handler(
    app: flask.Flask, transport: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The session goes on; the log, teardown functions and Flask's signal hear of it."""
    eio = EngineIO(app)
    told: list[object] = []
    app.teardown_appcontext(lambda error: told.append(error) if error else None)

    def listen(sender: flask.Flask, exception: Exception, **extra: Any) -> None:
        told.append(exception)

    @eio.on_message
    def received(sid: str, data: str) -> None:
        if data == "fail":
            raise RuntimeError("broken")
        eio.send(sid, data)

    flask.got_request_exception.connect(listen, app)
    with eio.test_client(app, transport=transport) as client:
        client.send("fail")
        client.send("hello")
        assert client.receive() == "hello"

    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert told == [record.exc_info[1]] * 2


def test_handlers_may_be_async_as_views_may(app: flask.Flask, transport: str) -> None:
    eio = EngineIO(app)

    @eio.on("connect")
    async def connected(sid: str) -> None:
        eio.save_session(sid, {"room": request.args["room"]})

    @eio.on("message")
    async def received(sid: str, data: Any) -> None:
        eio.send(sid, f"{eio.get_session(sid)['room']}: {data}")

    with eio.test_client(app, transport=transport, query={"room": "blue"}) as client:
        client.send("hello")
        assert client.receive() == "blue: hello"


def test_the_vocabulary(app: flask.Flask, engineio_client: Connect) -> None:
    """Everything that `engineio.Server` can do has the same name here."""
    eio = EngineIO(app)
    ended: list[Any] = []

    @eio.on_message
    def received(sid: str, data: str) -> None:
        saved = eio.get_session(sid)
        eio.save_session(sid, {**saved, "last": data})
        with eio.session(sid) as session:
            session["more"] = 1
        eio.sleep(0)
        eio.send(sid, eio.get_session(sid))

    @eio.on_disconnect
    def gone(sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo) -> None:
        ended.append((reason, info.code))

    client = engineio_client(app)
    client.send("hello")
    assert client.receive_json() == {"last": "hello", "more": 1}
    assert eio.transport(client.sid) == "polling"
    assert eio.broadcast("to all") == 1
    assert client.receive() == "to all"
    eio.disconnect(client.sid)
    eventually(lambda: ended == [(engineio.Reason.SERVER_DISCONNECT, None)])
    eio.shutdown()


@pytest.mark.parametrize("is_async", [False, True])
def test_background_tasks_know_the_application(app: flask.Flask, is_async: bool) -> None:
    eio = EngineIO(app)
    EngineIO(app, name="other", path="/other")
    found: list[object] = []

    def task(one: int, two: int) -> None:
        found.append((flask.current_app.name, one, two))

    async def async_task(one: int, two: int) -> None:
        task(one, two)

    eio.start_background_task(async_task if is_async else task, 1, two=2).join()

    assert found == [(app.name, 1, 2)]


def test_signals(app: flask.Flask, transport: str) -> None:
    """Sent by the application, in the context of the event, in order."""
    eio = EngineIO(app)
    heard: list[tuple[object, ...]] = []

    def listener(name: str) -> Callable[..., None]:
        def listen(sender: object, engineio: EngineIO, sid: str, **values: object) -> None:
            assert (sender, engineio, request.path) == (app, eio, "/engine.io/")
            values.pop("info", None)
            heard.append((name, sid, *values.values()))

        return listen

    listeners = [listener("connected"), listener("message"), listener("disconnected")]
    signals = [client_connected, message_received, client_disconnected]
    for signal, listen in zip(signals, listeners, strict=True):
        signal.connect(listen, app)

    with eio.test_client(app, transport=transport) as client:
        client.send("hello")
        eventually(lambda: len(heard) == 2)
    eventually(lambda: len(heard) == 3)
    reason = "client disconnect" if transport == "polling" else "transport close"
    sid = client.sid
    assert heard == [("connected", sid), ("message", sid, "hello"), ("disconnected", sid, reason)]


def test_a_client_that_is_refused_is_announced_to_nobody(app: flask.Flask, transport: str) -> None:
    eio = EngineIO(app)
    heard: list[object] = []

    def listen(sender: object, **values: object) -> None:
        heard.append(values)

    client_connected.connect(listen, app)
    client_disconnected.connect(listen, app)
    eio.on_connect(lambda sid: False)
    with pytest.raises(engineio.testing.ConnectionRejected):
        eio.test_client(app, transport=transport)

    assert heard == []


def test_a_client_that_connect_throws_out_is_announced_before_its_end(
    app: flask.Flask, transport: str
) -> None:
    """There is a `client_connected` for each `client_disconnected`, before it."""
    eio = EngineIO(app)
    heard: list[str] = []

    def connected(sender: object, **values: object) -> None:
        heard.append("connected")

    def disconnected(sender: object, **values: object) -> None:
        heard.append("disconnected")

    client_connected.connect(connected, app)
    client_disconnected.connect(disconnected, app)
    eio.on_connect(lambda sid: eio.disconnect(sid))
    with eio.test_client(app, transport=transport) as client:
        client.wait_closed()
    eventually(lambda: len(heard) == 2)
    assert heard == ["connected", "disconnected"]
