"""The channel layer: groups, messages to methods, and no end of either."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from channels.exceptions import ChannelFull, InvalidChannelLayerError, StopConsumer
from channels.layers import InMemoryChannelLayer, channel_layers
from django.test.utils import override_settings

import engineio
from channels_engineio import EngineIOConsumer, SyncEngineIOConsumer
from channels_engineio.testing import EngineIOCommunicator
from tests.channels.running import Recorder, eventually


def made(consumer: Any) -> Any:
    """Return the only instance there is."""
    (instance,) = consumer.instances
    return instance


async def test_a_group_message_reaches_the_method_of_everybody(layer: Any, transport: Any) -> None:
    class Chat(EngineIOConsumer):
        groups = ("lobby",)

        async def receive(self, data: Any) -> None:
            await self.channel_layer.group_send("lobby", {"type": "chat.line", "text": data})

        async def chat_line(self, event: dict[str, Any]) -> None:
            await self.send(event["text"])

    application = Chat.as_asgi()
    async with (
        EngineIOCommunicator(application, transport=transport) as one,
        EngineIOCommunicator(application) as other,
    ):
        await one.send_to("hello")
        assert await one.receive_from() == await other.receive_from() == "hello"

    await eventually(lambda: not layer.groups)


async def test_a_message_to_one_session(layer: Any, transport: Any) -> None:
    class Chat(Recorder):
        async def notify(self, event: dict[str, Any]) -> None:
            await self.send(event["text"])

    async with EngineIOCommunicator(Chat.as_asgi(), transport=transport) as client:
        assert made(Chat).channel_layer is layer
        await layer.send(made(Chat).channel_name, {"type": "notify", "text": "you alone"})
        assert await client.receive_from() == "you alone"


async def test_plain_methods_take_messages_too(layer: Any) -> None:
    class Chat(SyncEngineIOConsumer):
        groups = ("lobby",)

        def chat_line(self, event: dict[str, Any]) -> None:
            self.send(event["text"])

    async with EngineIOCommunicator(Chat.as_asgi()) as client:
        await layer.group_send("lobby", {"type": "chat.line", "text": "hello"})
        assert await client.receive_from() == "hello"


async def test_a_message_sent_while_connect_decides_is_not_lost(layer: Any) -> None:
    class Chat(EngineIOConsumer):
        groups = ("lobby",)

        async def connect(self) -> None:
            await self.channel_layer.group_send("lobby", {"type": "chat.line", "text": "I am here"})

        async def chat_line(self, event: dict[str, Any]) -> None:
            await self.send(event["text"])

    async with EngineIOCommunicator(Chat.as_asgi()) as client:
        assert await client.receive_from() == "I am here"


async def test_no_two_methods_are_at_work_at_the_same_time(layer: Any) -> None:
    class Chat(Recorder):
        groups = ("lobby",)
        at_work = 0
        most = 0

        async def work(self, what: Any) -> None:
            self.at_work += 1
            self.most = max(self.most, self.at_work)
            await asyncio.sleep(0.002)
            self.heard.append(what)
            self.at_work -= 1

        async def receive(self, data: Any) -> None:
            await self.work(data)

        async def chat_line(self, event: dict[str, Any]) -> None:
            await self.work(event["text"])

        async def disconnect(self, reason: engineio.Reason) -> None:
            await self.work(reason)

    async with EngineIOCommunicator(Chat.as_asgi(), transport="websocket") as client:
        for number in range(20):
            await client.send_to(f"c{number}")
            await layer.group_send("lobby", {"type": "chat.line", "text": f"l{number}"})
        await eventually(lambda: len(made(Chat).heard) == 40)
        await client.send_to("last")
    await eventually(lambda: len(made(Chat).heard) == 42)

    heard = made(Chat).heard
    assert made(Chat).most == 1
    assert [text for text in heard[:40] if text.startswith("c")] == [f"c{n}" for n in range(20)]
    assert [text for text in heard[:40] if text.startswith("l")] == [f"l{n}" for n in range(20)]
    assert heard[40:] == ["last", engineio.Reason.TRANSPORT_CLOSE]


@pytest.mark.parametrize("carrier", ["polling", "websocket"])
async def test_a_session_without_a_channel_layer_has_no_task(layer: Any, carrier: Any) -> None:
    class Bare(Recorder):
        channel_layer_alias = None

    class Listening(Recorder):
        pass

    async def count(consumer: Any, sessions: int) -> int:
        async with AsyncExitStack() as stack:
            for _ in range(sessions):
                client = EngineIOCommunicator(consumer.as_asgi(), transport=carrier)
                await stack.enter_async_context(client)
                await client.send_to("x")
                await eventually(lambda: consumer.instances[-1].heard)
            return len(asyncio.all_tasks())

    # A client has tasks too. The first sessions of all make what later ones use again.
    added = {}
    for consumer in (Bare, Listening):
        await count(consumer, 2)
        added[consumer] = await count(consumer, 5) - await count(consumer, 2)
    assert added[Listening] - added[Bare] == 3
    assert Listening.instances[0].channel_name
    assert Bare.instances[0].channel_layer is None
    assert Bare.instances[0].channel_name == ""


async def test_nothing_is_left_of_a_session(layer: Any, transport: Any) -> None:
    class Chat(Recorder):
        groups = ("lobby", "news")

    before = asyncio.all_tasks()
    async with EngineIOCommunicator(Chat.as_asgi(), transport=transport):
        assert set(layer.groups) == {"lobby", "news"}
    await eventually(lambda: made(Chat).ended)
    await eventually(lambda: not asyncio.all_tasks() - before)
    assert layer.groups == {}


async def test_nothing_is_left_of_a_client_that_was_refused(layer: Any) -> None:
    class Chat(Recorder):
        groups = ("lobby",)

        async def connect(self) -> bool:
            assert "lobby" in layer.groups
            return False

    assert await EngineIOCommunicator(Chat.as_asgi()).connect() == (False, 401)
    assert layer.groups == {}


async def test_nothing_is_left_of_a_client_that_gave_up(layer: Any) -> None:
    class Slow(Recorder):
        groups = ("lobby",)
        options = {"connect_timeout": 0.05}  # noqa: RUF012  # as applications write it

        async def connect(self) -> None:
            await asyncio.sleep(0.2)

    assert await EngineIOCommunicator(Slow.as_asgi()).connect() == (False, 503)
    await eventually(lambda: made(Slow).ended)
    assert layer.groups == {}


async def flood(layer: Any, name: str) -> None:
    """Send more than any queue would take."""
    for number in range(2_000):
        await layer.send(name, {"type": "chat.line", "text": f"{number}".ljust(100_000)})
        await asyncio.sleep(0)


async def test_a_client_that_does_not_read_cannot_make_messages_pile_up(transport: Any) -> None:
    """What it does not take stays in the layer, which has a limit; and others are not delayed."""

    class Chat(Recorder):
        groups = ("lobby",)
        options = {"send_queue_packets": 10}  # noqa: RUF012  # as applications write it

        async def chat_line(self, event: dict[str, Any]) -> None:
            await self.send(event["text"])
            self.heard.append(event["text"])

    backend = {
        "BACKEND": "channels.layers.InMemoryChannelLayer",
        "CONFIG": {"capacity": 20},
    }
    with override_settings(CHANNEL_LAYERS={"default": backend}):
        layer = channel_layers["default"]
        application = Chat.as_asgi()
        async with EngineIOCommunicator(application, transport=transport) as slow:
            (consumer,) = Chat.instances
            slow.client.stop_reading()
            with pytest.raises(ChannelFull):
                await flood(layer, consumer.channel_name)
            taken = len(consumer.heard)
            assert layer.channels[consumer.channel_name].qsize() == 20

            async with EngineIOCommunicator(application) as quick:
                await layer.group_send("lobby", {"type": "chat.line", "text": "news"})
                assert await quick.receive_from() == "news"

            slow.client.start_reading()
            received = [str(await slow.receive_from()).strip() for _ in range(taken + 20)]
        assert received == [str(number) for number in range(taken + 20)]


async def test_a_method_that_fails_is_logged_and_the_session_goes_on(
    layer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Fragile(Recorder):
        async def shatter(self, event: dict[str, Any]) -> None:
            raise RuntimeError("out of order")

        async def chat_line(self, event: dict[str, Any]) -> None:
            await self.send(event["text"])

    async with EngineIOCommunicator(Fragile.as_asgi()) as client:
        name = made(Fragile).channel_name
        for message in ({"type": "shatter"}, {"type": "unknown.thing"}, {"type": "_private"}, {}):
            await layer.send(name, message)
        await layer.send(name, {"type": "chat.line", "text": "hello"})
        assert await client.receive_from() == "hello"
    assert "out of order" in caplog.text
    assert "unknown_thing" in caplog.text
    assert len(caplog.records) == 4


async def test_a_method_that_stops_ends_the_session(layer: Any) -> None:
    class Stopping(Recorder):
        async def leave(self, event: dict[str, Any]) -> None:
            raise StopConsumer

    async with EngineIOCommunicator(Stopping.as_asgi()) as client:
        await layer.send(made(Stopping).channel_name, {"type": "leave"})
        await client.client.wait_closed()
        await eventually(lambda: made(Stopping).ended)


async def test_a_message_to_a_client_that_leaves_is_no_error(
    layer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Chat(Recorder):
        leaving: asyncio.Event

        async def chat_line(self, event: dict[str, Any]) -> None:
            await self.leaving.wait()
            await self.send(event["text"])

    Chat.leaving = asyncio.Event()
    caplog.set_level(logging.INFO, "channels_engineio")
    async with EngineIOCommunicator(Chat.as_asgi(), transport="websocket") as client:
        await layer.send(made(Chat).channel_name, {"type": "chat.line", "text": "too late"})
        await asyncio.sleep(0.01)
        client.client.abort()
        await eventually(lambda: not Chat.get_server().sids)
        Chat.leaving.set()
        await eventually(lambda: made(Chat).ended)
    assert caplog.records == []


class Failing(InMemoryChannelLayer):
    """A layer whose server goes away, and comes back when it is told to."""

    down = False
    calls = 0

    async def receive(self, channel: str) -> Any:
        message = await super().receive(channel)
        self._fail_if_down()
        if message["type"] == "hiccup":
            # As a Redis that has restarted, and has forgotten everything.
            self.groups.clear()
            raise TimeoutError("nothing was heard")
        return message

    async def group_add(self, group: str, channel: str) -> None:
        self._fail_if_down()
        await super().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        self._fail_if_down()
        await super().group_discard(group, channel)

    def _fail_if_down(self) -> None:
        if self.down:
            type(self).calls += 1
            raise ConnectionError("nobody is there")


@pytest.fixture
def failing() -> Iterator[Any]:
    """A `Failing` layer."""
    with override_settings(CHANNEL_LAYERS={"default": {"BACKEND": f"{__name__}.Failing"}}):
        yield channel_layers["default"]


class Lobby(Recorder):
    """In a group."""

    groups = ("lobby",)

    async def chat_line(self, event: dict[str, Any]) -> None:
        await self.send(event["text"])


async def test_a_layer_that_only_hiccups_is_used_again(failing: Any, transport: Any) -> None:
    """And the groups are joined again, for it may have forgotten who was in them."""

    class Chat(Lobby):
        pass

    async with EngineIOCommunicator(Chat.as_asgi(), transport=transport) as client:
        for number in range(6):
            await failing.group_send("lobby", {"type": "hiccup"})
            await eventually(lambda: not failing.groups)
            await eventually(lambda: failing.groups)
            await failing.group_send("lobby", {"type": "chat.line", "text": f"line {number}"})
            assert await client.receive_from() == f"line {number}"


async def test_a_layer_that_is_gone_ends_the_session(
    failing: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Its client comes back and joins the groups again, and does not sit there hearing nothing."""

    class Chat(Lobby):
        pass

    async with EngineIOCommunicator(Chat.as_asgi(), transport="websocket") as client:
        failing.down = True
        await failing.group_send("lobby", {"type": "chat.line", "text": "lost"})
        await client.client.wait_closed(20)
        await eventually(lambda: made(Chat).ended)
    assert made(Chat).ended == [engineio.Reason.SERVER_DISCONNECT]
    assert "the channel layer is gone" in caplog.text
    # Five attempts, and one to leave.
    assert Failing.calls == 6

    assert await EngineIOCommunicator(Chat.as_asgi()).connect() == (False, 503)
    # It is nobody's fault here, and there may be thousands of clients.
    assert "Traceback" not in caplog.text


class Ungrouped:
    """A layer without the groups extension."""

    async def new_channel(self) -> str:
        return "specific.x!y"


@pytest.mark.parametrize("layers", [{}, {"default": {"BACKEND": f"{__name__}.Ungrouped"}}])
async def test_groups_need_a_layer_that_has_them(
    layers: Any, caplog: pytest.LogCaptureFixture
) -> None:
    class Chat(Recorder):
        groups = ("lobby",)

    with override_settings(CHANNEL_LAYERS=layers):
        assert await EngineIOCommunicator(Chat.as_asgi()).connect() == (False, 401)
    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is InvalidChannelLayerError


async def test_concurrent_handlers_are_asked_for_by_option(layer: Any) -> None:
    class Busy(Recorder):
        options = {"async_handlers": True}  # noqa: RUF012  # as applications write it
        at_work = 0

        async def receive(self, data: Any) -> None:
            self.at_work += 1
            while self.at_work < 2:  # noqa: ASYNC110  # nothing tells
                await asyncio.sleep(0.001)
            self.heard.append(data)

    async with EngineIOCommunicator(Busy.as_asgi(), transport="websocket") as client:
        await client.send_to("a")
        await client.send_to("b")
        await eventually(lambda: len(made(Busy).heard) == 2)
