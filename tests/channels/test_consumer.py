"""Consumers: one for each session, and what their methods decide."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.db import database_sync_to_async
from channels.exceptions import AcceptConnection, DenyConnection, StopConsumer
from django.core.exceptions import PermissionDenied

import engineio
from channels_engineio import EngineIOConsumer, EngineIOJsonConsumer, SyncEngineIOConsumer
from channels_engineio.testing import EngineIOCommunicator
from tests.channels.running import Recorder, eventually


async def test_a_session_has_one_instance_whatever_carries_it(transport: Any) -> None:
    class Echo(Recorder):
        async def receive(self, data: Any) -> None:
            await super().receive(data)
            await self.send(f"{len(self.heard)}: {data}")

    application = Echo.as_asgi()
    async with EngineIOCommunicator(application, transport=transport) as client:
        for number, text in enumerate(["a", "b", "c"], start=1):
            await client.send_to(text)
            assert await client.receive_from() == f"{number}: {text}"
        (consumer,) = Echo.instances
        assert consumer.sid == client.client.sid
        assert consumer.transport == client.client.transport
        assert consumer.scope["path"] == "/engine.io/"
    await eventually(lambda: consumer.ended)

    assert len(Echo.instances) == 1
    assert consumer.heard == ["a", "b", "c"]
    assert consumer.disconnect_info.reason is consumer.ended[0]


async def test_polling_that_becomes_a_websocket_keeps_its_consumer() -> None:
    class Talk(Recorder):
        pass

    async with EngineIOCommunicator(Talk.as_asgi()) as client:
        await client.send_to("over polling")
        await client.client.upgrade()
        await client.send_to(b"over WebSocket")
        await eventually(lambda: len(Talk.instances[0].heard) == 2)

    assert [one.heard for one in Talk.instances] == [["over polling", b"over WebSocket"]]


async def test_both_halves_may_be_applications_of_their_own() -> None:
    class Talk(Recorder):
        pass

    http, websocket = Talk.as_asgi(), Talk.as_asgi()

    async def routed(scope: Any, receive: Any, send: Any) -> None:
        await (http if scope["type"] == "http" else websocket)(scope, receive, send)

    async with EngineIOCommunicator(routed, transport="upgrade") as client:
        await client.send_to("hello")
        await eventually(lambda: Talk.instances[0].heard == ["hello"])


async def test_what_a_consumer_is_made_with() -> None:
    class Room(EngineIOConsumer):
        def __init__(self, name: str) -> None:
            self.name = name

        async def connect(self) -> None:
            await self.send(self.name)

    async with (
        EngineIOCommunicator(Room.as_asgi(name="red")) as red,
        EngineIOCommunicator(Room.as_asgi(name="blue")) as blue,
    ):
        assert (await red.receive_from(), await blue.receive_from()) == ("red", "blue")


async def refuse(self: Any) -> None:
    raise DenyConnection


async def refuse_with_text(self: Any) -> None:
    raise DenyConnection("log in first")


async def refuse_as_django(self: Any) -> None:
    raise PermissionDenied("not you")


async def stop(self: Any) -> None:
    raise StopConsumer


async def close(self: Any) -> None:
    await self.close()


async def refuse_as_engineio(self: Any) -> None:
    raise engineio.ConnectionRefused("later", status=429)


async def return_false(self: Any) -> bool:
    return False


async def return_a_value(self: Any) -> dict[str, int]:
    return {"why": 1}


@pytest.mark.parametrize(
    ("connect", "status", "body"),
    [
        (refuse, 403, b'"Forbidden"'),
        (refuse_with_text, 403, b'"log in first"'),
        (refuse_as_django, 403, b'"not you"'),
        (stop, 403, b'"Forbidden"'),
        (close, 403, b'"Forbidden"'),
        (refuse_as_engineio, 429, b'"later"'),
        (return_false, 401, b'"Unauthorized"'),
        (return_a_value, 401, b'{"why":1}'),
    ],
)
@pytest.mark.parametrize("carrier", ["polling", "websocket"])
async def test_a_client_is_refused(connect: Any, status: int, body: bytes, carrier: Any) -> None:
    consumer: Any = type("Refusing", (Recorder,), {"connect": connect})
    client = EngineIOCommunicator(consumer.as_asgi(), transport=carrier)

    assert await client.connect() == (False, status)

    assert client.rejected is not None
    assert client.rejected.body == body
    await asyncio.sleep(0)
    # Whoever never came in does not leave.
    assert [one.ended for one in consumer.instances] == [[]]
    assert consumer.get_server().sids == []


async def test_a_connect_that_fails_refuses_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Recorder):
        async def connect(self) -> None:
            raise RuntimeError("out of order")

    assert await EngineIOCommunicator(Broken.as_asgi()).connect() == (False, 401)
    assert "out of order" in caplog.text


async def accept(self: Any) -> None:
    await self.accept()


async def accept_by_exception(self: Any) -> None:
    raise AcceptConnection


async def accept_silently(self: Any) -> None:
    pass


@pytest.mark.parametrize("connect", [accept, accept_by_exception, accept_silently])
async def test_a_client_is_accepted(connect: Any, transport: Any) -> None:
    consumer: Any = type("Accepting", (Recorder,), {"connect": connect})

    async with EngineIOCommunicator(consumer.as_asgi(), transport=transport) as client:
        assert consumer.get_server().sids == [client.client.sid]


@pytest.mark.parametrize("carrier", ["polling", "websocket"])
async def test_header_fields_of_the_answer(carrier: Any) -> None:
    class Marked(Recorder):
        async def connect(self) -> None:
            await self.accept(headers=[("X-Room", "red"), ("Set-Cookie", "a=b; Path=/")])

    async with EngineIOCommunicator(Marked.as_asgi(), transport=carrier) as client:
        assert client.client.response is not None
        assert client.client.response.header("X-Room") == "red"
        assert client.client.cookies == {"a": "b"}


async def test_a_client_that_is_accepted_and_sent_away(transport: Any) -> None:
    class Brief(Recorder):
        async def receive(self, data: Any) -> None:
            await self.send("bye")
            await self.close()

    async with EngineIOCommunicator(Brief.as_asgi(), transport=transport) as client:
        await client.send_to("hello")
        assert await client.receive_from() == "bye"
        await client.client.wait_closed()
        await eventually(lambda: Brief.instances[0].ended)

    assert Brief.instances[0].ended == [engineio.Reason.SERVER_DISCONNECT]


async def test_a_consumer_that_stops_ends_its_session(transport: Any) -> None:
    class Stopping(Recorder):
        async def receive(self, data: Any) -> None:
            raise StopConsumer

        async def disconnect(self, reason: engineio.Reason) -> None:
            await super().disconnect(reason)
            raise StopConsumer

    async with EngineIOCommunicator(Stopping.as_asgi(), transport=transport) as client:
        await client.send_to("hello")
        await client.client.wait_closed()
        await eventually(lambda: Stopping.instances[0].ended)


async def test_a_method_that_fails_is_logged_and_the_session_goes_on(
    transport: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Fragile(Recorder):
        async def receive(self, data: Any) -> None:
            if data == "break":
                raise RuntimeError("out of order")
            await self.send(data)

    async with EngineIOCommunicator(Fragile.as_asgi(), transport=transport) as client:
        await client.send_to("break")
        await client.send_to("hello")
        assert await client.receive_from() == "hello"
    assert "out of order" in caplog.text


async def test_a_connect_that_takes_too_long_is_told_of_the_end() -> None:
    """It has accepted a client that the server has given up, and may have to clean up."""

    class Slow(Recorder):
        options = {"connect_timeout": 0.05}  # noqa: RUF012  # as applications write it

        async def connect(self) -> None:
            await asyncio.sleep(0.2)

    assert await EngineIOCommunicator(Slow.as_asgi()).connect() == (False, 503)
    await eventually(lambda: Slow.instances[0].ended)

    assert Slow.instances[0].ended == [engineio.Reason.TRANSPORT_CLOSE]
    assert "before it was accepted" in Slow.instances[0].disconnect_info.detail


async def test_classes_have_servers_of_their_own() -> None:
    class Quick(Recorder):
        options = {"ping_interval": 5}  # noqa: RUF012  # as applications write it

    class Quicker(Quick):
        options = {"ping_interval": 4}  # noqa: RUF012  # as applications write it

    async with (
        EngineIOCommunicator(Quick.as_asgi()) as one,
        EngineIOCommunicator(Quicker.as_asgi()) as other,
    ):
        assert one.client.handshake["pingInterval"] == 5_000
        assert other.client.handshake["pingInterval"] == 4_000
        assert Quick.get_server().sids == [one.client.sid]


def test_an_option_that_is_none_is_an_error_at_once() -> None:
    class Mistaken(EngineIOConsumer):
        options = {"ping_intervall": 5}  # type: ignore[typeddict-unknown-key]  # the mistake  # noqa: RUF012  # as applications write it

    with pytest.raises(engineio.ConfigError, match="ping_interval"):
        Mistaken.as_asgi()


def test_a_consumer_outlives_its_loop() -> None:
    """As in tests, each of which has a loop, while the class is a module's."""

    class Talk(Recorder):
        pass

    async def talk() -> None:
        async with EngineIOCommunicator(Talk.as_asgi(), transport="upgrade") as client:
            await client.send_to("hello")
            await eventually(lambda: Talk.instances[-1].heard == ["hello"])

    asyncio.run(talk())
    asyncio.run(talk())


async def test_a_view_may_end_a_session_from_its_thread(transport: Any) -> None:
    """The consumer hears of it where it always is, and so may use threads itself."""

    class Chat(Recorder):
        async def disconnect(self, reason: engineio.Reason) -> None:
            # By then the view is over.
            await view_over.wait()
            await database_sync_to_async(self.heard.append)("in a thread")
            await super().disconnect(reason)

    @sync_to_async
    def view(sid: str) -> None:
        async_to_sync(Chat.get_server().disconnect)(sid)

    view_over = asyncio.Event()
    async with EngineIOCommunicator(Chat.as_asgi(), transport=transport) as client:
        await view(client.client.sid)
        view_over.set()
        await client.client.wait_closed()
        await eventually(lambda: Chat.instances[0].ended)
    assert Chat.instances[0].heard == ["in a thread"]


class TestSync:
    """Plain methods, in threads."""

    async def test_it_talks_from_a_thread(self, transport: Any) -> None:
        class Plain(SyncEngineIOConsumer):
            ended: engineio.Reason | None = None

            def connect(self) -> None:
                self.accept(headers=[("X-Plain", "yes")])
                self.send("welcome")

            def receive(self, data: Any) -> None:
                assert threading.current_thread() is not threading.main_thread()
                if data == "close":
                    self.close()
                else:
                    self.send({"got": data})

            def disconnect(self, reason: engineio.Reason) -> None:
                type(self).ended = reason

        async with EngineIOCommunicator(Plain.as_asgi(), transport=transport) as client:
            assert await client.receive_from() == "welcome"
            await client.send_to("hello")
            assert await client.receive_json_from() == {"got": "hello"}
            await client.send_to("close")
            await client.client.wait_closed()
            await eventually(lambda: Plain.ended)
        assert Plain.ended is engineio.Reason.SERVER_DISCONNECT

    async def test_it_talks_from_a_thread_of_the_application(self, transport: Any) -> None:
        class Plain(SyncEngineIOConsumer):
            threads: list[threading.Thread] = []  # noqa: RUF012  # of this class alone

            def receive(self, data: Any) -> None:
                thread = threading.Thread(target=self.stream)
                self.threads.append(thread)
                thread.start()

            def stream(self) -> None:
                for number in range(3):
                    self.send({"number": number})
                self.close()

        async with EngineIOCommunicator(Plain.as_asgi(), transport=transport) as client:
            await client.send_to("go on")
            for number in range(3):
                assert await client.receive_json_from() == {"number": number}
            await client.client.wait_closed()
            await asyncio.to_thread(Plain.threads[0].join)
        # Its end is in a thread too, which must not outlive the loop.
        await eventually(lambda: not Plain.get_server()._inboxes)

    async def test_it_says_so_where_a_coroutine_would_wait_for_itself(self) -> None:
        class Plain(SyncEngineIOConsumer):
            instances: list[Any] = []  # noqa: RUF012  # of this class alone

            def connect(self) -> None:
                self.instances.append(self)

        async with EngineIOCommunicator(Plain.as_asgi()):
            with pytest.raises(RuntimeError, match="same thread as an async event loop"):
                Plain.instances[0].send("x")
        await eventually(lambda: not Plain.get_server()._inboxes)

    async def test_it_refuses(self) -> None:
        class Closed(SyncEngineIOConsumer):
            def connect(self) -> None:
                self.close()

        assert await EngineIOCommunicator(Closed.as_asgi()).connect() == (False, 403)

    async def test_a_client_that_does_not_read_delays_nobody_else(self) -> None:
        class Plain(SyncEngineIOConsumer):
            options = {"send_queue_packets": 4}  # noqa: RUF012  # as applications write it

            def receive(self, data: Any) -> None:
                for _ in range(int(data)):
                    self.send("x")

        application = Plain.as_asgi()
        async with (
            EngineIOCommunicator(application) as slow,
            EngineIOCommunicator(application) as quick,
        ):
            slow.client.stop_reading()
            await slow.send_to("20")
            await quick.send_to("1")
            assert await quick.receive_from() == "x"
            slow.client.start_reading()
            for _ in range(20):
                assert await slow.receive_from() == "x"
        await eventually(lambda: not Plain.get_server()._inboxes)


class TestJson:
    """JSON in, JSON out."""

    class Counter(EngineIOJsonConsumer):
        async def receive_json(self, content: Any) -> None:
            await self.send_json({"next": content["number"] + 1})

    async def test_values_come_and_go(self, transport: Any) -> None:
        async with EngineIOCommunicator(self.Counter.as_asgi(), transport=transport) as client:
            await client.send_to({"number": 1})
            assert await client.receive_json_from() == {"next": 2}

    @pytest.mark.parametrize("data", ["{", b"{}"])
    async def test_what_is_no_json_ends_the_session(
        self, data: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING)
        async with EngineIOCommunicator(self.Counter.as_asgi(), transport="websocket") as client:
            await client.send_to(data)
            await client.client.wait_closed()
        assert caplog.records == []


async def test_sessions_do_not_mix() -> None:
    """Whatever others do, also those whose requests are cut off: each has its own scope."""

    class Own(Recorder):
        async def receive(self, data: Any) -> None:
            await asyncio.sleep(0)
            await self.send(f"{self.scope['query_string'].decode()} {data}")

    application = Own.as_asgi()

    async def talk(number: int) -> None:
        transport: Any = "websocket" if number % 2 else "polling"
        client = EngineIOCommunicator(application, f"/?name=n{number}", transport=transport)
        await client.connect()
        for turn in range(5):
            await client.send_to(f"{number}.{turn}")
            if number % 5 == 0 and turn == 2:
                client.client.abort()
                return
            answer = str(await client.receive_from(30))
            assert f"name=n{number}" in answer.split()[0].split("&")
            assert answer.split()[1] == f"{number}.{turn}"
        await client.disconnect()

    await asyncio.gather(*map(talk, range(200)))
    await eventually(lambda: all(one.ended for one in Own.instances), 60)
    assert len(Own.instances) == 200
