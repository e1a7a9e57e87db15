"""The example: people log in and talk, over both transports."""

import pytest

from engineio.testing import ConnectionRejected
from examples.sanic_chat.app import make_app
from sanic_engineio.testing import EngineIOTestClient

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_two_people_talk(transport: str) -> None:
    async with EngineIOTestClient(make_app(f"chat-{transport}")) as http:
        with pytest.raises(ConnectionRejected, match="401: b'log in first'"):
            await http.engineio_connect(transport=transport)

        await http.request("POST", "/login", b"name=Ada", FORM)
        ada = await http.engineio_connect(transport=transport)
        await http.request("POST", "/login", b"name=Bob", FORM)
        bob = await http.engineio_connect(transport=transport)
        assert await ada.receive_json() == {"from": None, "text": "Bob is here"}

        await bob.send("<b>hello</b>")
        for one in (ada, bob):
            assert await one.receive_json() == {"from": "Bob", "text": "<b>hello</b>"}

        answer = await http.request("POST", "/announce", b"closing time")
        assert answer.json() == {"told": 2}
        assert await ada.receive_json() == {"from": None, "text": "closing time"}

        await bob.close()
        assert "Bob has left" in (await ada.receive_json())["text"]


async def test_the_page_is_served() -> None:
    async with EngineIOTestClient(make_app("chat-page")) as http:
        assert b"eio.Socket" in (await http.request("GET", "/")).body
        assert (await http.request("POST", "/login", b"name=+", FORM)).status == 400
