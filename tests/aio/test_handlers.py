"""Handlers: how they are registered, called, and what becomes of what they return or raise."""

import asyncio
import functools
import logging
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

import pytest

import engineio
from engineio.aio import delivery
from engineio.http.response import Accepted, Response
from engineio.testing import ConnectionRejected
from tests.aio.served import Served, eventually

Serve = Callable[..., Served]

SEEN: ContextVar[str] = ContextVar("SEEN", default="nothing")


class Odd(BaseException):
    """What a handler should not raise."""


async def test_coroutine_functions_hear_of_everything(serve: Serve, transport: str) -> None:
    served = serve()

    @served.on("connect")
    async def connected(sid: str) -> None:
        served.heard.append(("connect", sid))

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        served.heard.append(("message", sid, data))

    @served.on("disconnect")
    async def disconnected(sid: str) -> None:
        served.heard.append(("disconnect", sid))

    async with served.client(transport) as client:
        await client.send("hello")
        await client.send(b"\x00\x01")
        sid = client.sid

    assert served.heard == [
        ("connect", sid),
        ("message", sid, "hello"),
        ("message", sid, b"\x00\x01"),
        ("disconnect", sid),
    ]
    assert served.is_empty


@pytest.mark.parametrize("where", ["thread", "inline"])
async def test_plain_functions_do_too(serve: Serve, transport: str, where: str) -> None:
    served = serve(sync_handlers=where)
    threads: set[int] = set()

    def note(*args: Any) -> None:
        threads.add(threading.get_ident())
        served.heard.append(args)

    served.eio.on("connect", lambda sid: note("connect", sid))
    served.eio.on("message", lambda sid, data: note("message", sid, data))
    served.eio.on("disconnect", lambda sid: note("disconnect", sid))

    async with served.client(transport) as client:
        await client.send("one")
        await client.send("two")
        sid = client.sid
    await eventually(lambda: len(served.heard) == 4)

    assert served.heard == [
        ("connect", sid),
        ("message", sid, "one"),
        ("message", sid, "two"),
        ("disconnect", sid),
    ]
    assert (threading.get_ident() in threads) == (where == "inline")
    await eventually(lambda: served.is_empty)


async def test_connect_may_take_the_environ(serve: Serve, transport: str) -> None:
    served = serve()

    @served.on("connect")
    async def connected(sid: str, environ: Mapping[str, Any]) -> None:
        served.heard.append(dict(environ))

    async with served.client(transport, headers={"X-Token": "secret"}, query={"room": "5"}):
        pass

    (environ,) = served.heard
    assert environ["HTTP_X_TOKEN"] == "secret"
    assert "room=5" in environ["QUERY_STRING"]
    assert environ["REQUEST_METHOD"] == "GET"
    assert environ["PATH_INFO"] == "/engine.io/"
    assert environ["asgi.scope"]["path"] == "/engine.io/"


async def test_disconnect_may_take_reason_and_info(serve: Serve) -> None:
    served = serve()

    @served.on("disconnect")
    async def disconnected(
        sid: str, reason: engineio.Reason, info: engineio.DisconnectInfo
    ) -> None:
        served.heard.append((reason, info.reason, info.code, info.detail, info.undelivered))

    async with served.client("websocket") as client:
        await client.close(4321, "enough")

    reason = engineio.Reason.TRANSPORT_CLOSE
    assert served.heard == [(reason, reason, 4321, "enough", ())]


class Receiver:
    """Handlers that are no functions."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    async def message(self, sid: str, data: Any) -> None:
        self.heard.append(data)

    async def __call__(self, sid: str, data: Any) -> None:
        self.heard.append(data)


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a coroutine function in a plain one, as decorators do."""

    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


@pytest.mark.parametrize("where", ["thread", "inline"])
@pytest.mark.parametrize("kind", ["method", "object", "partial", "decorated", "plain decorated"])
async def test_handlers_may_be_any_callable(serve: Serve, kind: str, where: str) -> None:
    served = serve(sync_handlers=where)
    receiver = Receiver()

    def plain(sid: str, data: Any) -> Any:
        return receiver.message(sid, data)

    handlers: dict[str, Callable[..., Any]] = {
        "method": receiver.message,
        "object": receiver,
        "partial": functools.partial(receiver.message),
        "decorated": decorated(receiver.message),
        "plain decorated": plain,
    }
    served.eio.on("message", handlers[kind])

    async with served.client() as client:
        await client.send("heard")
        await eventually(lambda: receiver.heard == ["heard"])


@pytest.mark.parametrize("where", ["thread", "inline"])
@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize(
    ("verdict", "body"),
    [
        (False, b'"Unauthorized"'),
        ("go away", b'"go away"'),
        ({"code": 7}, b'{"code":7}'),
        (0, b"0"),
        ("", b'""'),
    ],
)
async def test_a_returned_value_refuses(
    serve: Serve, carrier: str, verdict: Any, body: bytes, is_async: bool, where: str
) -> None:
    served = serve(sync_handlers=where)
    served.keep_reasons()

    async def answer(sid: str) -> Any:
        return verdict

    served.eio.on("connect", answer if is_async else lambda sid: verdict)

    with pytest.raises(ConnectionRejected) as caught:
        await served.client(carrier).connect()

    assert (caught.value.status, caught.value.body) == (401, body)
    assert served.heard == []
    assert served.is_empty


@pytest.mark.parametrize("verdict", [None, True])
async def test_none_and_true_accept(serve: Serve, carrier: str, verdict: bool | None) -> None:
    served = serve()

    @served.on("connect")
    async def connected(sid: str) -> bool | None:
        await asyncio.sleep(0)
        return verdict

    async with served.client(carrier) as client:
        assert served.eio.sids == [client.sid]


async def test_a_connect_handler_adds_fields_to_the_handshake(serve: Serve, carrier: str) -> None:
    served = serve(cookie="io")

    @served.on("connect")
    async def connected(sid: str) -> Accepted:
        return Accepted((("Set-Cookie", "seen=1"), ("X-Room", "lobby")))

    async with served.client(carrier) as client:
        assert client.response is not None
        fields = [(name.lower(), value) for name, value in client.response.headers]

    assert fields.count(("x-room", "lobby")) == 1
    assert [value.partition("=")[0] for name, value in fields if name == "set-cookie"] == [
        "io",
        "seen",
    ]


async def test_a_refusal_may_choose_its_status(serve: Serve, carrier: str) -> None:
    served = serve()

    @served.on("connect")
    async def connected(sid: str) -> None:
        await asyncio.sleep(0)
        raise engineio.ConnectionRefused({"retry": 5}, status=429)

    with pytest.raises(ConnectionRejected) as caught:
        await served.client(carrier).connect()

    assert (caught.value.status, caught.value.body) == (429, b'{"retry":5}')
    assert served.is_empty


async def test_a_refusal_may_be_a_whole_response(serve: Serve, carrier: str) -> None:
    """As framework packages have it, whose frameworks make responses of refusals."""
    served = serve()
    refusal = Response(418, (("X-Why", "tea"),), b"<p>")
    served.on("connect", lambda sid: refusal)

    with pytest.raises(ConnectionRejected) as caught:
        await served.client(carrier).connect()

    assert caught.value.answer is not None
    assert (caught.value.status, caught.value.body) == (418, b"<p>")
    assert caught.value.answer.header("X-Why") == "tea"
    assert served.is_empty


async def test_a_response_that_refuses_nobody_is_a_failure(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    served = serve()
    served.on("connect", lambda sid: Response(200))

    with pytest.raises(ConnectionRejected, match="401"):
        await served.client("polling").connect()
    assert "refuses nobody" in caplog.text


@pytest.mark.parametrize("error", [LookupError, Odd, asyncio.CancelledError, StopAsyncIteration])
@pytest.mark.parametrize("when", ["at once", "after waiting"])
async def test_a_connect_handler_that_fails_refuses(
    serve: Serve, carrier: str, error: type[BaseException], when: str
) -> None:
    served = serve()
    served.keep_reasons()

    @served.on("connect")
    async def connected(sid: str) -> None:
        if when == "after waiting":
            await asyncio.sleep(0)
        raise error

    with pytest.raises(ConnectionRejected) as caught:
        await served.client(carrier).connect()

    assert caught.value.status == (503 if error is asyncio.CancelledError else 401)
    assert served.heard == []
    assert served.is_empty


@pytest.mark.parametrize("where", ["thread", "inline"])
@pytest.mark.parametrize("error", [LookupError, Odd, StopIteration])
async def test_a_plain_connect_handler_that_fails_refuses(
    serve: Serve, error: type[BaseException], where: str
) -> None:
    served = serve(sync_handlers=where)

    @served.on("connect")
    def connected(sid: str) -> None:
        raise error

    with pytest.raises(ConnectionRejected, match="401"):
        await served.client().connect()
    assert served.is_empty


async def test_a_verdict_without_a_json_form_refuses_as_a_failure(serve: Serve) -> None:
    served = serve()
    served.eio.on("connect", lambda sid: {1, 2})

    with pytest.raises(ConnectionRejected, match="401"):
        await served.client().connect()


@pytest.mark.parametrize("when", ["at once", "after waiting"])
async def test_a_refusal_without_a_json_form_refuses_as_a_failure(
    serve: Serve, carrier: str, when: str
) -> None:
    served = serve()

    @served.on("connect")
    async def connected(sid: str) -> None:
        if when == "after waiting":
            await asyncio.sleep(0)
        raise engineio.ConnectionRefused({1, 2}, status=403)

    with pytest.raises(ConnectionRejected, match="401"):
        await served.client(carrier).connect()
    assert served.is_empty


@pytest.mark.parametrize("error", [LookupError, Odd, asyncio.CancelledError, GeneratorExit])
@pytest.mark.parametrize("when", ["at once", "after waiting"])
async def test_a_message_handler_that_fails_is_logged_and_the_session_goes_on(
    serve: Serve,
    transport: str,
    error: type[BaseException],
    when: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    served = serve()
    served.keep_reasons()

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        if when == "after waiting":
            await asyncio.sleep(0)
        if data == "bad":
            raise error("for a reason")
        await served.eio.send(sid, data)

    async with served.client(transport) as client:
        for data in ("one", "bad", "two", "bad", "three"):
            await client.send(data)
        assert [await client.receive() for _ in range(3)] == ["one", "two", "three"]
        sid = client.sid
        assert not client.closed

    failures = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(failures) == 2
    assert all("message" in record.getMessage() for record in failures)
    assert all(record.exc_info and record.exc_info[0] is error for record in failures)
    # The id is a secret: a log names its session in another way.
    assert sid not in caplog.text
    assert len(served.heard) == 1
    assert served.is_empty


@pytest.mark.parametrize("where", ["thread", "inline", "coroutine"])
async def test_a_client_that_sends_much_and_leaves_fills_no_log(
    serve: Serve, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A handler that answers somebody who has left fails, and that is nobody's mistake."""
    served = serve(sync_handlers="inline" if where == "coroutine" else where)
    served.keep_reasons()
    failures: list[Exception] = []

    async def answer(sid: str, data: Any) -> None:
        try:
            await served.eio.send(sid, data)
        except Exception as error:
            failures.append(error)
            raise

    def plain(sid: str, data: Any) -> Any:
        return answer(sid, data)

    served.eio.on("message", answer if where == "coroutine" else plain)
    client = served.client("polling")
    await client.connect()
    await client.send_raw("\x1e".join([*["4x"] * 100, "1"]))
    await eventually(lambda: served.is_empty)

    assert len(served.heard) == 1
    assert failures
    assert caplog.messages == []


@pytest.mark.parametrize("where", ["thread", "inline"])
@pytest.mark.parametrize("error", [LookupError, Odd, StopIteration])
async def test_a_plain_message_handler_that_fails_is_logged_too(
    serve: Serve, error: type[BaseException], where: str, caplog: pytest.LogCaptureFixture
) -> None:
    served = serve(sync_handlers=where)

    @served.on("message")
    def message(sid: str, data: Any) -> None:
        served.heard.append(data)
        raise error

    async with served.client() as client:
        await client.send("one")
        await client.send("two")
        await eventually(lambda: served.heard == ["one", "two"])
    await eventually(lambda: served.is_empty)

    assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 2


@pytest.mark.parametrize("where", ["thread", "inline", "coroutine"])
@pytest.mark.parametrize("error", [LookupError, Odd])
async def test_a_disconnect_handler_that_fails_leaves_nothing_behind(
    serve: Serve,
    carrier: str,
    error: type[BaseException],
    where: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    served = serve(sync_handlers="inline" if where == "coroutine" else where)

    def plain(sid: str) -> None:
        raise error

    async def waiting(sid: str) -> None:
        await asyncio.sleep(0)
        raise error

    served.eio.on("disconnect", waiting if where == "coroutine" else plain)

    async with served.client(carrier):
        pass
    await eventually(lambda: served.is_empty)

    assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 1


async def test_a_handler_registered_later_replaces_the_first(serve: Serve, carrier: str) -> None:
    served = serve()
    served.echo()

    async with served.client(carrier) as client:
        await client.send("a")
        assert await client.receive() == "a"

        @served.on("message")
        async def other(sid: str, data: Any) -> None:
            await served.eio.send(sid, f"other {data}")

        await client.send("b")
        assert await client.receive() == "other b"


async def test_without_handlers_messages_go_nowhere(serve: Serve, transport: str) -> None:
    served = serve()

    async with served.client(transport) as client:
        await client.send("x")
        assert await client.receive_nothing()
        assert not client.closed
    assert served.is_empty


async def test_text_is_never_guessed_to_be_anything_else(serve: Serve, carrier: str) -> None:
    served = serve()
    served.echo()
    texts = ["null", "true", "NaN", "-5", '"abc"', '{"a":1}', "[1]", "", "0", "connect"]

    async with served.client(carrier) as client:
        for text in texts:
            await client.send(text)
            assert await client.receive() == text


async def test_json_is_decoded_on_request(serve: Serve, carrier: str) -> None:
    served = serve(decode_json=True)

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        served.heard.append(data)

    sent: list[str | bytes] = [
        '{"a":[1]}',
        "[1]",
        "5",
        "null",
        '"x"',
        "{broken",
        "[" * 100_000,
        b'{"a":1}',
    ]
    async with served.client(carrier) as client:
        for data in sent:
            await client.send(data)
        await served.clock.settle()

    assert served.heard == [{"a": [1]}, [1], *sent[2:]]


async def test_handlers_see_context_variables_of_their_own(serve: Serve) -> None:
    served = serve()

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        served.heard.append(SEEN.get())
        SEEN.set(data)
        await asyncio.sleep(0)
        served.heard.append(SEEN.get())

    async with served.client("websocket") as client:
        await client.send("one")
        await client.send("two")
        await served.clock.settle()

    assert served.heard == ["nothing", "one", "nothing", "two"]


async def test_structured_concurrency_works_inside_a_handler(serve: Serve, carrier: str) -> None:
    served = serve()

    @served.on("message")
    async def message(sid: str, data: Any) -> None:
        task = asyncio.current_task()
        async with asyncio.TaskGroup() as group:
            halves = [group.create_task(asyncio.sleep(0, part)) for part in ("a", "b")]
        try:
            async with asyncio.timeout(0):
                await asyncio.Event().wait()
        except TimeoutError:
            same = asyncio.current_task() is task
            await served.eio.send(sid, [half.result() for half in halves] + [same])

    async with served.client(carrier) as client:
        for _ in range(3):
            await client.send("go")
            assert await client.receive_json() == ["a", "b", True]


async def test_a_plain_function_that_blocks_the_loop_is_named(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(delivery, "_SLOW", 0.0)
    served = serve(sync_handlers="inline")

    @served.on("message")
    def blocking(sid: str, data: Any) -> None:
        threading.Event().wait(0.01)

    async with served.client() as client:
        await client.send("x")

    assert "blocking" in caplog.text
    assert "blocked the event loop" in caplog.text


async def test_a_plain_function_that_blocks_its_thread_delays_only_its_own_session(
    serve: Serve, carrier: str
) -> None:
    served = serve()
    served.keep_reasons()
    release = threading.Event()

    @served.on("message")
    def blocking(sid: str, data: Any) -> None:
        release.wait(5)
        served.heard.append(data)

    async with served.client(carrier) as slow, served.client(carrier, heartbeats=True) as other:
        await slow.send("one")
        await slow.send("two")
        for _ in range(4):
            await served.clock.advance(25.0)
        assert not slow.closed
        assert not other.closed
        assert served.heard == []
        release.set()
        await eventually(lambda: served.heard == ["one", "two"])
