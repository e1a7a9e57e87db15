"""``manage.py runserver`` as developers have it: its reloader runs the site in a thread."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from engineio.protocol.packet import PacketType
from engineio.testing import Client, ConnectionClosed, ConnectionRejected, LiveNetwork
from tests.django.running import serving

SETTINGS = """
SECRET_KEY = "of a test"
DEBUG = True
INSTALLED_APPS = ["django_engineio"]
ROOT_URLCONF = "urls"
WSGI_APPLICATION = "wsgi.application"
"""
URLS = """
from django.urls import include, path

urlpatterns = [path("engine.io/", include("django_engineio.urls"))]
"""
WSGI = """
from django_engineio import eio
from django_engineio.wsgi import get_wsgi_application

eio.on_message(lambda sid, data: eio.send(sid, data))
eio.on_disconnect(lambda sid, reason: print("disconnected:", reason, flush=True))
application = get_wsgi_application()
"""


async def touch_until_closed(module: Path, client: Client) -> None:
    """Change a file until the reloader notices: what was changed before its first look is old."""
    async with asyncio.timeout(20):
        while not client.closed:
            os.utime(module, (module.stat().st_mtime + 5,) * 2)
            # It looks once a second.
            await asyncio.sleep(0.5)


async def answer_of_the_next_process(network: LiveNetwork) -> Any:
    """Say hello until somebody answers: the old process may still refuse, or nobody listen."""
    async with asyncio.timeout(20):
        while True:
            try:
                async with Client(network, transport="websocket") as client:
                    await client.send("hello")
                    return await client.receive()
            except (ConnectionRejected, ConnectionClosed):
                await asyncio.sleep(0.1)


@pytest.mark.deploy
async def test_a_change_of_the_code(tmp_path: Path) -> None:
    """Clients are told, and the next process serves them again."""
    for name, text in (("settings", SETTINGS), ("urls", URLS), ("wsgi", WSGI)):
        (tmp_path / f"{name}.py").write_text(text)
    environment = {"DJANGO_SETTINGS_MODULE": "settings"}
    with serving(
        "django runserver {port}", environment, tmp_path / "log", folder=tmp_path
    ) as program:
        network = LiveNetwork("127.0.0.1", program.port)
        async with Client(network, transport="websocket") as client:
            await client.send("hello")
            assert await client.receive() == "hello"
            module = tmp_path / "wsgi.py"
            module.write_text(WSGI.replace("sid, data)", 'sid, f"new: {data}")', 1))
            await touch_until_closed(module, client)
            assert client.packets[-1].type is PacketType.CLOSE
            assert client.close_code == 1001

        assert await answer_of_the_next_process(network) == "new: hello"
        log = program.log.read_text()
        assert log.count("disconnected: server shutdown") == 1
        assert "Traceback" not in log
