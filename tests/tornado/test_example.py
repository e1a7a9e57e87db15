"""The example: people log in and talk, over both transports."""

import asyncio
import os
import re
import signal
import socket
import sys
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest

from engineio.testing import Client, ConnectionRejected, LiveNetwork
from examples.tornado_chat.app import make_app, make_eio
from tornado_engineio.testing import EngineIOTestServer


async def cookies_for(server: EngineIOTestServer, name: str) -> dict[str, str]:
    """Log in as the page does, and return the cookies."""
    page = await server.fetch("/")
    assert "eio.Socket" in page.body.decode()
    jar = SimpleCookie(page.headers["Set-Cookie"])
    found = re.search(r'"X-XSRFToken": "([^"]+)"', page.body.decode())
    assert found is not None
    headers = {"X-XSRFToken": found[1], "Cookie": f"_xsrf={jar['_xsrf'].value}"}
    body = urlencode({"name": name})
    answer = await server.fetch("/login", method="POST", body=body, headers=headers)
    assert answer.code == 200, answer.reason
    jar.load(answer.headers["Set-Cookie"])
    return {key: morsel.value for key, morsel in jar.items()}


async def test_two_people_talk(transport: str) -> None:
    async with make_eio() as eio, EngineIOTestServer(make_app(eio)) as server:
        with pytest.raises(ConnectionRejected, match=r"401.*Log in first"):
            await server.engineio_connect(transport=transport)

        cookies = await cookies_for(server, "Ada")
        ada = await server.engineio_connect(transport=transport, cookies=cookies)
        bob = await server.engineio_connect(
            transport=transport, cookies=await cookies_for(server, "Bob")
        )
        assert await ada.receive_json() == {"from": None, "text": "Bob is here"}

        await bob.send("<b>hello</b>")
        for one in (ada, bob):
            assert await one.receive_json() == {"from": "Bob", "text": "<b>hello</b>"}

        body = urlencode({"text": "closing time", "_xsrf": cookies["_xsrf"]})
        headers = {"Cookie": f"_xsrf={cookies['_xsrf']}"}
        answer = await server.fetch("/announce", method="POST", body=body, headers=headers)
        assert answer.body == b'{"told": 2}'
        assert await ada.receive_json() == {"from": None, "text": "closing time"}

        await bob.close()
        assert "Bob has left" in (await ada.receive_json())["text"]


async def test_who_says_no_name_does_not_come_in() -> None:
    async with make_eio() as eio, EngineIOTestServer(make_app(eio)) as server:
        with pytest.raises(AssertionError, match="A name, please"):
            await cookies_for(server, " ")


async def test_it_stops_as_it_is_told() -> None:
    """Run as its README says."""
    command = (sys.executable, "-m", "examples.tornado_chat.app")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(*command, env=environment)
    try:
        async with asyncio.timeout(15):
            while True:
                try:
                    await Client(LiveNetwork("127.0.0.1", port)).connect()
                except ConnectionRejected as refused:
                    if refused.status == 401:
                        break
                    await asyncio.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
