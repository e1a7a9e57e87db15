"""The example: people log in and talk, over both transports."""

import pytest
from aiohttp.test_utils import TestServer

from aiohttp_engineio.testing import EngineIOTestClient
from engineio.testing import ConnectionRejected
from examples.aiohttp_chat.app import make_app

# aiohttp-session keeps what it needs under plain strings.
pytestmark = pytest.mark.filterwarnings("ignore::aiohttp.web.NotAppKeyWarning")


async def test_two_people_talk(transport: str) -> None:
    async with EngineIOTestClient(TestServer(make_app())) as http:
        with pytest.raises(ConnectionRejected, match="401: b'log in first'"):
            await http.engineio_connect(transport=transport)

        await http.post("/login", data={"name": "Ada"})
        ada = await http.engineio_connect(transport=transport)
        await http.post("/login", data={"name": "Bob"})
        bob = await http.engineio_connect(transport=transport)
        assert await ada.receive_json() == {"from": None, "text": "Bob is here"}

        await bob.send("<b>hello</b>")
        for one in (ada, bob):
            assert await one.receive_json() == {"from": "Bob", "text": "<b>hello</b>"}

        answer = await http.post("/announce", data="closing time")
        assert await answer.json() == {"told": 2}
        assert await ada.receive_json() == {"from": None, "text": "closing time"}

        await bob.close()
        assert "Bob has left" in (await ada.receive_json())["text"]


async def test_the_page_is_served() -> None:
    async with EngineIOTestClient(TestServer(make_app())) as http:
        assert "const socket = eio()" in await (await http.get("/")).text()
        assert (await http.post("/login", data={"name": " "})).status == 400
