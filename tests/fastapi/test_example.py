"""The example: people log in and talk, over both transports."""

import pytest

from engineio.testing import ConnectionRejected
from examples.fastapi_chat.app import app
from fastapi_engineio.testing import EngineIOTestClient


async def test_two_people_talk(transport: str) -> None:
    async with EngineIOTestClient(app) as http:
        with pytest.raises(ConnectionRejected, match=r"401: .*log in first"):
            await http.engineio_connect(transport=transport)

        await http.post("/login", json={"name": "Ada"})
        ada = await http.engineio_connect(transport=transport)
        await http.post("/login", json={"name": "Bob"})
        bob = await http.engineio_connect(transport=transport)
        assert await ada.receive_json() == {"from": None, "text": "Bob is here"}

        await bob.send({"text": " <b>hello</b> "})
        for one in (ada, bob):
            assert await one.receive_json() == {"from": "Bob", "text": "<b>hello</b>"}

        await bob.send({"text": " "})
        assert "not sent" in (await bob.receive_json())["text"]
        assert await ada.receive_nothing()

        answer = await http.post("/announce", json={"text": "closing time"})
        assert answer.json() == {"told": 2}
        assert await ada.receive_json() == {"from": None, "text": "closing time"}

        await bob.close()
        assert "Bob has left" in (await ada.receive_json())["text"]


async def test_the_page_is_served_and_the_schema_tells_of_pages_alone() -> None:
    async with EngineIOTestClient(app) as http:
        assert "eio.Socket" in (await http.get("/")).text
        assert (await http.post("/login", json={"name": ""})).status_code == 422
        schema = (await http.get("/openapi.json")).json()
        assert set(schema["paths"]) == {"/login", "/announce"}
