"""A server that the URLconf makes, in a project whose entry point is imported before that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engineio.testing import Client, LiveNetwork
from tests.django.running import serving

FILES = {
    "settings": """
SECRET_KEY = "of a test"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django_engineio"]
ROOT_URLCONF = "urls"
""",
    "urls": """
from django.urls import include, path

from django_engineio import EngineIO

support = EngineIO("support", ping_interval=10)
support.on_message(lambda sid, data: support.send(sid, data))
urlpatterns = [
    path("engine.io/", include("django_engineio.urls")),
    path("support/engine.io/", support.urls),
]
""",
    "asgi": """
from django_engineio.asgi import get_asgi_application

application = get_asgi_application()
""",
    "wsgi": """
from django_engineio.wsgi import get_wsgi_application

application = get_wsgi_application()
""",
}
SERVERS = {
    "uvicorn": "uvicorn --port={port} --log-level=warning asgi:application",
    "gthread": "gunicorn --threads=4 --bind=127.0.0.1:{port} wsgi:application",
}


@pytest.mark.parametrize("server", SERVERS)
async def test_it_is_served_as_all_others_are(server: str, tmp_path: Path, transport: Any) -> None:
    for name, text in FILES.items():
        (tmp_path / f"{name}.py").write_text(text)
    environment = {"DJANGO_SETTINGS_MODULE": "settings"}
    with serving(SERVERS[server], environment, tmp_path / "log", folder=tmp_path) as program:
        network = LiveNetwork("127.0.0.1", program.port)
        async with Client(network, path="/support/engine.io/", transport=transport) as client:
            assert client.handshake["pingInterval"] == 10_000
            assert transport == "websocket" or client.handshake["upgrades"] == ["websocket"]
            await client.send("hello")
            assert await client.receive() == "hello"
