"""`engineio.Server`: what applications call, and what clients see of it."""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

import engineio
from engineio.http.response import Accepted, Response
from tests.sync.served import ManualClock, Served, eventually

Serve = Callable[..., Served]


def test_messages_go_both_ways_over_polling(serve: Serve) -> None:
    served = serve()
    served.echo()
    sid = served.open_polling()

    assert served.post(sid, "4hello", "bAQI=").body == b"ok"
    received: list[str] = []
    while len(received) < 2:
        received += served.poll(sid)
    assert received == ["4hello", "bAQI="]
    assert served.eio.transport(sid) == "polling"
    assert served.eio.sids == [sid]


def test_messages_go_both_ways_over_a_websocket(serve: Serve) -> None:
    served = serve()
    served.echo()
    client = served.websocket().opened()
    client.send("4hello", b"\x01\x02", "4" + "x" * 900_000)

    assert [client.receive() for _ in range(3)] == ["4hello", b"\x01\x02", "4" + "x" * 900_000]
    assert served.eio.transport(client.sid) == "websocket"


def test_a_session_moves_from_polling_to_a_websocket(serve: Serve) -> None:
    served = serve()
    served.echo()
    sid = served.open_polling()
    poll = served.park(sid)
    client = served.websocket(f"EIO=4&transport=websocket&sid={sid}")
    client.send("2probe")
    assert client.receive() == "3probe"
    assert poll.result(5).packets == ["6"]
    client.send("5", "4hello")

    assert client.receive() == "4hello"
    assert served.eio.transport(sid) == "websocket"


@pytest.mark.parametrize("transport", ["polling", "websocket"])
def test_each_session_has_one_disconnect(serve: Serve, transport: str) -> None:
    served = serve()
    served.keep_reasons()
    sid = served.open_polling() if transport == "polling" else served.websocket().opened().sid
    threads = [threading.Thread(target=served.eio.disconnect, args=(sid,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eventually(lambda: served.heard)
    served.eio.disconnect(sid)
    served.eio.disconnect()

    assert served.heard == ["server disconnect"]
    with pytest.raises(engineio.UnknownSessionError):
        served.eio.send(sid, "too late")


def test_a_handler_may_disconnect_its_own_client(serve: Serve) -> None:
    served = serve()
    served.keep_reasons()
    served.eio.on("message", lambda sid, data: served.eio.disconnect(sid))
    client = served.websocket().opened()
    client.send("4bye")

    assert client.receive() == "1"
    assert client.closed() == 1000
    eventually(lambda: served.heard == ["server disconnect"])
    client.serving.result(5)


def test_the_clients_close_code_is_told(serve: Serve) -> None:
    served = serve()
    served.eio.on("disconnect", lambda sid, reason, info: served.heard.append((reason, info.code)))
    served.websocket().opened().close(4001)

    eventually(lambda: served.heard == [("transport close", 4001)])
    eventually(lambda: served.is_empty)


def test_user_sessions_last_until_the_disconnect_handler_is_over(serve: Serve) -> None:
    served = serve()

    @served.eio.on("connect")
    def connect(sid: str, environ: dict[str, Any]) -> None:
        served.eio.save_session(sid, {"address": environ["REMOTE_ADDR"]})

    @served.eio.on("message")
    def message(sid: str, data: str | bytes) -> None:
        with served.eio.session(sid) as session:
            session["last"] = data

    @served.eio.on("disconnect")
    def disconnect(sid: str) -> None:
        served.heard.append(served.eio.get_session(sid))

    client = served.websocket().opened()
    client.send("4hello")
    client.close()
    eventually(lambda: served.heard)

    assert served.heard == [{"address": "127.0.0.1", "last": "hello"}]
    eventually(lambda: served.is_empty)
    for call in (served.eio.get_session, served.eio.transport):
        with pytest.raises(KeyError):
            call(client.sid)


@pytest.mark.parametrize(
    ("verdict", "status", "body"),
    [
        (False, 401, b'"Unauthorized"'),
        ("go away", 401, b'"go away"'),
        ({"why": 1}, 401, b'{"why":1}'),
        (engineio.ConnectionRefused("no", status=403), 403, b'"no"'),
        (RuntimeError("asked to"), 401, b'"Unauthorized"'),
        (object(), 401, b'"Unauthorized"'),
        (Response(418, body=b"tea"), 418, b"tea"),
        (Response(302), 401, b'"Unauthorized"'),
    ],
)
def test_a_client_is_refused(serve: Serve, verdict: Any, status: int, body: bytes) -> None:
    served = serve()
    served.keep_reasons()

    @served.eio.on("connect")
    def connect(sid: str) -> Any:
        if isinstance(verdict, Exception):
            raise verdict
        return verdict

    polling = served.call("GET", "EIO=4&transport=polling")
    websocket = served.websocket().serving.result(5)

    assert (polling.status, polling.body) == (status, body)
    assert (websocket.status, websocket.body) == (status, body)
    assert served.heard == []
    eventually(lambda: served.is_empty)


def test_a_connect_handler_adds_fields_to_the_handshake_alone(serve: Serve) -> None:
    served = serve(cookie="io")
    cookie = ("Set-Cookie", "seen=1")
    served.eio.on("connect", lambda sid: Accepted((cookie, ("X-Room", "lobby"))))

    polling = served.call("GET", "EIO=4&transport=polling")
    sid = json.loads(polling.body[1:])["sid"]
    served.eio.send(sid, "hello")
    head = served.websocket().opened().head

    assert polling.headers["X-Room"] == "lobby"
    assert b"\r\nX-Room: lobby\r\n" in head + b"\r\n"
    assert head.count(b"Set-Cookie: ") == 2, "the server's own and the handler's"
    assert "X-Room" not in served.call("GET", served.target(sid)).headers


@pytest.mark.parametrize("carrier", ["polling", "websocket"])
def test_hooks_hear_of_the_begin_and_the_end_of_a_session(serve: Serve, carrier: str) -> None:
    served = serve()
    served.eio.on("connect", lambda sid: served.heard.append("connect"))
    served.eio.on("open", lambda sid: served.heard.append("open"))
    served.eio.on("message", lambda sid, data: served.heard.append("message"))
    served.eio.on("close", lambda sid, info: served.heard.append("close"))
    served.eio.on("disconnect", lambda sid: served.heard.append("disconnect"))
    if carrier == "polling":
        served.post(sid := served.open_polling(), "4hello")
    else:
        client = served.websocket().opened()
        client.send("4hello")
        (sid,) = served.eio.sids
    eventually(lambda: "message" in served.heard)
    served.eio.disconnect(sid)

    eventually(lambda: len(served.heard) == 5)
    assert served.heard[:3] == ["connect", "open", "message"]
    # The handler is called in another thread.
    assert set(served.heard[3:]) == {"close", "disconnect"}


def test_functions_of_the_application_may_use_the_server(serve: Serve) -> None:
    """They are called without the lock, so none of them can wait for itself."""
    made: list[Served] = []

    def allow(request: Any) -> bool:
        return made[0].eio.sids == []

    def generate(request: Any) -> str:
        return f"mine-{len(made[0].eio.sids)}"

    served = serve(allow_request=allow, generate_id=generate)
    made.append(served)

    @served.eio.on("heartbeat")
    def heartbeat(sid: str) -> None:
        served.eio.send(sid, "from a hook")

    served.eio.on(
        "headers", lambda headers, request: headers.append(("X-Open", str(served.eio.sids)))
    )
    client = served.websocket().opened()
    assert client.sid == "mine-0"
    assert b"X-Open: " in client.head
    served.eio.driver.engine.sessions["mine-0"].heartbeat.tick(1e9)
    client.send("3")

    assert client.receive() == "4from a hook"


def test_broadcast_reaches_all_or_the_chosen(serve: Serve) -> None:
    served = serve()
    clients = [served.websocket().opened() for _ in range(3)]
    sid = served.open_polling()

    assert served.eio.broadcast("to all") == 4
    assert [client.receive() for client in clients] == ["4to all"] * 3
    assert served.poll(sid) == ["4to all"]
    assert served.eio.broadcast(b"\x01", [clients[0].sid, "unknown"]) == 1
    assert clients[0].receive() == b"\x01"


def test_errors_of_send(serve: Serve) -> None:
    served = serve(max_payload=100)
    sid = served.open_polling()

    with pytest.raises(engineio.MessageTooLargeError):
        served.eio.send(sid, "x" * 101)
    with pytest.raises(TypeError):
        served.eio.send(sid, 5)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(engineio.UnknownSessionError):
        served.eio.send("unknown", "x")


def test_background_tasks_are_joined_and_their_failures_logged(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    served = serve()
    task = served.eio.start_background_task(served.heard.append, "done")
    task.join(5)
    failing = served.eio.start_background_task(int, "no number")
    failing.join(5)
    named = served.eio.start_background_task(lambda *, word: served.heard.append(word), word="key")
    named.join(5)

    assert served.heard == ["done", "key"]
    assert "the background task 'int' failed" in caplog.text


class TestTime:
    def test_silence_ends_a_session(self, serve: Serve) -> None:
        clock = ManualClock()
        served = serve(clock=clock)
        served.keep_reasons()
        client = served.websocket().opened()
        clock.advance(25)
        assert client.receive() == "2"
        clock.advance(19.9)
        assert served.heard == []
        clock.advance(0.2)

        eventually(lambda: served.heard == ["ping timeout"])
        assert client.closed() == 1000
        client.serving.result(5)
        eventually(lambda: served.is_empty)

    def test_pongs_keep_a_polling_session_open(self, serve: Serve) -> None:
        clock = ManualClock()
        served = serve(clock=clock)
        served.keep_reasons()
        sid = served.open_polling()
        for _ in range(5):
            poll = served.park(sid)
            clock.advance(25)
            assert poll.result(5).packets == ["2"]
            assert served.post(sid, "3").body == b"ok"

        assert served.eio.sids == [sid]

    def test_a_handshake_that_is_never_followed_up(self, serve: Serve) -> None:
        clock = ManualClock()
        served = serve(clock=clock)
        served.keep_reasons()
        served.open_polling()
        clock.advance(10.1)

        eventually(lambda: served.heard == ["ping timeout"])

    def test_sleep_goes_by_the_clock(self, serve: Serve) -> None:
        clock = ManualClock()
        served = serve(clock=clock)

        def sleeper() -> None:
            served.eio.sleep(5)
            served.heard.append("up")

        thread = threading.Thread(target=sleeper)
        thread.start()
        eventually(lambda: clock._calls)
        clock.advance(4.9)
        assert served.heard == []
        clock.advance(0.2)
        thread.join(5)

        assert served.heard == ["up"]


class TestShutdown:
    def test_every_client_is_told(self, serve: Serve) -> None:
        served = serve(shutdown_timeout=5)
        served.keep_reasons()
        sid = served.open_polling()
        poll = served.park(sid)
        client = served.websocket().opened()
        ending = threading.Thread(target=served.eio.shutdown)
        ending.start()

        assert poll.result(5).packets == ["1"]
        assert client.receive() == "1"
        assert client.closed() == 1001
        ending.join(5)
        assert not ending.is_alive()
        assert served.heard == ["server shutdown"] * 2
        assert served.call("GET", "EIO=4&transport=polling").status == 503

    def test_one_that_does_not_take_part_holds_it_up_for_a_bounded_time(self, serve: Serve) -> None:
        served = serve(shutdown_timeout=0.3)
        client = served.websocket().opened()
        served.eio.shutdown()

        client.serving.result(5)
        eventually(lambda: served.is_empty)

    def test_without_clients_it_is_over_at_once(self, serve: Serve) -> None:
        serve().eio.shutdown()


class TestThreads:
    def test_nothing_runs_before_the_first_request(self) -> None:
        before = set(threading.enumerate())
        served = Served()
        assert set(threading.enumerate()) == before
        served.open_polling()
        assert len(set(threading.enumerate()) - before) == 1
        served.close()

    def test_a_websocket_costs_the_thread_that_serves_it_and_no_other(self) -> None:
        before = threading.active_count()
        served = Served()
        served.echo()
        clients = [served.websocket().opened() for _ in range(60)]
        for number, client in enumerate(clients):
            client.send(f"4{number}")
        for number, client in enumerate(clients):
            assert client.receive() == f"4{number}"

        assert threading.active_count() - before <= len(clients) + 2
        served.close()
        eventually(lambda: threading.active_count() <= before + 1)

    def test_a_fork_is_noticed(self) -> None:
        program = (
            "import os, sys\n"
            "from tests.sync.served import Served\n"
            "served = Served()\n"
            "old = served.open_polling()\n"
            "child = os.fork()\n"
            "if child == 0:\n"
            "    new = served.open_polling()\n"
            "    fine = served.eio.sids == [new] and served.post(new, '4x').body == b'ok'\n"
            "    os._exit(0 if fine else 1)\n"
            "_, status = os.waitpid(child, 0)\n"
            "assert served.eio.sids == [old], served.eio.sids\n"
            "sys.exit(os.waitstatus_to_exitcode(status))\n"
        )
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program],
            capture_output=True,
            text=True,
            timeout=20,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )

        assert done.returncode == 0, done.stderr


class TestMistakes:
    @pytest.mark.parametrize("event", ["connect", "message", "disconnect"])
    def test_a_coroutine_function_is_no_handler(self, event: str) -> None:
        async def handler(*args: Any) -> None: ...

        with pytest.raises(engineio.ConfigError, match=r"use engineio\.AsyncServer"):
            engineio.Server(async_mode="threading").on(event, handler)  # type: ignore[call-overload]  # mypy says it too

    def test_an_unknown_mode_lists_all(self) -> None:
        with pytest.raises(engineio.ConfigError, match="eventlet, gevent_uwsgi, gevent, threading"):
            engineio.Server(async_mode="asyncio")

    def test_it_does_not_attach(self) -> None:
        with pytest.raises(engineio.ConfigError, match=r"engineio\.Middleware\(eio, app\)"):
            engineio.Server(async_mode="threading").attach(object())

    def test_the_mode_that_was_chosen_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.INFO):
            eio = engineio.Server()

        assert f"async_mode is {eio.async_mode!r}" in caplog.text
        assert "Server(async_mode=...)" in caplog.text
