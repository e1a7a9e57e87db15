"""Messages with a type: JSON text in, validated by pydantic, and models out."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast

import pytest
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

import engineio
from fastapi_engineio import EngineIO
from fastapi_engineio.pytest_plugin import Connect


class Say(BaseModel):
    kind: Literal["say"] = "say"
    text: Annotated[str, Field(max_length=20)]


class Move(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    kind: Literal["move"]
    to_field: int


@dataclass
class Point:
    x: int
    y: int = 0


Step = Annotated[Say | Move, Field(discriminator="kind")]


def application(eio: EngineIO) -> FastAPI:
    app = FastAPI()
    app.include_router(eio)
    return app


def hearing(annotation: Any, **options: Any) -> tuple[FastAPI, EngineIO, list[Any]]:
    """An application that notes the messages of a type."""
    eio = EngineIO(**options)
    heard: list[Any] = []

    async def received(sid: str, data: Any) -> None:
        heard.append(data)
        await eio.send(sid, "heard")

    received.__annotations__["data"] = annotation
    eio.on_message(received)
    return application(eio), eio, heard


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (Say, '{"text":"hello"}', Say(text="hello")),
        (Step, '{"kind":"move","toField":3}', Move(kind="move", to_field=3)),
        (Step, '{"kind":"say","text":"hello"}', Say(text="hello")),
        (Say | bytes, '{"text":"hello"}', Say(text="hello")),
        (Say | bytes, b"\x00\xff", b"\x00\xff"),
        (list[int], "[1,2]", [1, 2]),
        (dict[str, int], '{"a":1}', {"a": 1}),
        (Point, '{"x":1}', Point(1)),
        (int, "7", 7),
        (Annotated[str, Field(max_length=5)], "12345", "12345"),
        (str, '{"text":"hello"}', '{"text":"hello"}'),
        (str | bytes, b"\x00", b"\x00"),
        (engineio.SendData, "[]", "[]"),
        (Any, "{}", "{}"),
    ],
)
async def test_what_a_handler_gets(
    engineio_client: Connect, transport: str, annotation: Any, text: str | bytes, value: Any
) -> None:
    app, _, heard = hearing(annotation)

    async with engineio_client(app, transport=transport) as client:
        await client.send(text)
        assert await client.receive() == "heard"
    assert heard == [value]
    assert type(heard[0]) is type(value)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Say, "no json"),
        (Say, '{"text":7}'),
        (Say, b'{"text":"hello"}'),
        (Step, '{"kind":"jump"}'),
        (Annotated[str, Field(max_length=5)], "123456"),
    ],
)
async def test_what_does_not_fit_reaches_no_handler(
    engineio_client: Connect,
    annotation: Any,
    text: str | bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is logged without what the client wrote, and the session goes on."""
    app, eio, heard = hearing(annotation)
    told: list[tuple[str, ValidationError]] = []
    eio.on_invalid_message(lambda sid, error: told.append((sid, error)))

    async with engineio_client(app, transport="websocket") as client:
        await client.send(text)
        assert await client.receive_nothing()
        assert not client.closed
        ((sid, error),) = told
        assert sid == client.sid
    assert isinstance(error, ValidationError)
    assert heard == []
    (record,) = [record for record in caplog.records if "fit" in record.message]
    assert record.levelno == logging.WARNING
    assert error.errors()[0]["type"] in record.message
    assert "123456" not in record.message
    assert "no json" not in record.message


async def test_a_flood_of_them_is_one_line(
    engineio_client: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    app, eio, _ = hearing(Say)
    told: list[str] = []
    eio.on_invalid_message(lambda sid, error: told.append(sid))

    async with engineio_client(app, transport="websocket") as client:
        for _ in range(200):
            await client.send("{}")
        async with asyncio.timeout(5):
            while len(told) < 200:  # noqa: ASYNC110  # nothing tells
                await asyncio.sleep(0.01)
    assert 1 <= len([record for record in caplog.records if "fit" in record.message]) <= 5


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_handler_for_them(
    engineio_client: Connect, transport: str, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app, eio, _ = hearing(Say)
    loop = asyncio.get_running_loop()

    if is_async:

        @eio.on_validation_error
        async def explain(sid: str, error: ValidationError) -> None:
            await eio.send(sid, error.errors(include_url=False, include_input=False))

    else:

        @eio.on_validation_error
        def explain_from_a_thread(sid: str, error: ValidationError) -> None:
            details = error.errors(include_url=False, include_input=False)
            asyncio.run_coroutine_threadsafe(eio.send(sid, details), loop).result(5)

    async with engineio_client(app, transport=transport) as client:
        await client.send("{}")
        assert await client.receive_json() == [
            {"type": "missing", "loc": ["text"], "msg": "Field required"}
        ]
    assert caplog.records == []


async def test_order_is_kept_among_good_and_bad(engineio_client: Connect) -> None:
    eio = EngineIO()
    seen: list[str] = []

    @eio.on_message
    async def received(sid: str, data: Say) -> None:
        await eio.sleep(0.002)
        seen.append(data.text)

    @eio.on_validation_error
    async def wrong(sid: str, error: ValidationError) -> None:
        await eio.sleep(0.001)
        seen.append("wrong")
        if seen.count("wrong") == 10:
            await eio.send(sid, "done")

    async with engineio_client(application(eio), transport="websocket") as client:
        for number in range(10):
            await client.send({"text": str(number)})
            await client.send("?")
        assert await client.receive() == "done"
    assert seen == [text for number in range(10) for text in (str(number), "wrong")]


async def test_a_plain_function_takes_models_too(engineio_client: Connect, transport: str) -> None:
    eio = EngineIO()
    heard: asyncio.Queue[Any] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    # For a type checker, what is registered by name takes plain data.
    @cast(Any, eio.on)("message")
    def received(sid: str, data: Say) -> None:
        loop.call_soon_threadsafe(heard.put_nowait, data)

    async with engineio_client(application(eio), transport=transport) as client:
        await client.send({"text": "hello"})
        async with asyncio.timeout(5):
            assert await heard.get() == Say(text="hello")


async def test_json_that_the_core_has_read_already(engineio_client: Connect) -> None:
    """With ``decode_json`` a type is held against values, and text that is no JSON stays text."""
    app, _, heard = hearing(Say | str, decode_json=True)

    async with engineio_client(app, transport="websocket") as client:
        for text in ('{"text":"hello"}', "hello"):
            await client.send(text)
            assert await client.receive() == "heard"
    assert heard == [Say(text="hello"), "hello"]


async def test_models_are_sent_as_json(engineio_client: Connect, transport: str) -> None:
    eio = EngineIO()
    app = application(eio)

    async with engineio_client(app, transport=transport) as client:
        assert await eio.send(client.sid, Say(text="€"))
        assert await client.receive() == '{"kind":"say","text":"€"}'
        assert await eio.broadcast(Move(kind="move", to_field=1)) == 1
        assert await client.receive() == '{"kind":"move","toField":1}'
        assert await eio.broadcast({"a": 1}, [client.sid]) == 1
        assert await client.receive_json() == {"a": 1}


async def test_handlers_of_plain_data_stand_in_the_core_as_they_are() -> None:
    """So they cost no more there than without this package."""
    eio = EngineIO()

    @eio.on_message
    async def received(sid: str, data: str | bytes) -> None: ...

    assert eio.server.handler("message") is received


def test_wrong_handlers() -> None:
    eio = EngineIO()

    with pytest.raises(engineio.ConfigError, match="must take 2 arguments"):

        @eio.on_message
        async def too_many(sid: str, data: Say, more: int) -> None: ...

    with pytest.raises(engineio.ConfigError, match="unknown event 'mesage'"):
        cast(Any, eio.on)("mesage")(lambda: None)
