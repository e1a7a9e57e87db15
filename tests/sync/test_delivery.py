"""Messages reach their handler in order, in bounded number, and without delaying heartbeats."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

import engineio
from engineio.protocol.packet import Packet, PacketType
from tests.sync.served import Served, eventually

Serve = Callable[..., Served]


class Gate:
    """A handler that waits until the test lets it through."""

    def __init__(self) -> None:
        self.began: list[Any] = []
        self.ended: list[Any] = []
        self.at_work = self.most_at_work = 0
        self.open = threading.Event()
        self._lock = threading.Lock()

    def message(self, sid: str, data: Any) -> None:
        with self._lock:
            self.began.append(data)
            self.at_work += 1
            self.most_at_work = max(self.most_at_work, self.at_work)
        self.open.wait(5)
        with self._lock:
            self.at_work -= 1
            self.ended.append(data)


def test_messages_of_a_websocket_come_in_order(serve: Serve) -> None:
    served = serve()
    served.eio.on("message", lambda sid, data: served.heard.append(data))
    client = served.websocket().opened()
    sent = [str(number) if number % 3 else str(number).encode() for number in range(300)]

    client.send(*[f"4{data}" if isinstance(data, str) else data for data in sent])
    eventually(lambda: len(served.heard) == 300)

    assert served.heard == sent


def test_large_and_small_messages_do_not_overtake_each_other(serve: Serve) -> None:
    """A large one goes through the engine, a small one the direct way."""
    served = serve(max_payload=1_000)
    served.eio.on("message", lambda sid, data: served.heard.append(len(data)))
    client = served.websocket().opened()
    sizes = [size for _ in range(50) for size in (900, 3, 700, 5)]

    client.send(*["4" + "x" * size for size in sizes])
    eventually(lambda: len(served.heard) == len(sizes))

    assert served.heard == sizes


def test_messages_of_many_posts_come_in_order_and_one_at_a_time(serve: Serve) -> None:
    served = serve()
    active = 0

    @served.eio.on("message")
    def message(sid: str, data: str | bytes) -> None:
        nonlocal active
        active += 1
        assert active == 1
        served.heard.append(data)
        active -= 1

    sid = served.open_polling()
    sent = [str(number) for number in range(200)]
    for start in range(0, 200, 5):
        assert served.post(sid, *[f"4{data}" for data in sent[start : start + 5]]).body == b"ok"
    eventually(lambda: len(served.heard) == 200)

    assert served.heard == sent


def test_a_post_is_answered_while_its_handler_is_at_work(serve: Serve) -> None:
    served = serve()
    gate = Gate()
    served.eio.on("message", gate.message)
    sid = served.open_polling()

    assert served.post(sid, "4one", "4two").body == b"ok"
    eventually(lambda: gate.began == ["one"])
    gate.open.set()
    eventually(lambda: gate.ended == ["one", "two"])


def test_a_websocket_is_read_while_its_handler_is_at_work(serve: Serve) -> None:
    """Pongs count although the thread that serves the connection is in a handler."""
    served = serve(ping_interval=0.2, ping_timeout=0.3)
    gate = Gate()
    served.eio.on("message", gate.message)
    served.keep_reasons()
    client = served.websocket().opened()
    client.send("4slow", "4next")
    for _ in range(3):
        assert client.receive() == "2"
        client.send("3")

    assert served.heard == []
    assert gate.began == ["slow"]
    gate.open.set()
    eventually(lambda: gate.ended == ["slow", "next"])


@pytest.mark.parametrize("limit", [1, 3])
def test_concurrent_handlers_are_bounded(serve: Serve, limit: int) -> None:
    served = serve(async_handlers=True, max_concurrent_handlers=limit)
    gate = Gate()
    served.eio.on("message", gate.message)
    served.eio.on("disconnect", lambda sid: served.heard.append(len(gate.ended)))
    client = served.websocket().opened()
    client.send(*[f"4{number}" for number in range(10)])
    eventually(lambda: len(gate.began) == limit)
    client.close()
    assert served.heard == []
    gate.open.set()
    eventually(lambda: served.heard)

    assert gate.most_at_work == limit
    assert served.heard == [10]
    eventually(lambda: served.is_empty)


def test_reading_stops_while_handlers_are_behind(serve: Serve) -> None:
    served = serve(receive_queue_packets=10)
    gate = Gate()
    served.eio.on("message", gate.message)
    sid = served.open_polling()
    for number in range(11):
        served.post(sid, f"4{number}")
    held = served.later("POST", served.target(sid), b"4last")
    eventually(lambda: served.eio.driver.engine.sessions[sid].paused)
    assert not held.done()
    gate.open.set()

    assert held.result(5).body == b"ok"
    eventually(lambda: gate.ended == [*map(str, range(11)), "last"])


@pytest.mark.parametrize("error", [RuntimeError, BaseException, GeneratorExit])
def test_a_handler_that_raises_is_logged_and_harms_nothing(
    serve: Serve, error: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    served = serve()

    @served.eio.on("message")
    def message(sid: str, data: str | bytes) -> None:
        if data == "bad":
            raise error("asked to")
        served.eio.send(sid, data)

    client = served.websocket().opened()
    client.send("4bad", "4good")

    assert client.receive() == "4good"
    assert caplog.text.count("the message handler failed") == 1
    assert client.sid not in caplog.text


def test_senders_in_many_threads_lose_and_mix_nothing(serve: Serve) -> None:
    served = serve()
    client = served.websocket().opened()

    def talk(name: str) -> None:
        for number in range(200):
            assert served.eio.send(client.sid, f"{name}{number}")

    threads = [threading.Thread(target=talk, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    received = [str(client.receive())[1:] for _ in range(800)]
    for thread in threads:
        thread.join()

    for name in "abcd":
        assert [each for each in received if each[0] == name] == [f"{name}{n}" for n in range(200)]


def test_a_client_that_does_not_read_makes_senders_wait_and_gets_everything(serve: Serve) -> None:
    served = serve(send_queue_packets=5)
    client = served.websocket().opened()
    sent = [f"{number:04}".ljust(50_000, ".") for number in range(60)]

    def talk() -> None:
        for data in sent:
            served.eio.send(client.sid, data)
        served.heard.append("sent")

    threading.Thread(target=talk, daemon=True).start()
    eventually(lambda: (served.eio._inboxes[client.sid].senders or []) != [])
    assert served.heard == []

    assert [str(client.receive())[1:] for _ in sent] == sent
    eventually(lambda: served.heard == ["sent"])


def test_a_client_that_never_reads_is_given_up(serve: Serve) -> None:
    served = serve(write_timeout=0.3)
    served.eio.on(
        "disconnect",
        lambda sid, reason, info: served.heard.append((reason.value, len(info.undelivered))),
    )
    client = served.websocket().opened()
    began = time.monotonic()
    served.eio.send(client.sid, "x" * 900_000)
    with pytest.raises(engineio.SessionClosedError):
        served.eio.send(client.sid, "x" * 900_000)
    eventually(lambda: served.heard)

    assert served.heard[0][0] == "slow client"
    assert served.heard[0][1] >= 1
    assert time.monotonic() - began < 3
    client.serving.result(5)
    eventually(lambda: served.is_empty)


def start(function: Callable[..., Any], *args: Any) -> Future[Any]:
    """Call a function in a thread of its own."""
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(function, *args)
    finally:
        pool.shutdown(wait=False)


def stand_in_line(served: Served, sid: str, *messages: str) -> list[Future[Any]]:
    """Send messages in threads of their own, one behind the other."""
    futures = []
    for message in messages:
        futures.append(start(served.eio.send, sid, message))
        eventually(lambda: len(served.eio._inboxes[sid].senders or ()) == len(futures))
    return futures


def test_nobody_overtakes_a_sender_that_waits(serve: Serve) -> None:
    """Not even a message that would fit, or one that comes as room is made."""
    served = serve(send_queue_bytes=100)
    sid = served.open_polling()
    assert served.eio.send(sid, "a" * 90)
    waiting = stand_in_line(served, sid, "b" * 90, "c" * 90, "x", "y")
    waiting.append(start(served.eio.broadcast, "all"))
    eventually(lambda: len(served.eio._inboxes[sid].senders or ()) == 5)

    received = [packet for _ in range(3) for packet in served.poll(sid)]

    expected = ["a" * 90, "b" * 90, "c" * 90, "x", "y", "all"]
    assert received == [f"4{text}" for text in expected]
    assert [future.result(5) for future in waiting] == [True, True, True, True, 1]
    assert served.eio._inboxes[sid].senders is None


def test_the_direct_way_is_closed_while_somebody_waits(serve: Serve) -> None:
    served = serve()
    client = served.websocket().opened()
    session = served.eio.driver.engine.sessions[client.sid]
    sender = session.owner.wait(Packet(PacketType.MESSAGE, "first"))
    assert served.eio.driver.claim(session, "second") is None

    session.owner.leave(sender)
    assert served.eio.send(client.sid, "second")
    assert client.receive() == "4second"


@pytest.mark.parametrize("message", ["x" * 2_000, "\ud800"])
def test_a_message_that_cannot_be_sent_holds_up_nobody_in_the_line(
    serve: Serve, message: str
) -> None:
    served = serve(send_queue_bytes=100, max_payload=1_000)
    sid = served.open_polling()
    assert served.eio.send(sid, "a" * 90)
    first, bad, last = stand_in_line(served, sid, "b" * 90, message, "c")

    assert served.poll(sid) == ["4" + "a" * 90]
    assert served.poll(sid) == ["4" + "b" * 90, "4c"]
    assert first.result(5)
    assert last.result(5)
    with pytest.raises((engineio.MessageTooLargeError, UnicodeEncodeError)):
        bad.result(5)


def test_whoever_waits_for_a_client_that_leaves_hears_of_it(serve: Serve) -> None:
    served = serve(send_queue_bytes=100)
    sid = served.open_polling()
    assert served.eio.send(sid, "a" * 90)
    waiting = stand_in_line(served, sid, "b" * 90, "c")
    served.post(sid, "1")

    for future in waiting:
        with pytest.raises(engineio.SessionClosedError):
            future.result(5)


def test_a_client_that_sends_much_and_leaves_fills_no_log(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """A handler that answers somebody who has left fails, and that is nobody's mistake."""
    served = serve()
    served.keep_reasons()
    failures: list[Exception] = []

    @served.eio.on("message")
    def message(sid: str, data: str | bytes) -> None:
        try:
            served.eio.send(sid, data)
        except Exception as error:
            failures.append(error)
            raise

    sid = served.open_polling()
    served.post(sid, *["4x"] * 100, "1")
    eventually(lambda: served.is_empty)

    assert len(served.heard) == 1
    assert failures
    assert "the message handler" not in caplog.text


def test_a_client_that_is_back_under_its_own_sid_keeps_what_is_saved(serve: Serve) -> None:
    """The end of its first session comes when the second has begun."""
    served = serve(generate_id=lambda request: "ada")
    may_end = threading.Event()

    @served.eio.on("disconnect")
    def disconnected(sid: str) -> None:
        may_end.wait(5)
        served.heard.append(sid)

    first = served.websocket().opened()
    first.drop()
    eventually(lambda: served.eio.sids == [])
    second = served.websocket().opened()
    served.eio.save_session("ada", {"name": "Ada"})
    may_end.set()
    eventually(lambda: served.heard == ["ada"])
    first.serving.result(5)

    assert served.eio.get_session("ada") == {"name": "Ada"}
    second.drop()
    eventually(lambda: served.is_empty)


def test_a_close_that_comes_while_a_handler_is_at_work_ends_the_connection(serve: Serve) -> None:
    """Somebody else has read it, and the thread that serves must not wait for more."""
    served = serve(close_timeout=60)
    gate = Gate()
    served.eio.on("message", gate.message)
    served.keep_reasons()
    client = served.websocket().opened()
    client.send("4slow")
    eventually(lambda: gate.began == ["slow"])
    client.socket.sendall(b"\x88\x82\0\0\0\0\x03\xe8")
    eventually(lambda: served.eio.sids == [])

    gate.open.set()
    client.serving.result(5)
    assert served.heard == ["transport close"]


# Python says nothing of it, but pytest does.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("carrier", ["polling", "websocket"])
def test_a_disconnect_handler_that_ends_its_thread_leaves_nothing(
    serve: Serve, carrier: str
) -> None:
    served = serve()

    @served.eio.on("disconnect")
    def disconnect(sid: str) -> None:
        served.heard.append(sid)
        raise SystemExit

    sid = served.open_polling() if carrier == "polling" else served.websocket().opened().sid
    served.eio.disconnect(sid)
    eventually(lambda: served.heard == [sid] and not served.eio._inboxes)


class SlowJSON:
    """A JSON module of the application, which takes its time and then fails."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.is_at_work = threading.Event()

    def dumps(self, value: Any) -> str:
        raise AssertionError("nothing is sent")

    def loads(self, text: str) -> Any:
        self.is_at_work.set()
        self.go_on.wait(5)
        raise LookupError("no such type")


@pytest.mark.parametrize("carrier", ["polling", "websocket"])
def test_the_json_of_the_application_holds_up_nobody_else(
    serve: Serve, carrier: str, caplog: pytest.LogCaptureFixture
) -> None:
    json = SlowJSON()
    served = serve(json=json, decode_json=True)
    served.eio.on("message", lambda sid, data: served.heard.append(data))
    if carrier == "polling":
        served.post(served.open_polling(), '4{"a": 1}')
    else:
        served.websocket().opened().send('4{"a": 1}')
    assert json.is_at_work.wait(5)

    served.websocket().opened()
    json.go_on.set()
    eventually(lambda: "no such type" in caplog.text)
    assert served.heard == []
