"""The package's README is right: its code runs, and so does its quick start, on its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from channels_engineio.testing import EngineIOCommunicator
from engineio.config import ServerConfig
from engineio.testing import Client, LiveNetwork
from tests.channels.processes import ROOT, environment, free_port, serving

TEXT = (ROOT / "packages/channels-engineio/README.md").read_text("utf-8")
QUICK_START = TEXT.partition("## Consumers")[0]


def blocks(language: str, text: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def page(layer: Any) -> dict[str, Any]:
    """What the code on the page defines, but for the files of a project."""
    project = ("# mysite/asgi.py", "# mysite/settings.py")
    code = "\n".join(text for text in blocks("python", TEXT) if not text.startswith(project))
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(code, "README.md", "exec"), names)
    return names


async def test_the_tests_on_the_page(
    page: dict[str, Any], engineio_communicator: type[EngineIOCommunicator]
) -> None:
    await page["test_chat"]()
    await page["test_refusal"](engineio_communicator)


async def test_the_other_consumers_on_the_page(page: dict[str, Any], database: None) -> None:
    application = page["EngineIORouter"]({"engine.io/": page["VisitsConsumer"]})
    async with EngineIOCommunicator(application) as visitor:
        assert await visitor.receive_json_from() == {"visits": 1}
    by_hand = page["by_hand"]()
    communicator = EngineIOCommunicator(
        by_hand, headers=[("origin", "http://testserver")], transport="upgrade"
    )
    communicator.scope["user"] = type("User", (), {"is_anonymous": False, "get_username": str})()
    async with communicator:
        assert await communicator.receive_json_from() == {"welcome": ""}
        await communicator.send_to({"a": 1})
        assert await communicator.receive_json_from() == {"got": {"a": 1}}


def test_every_option_in_the_table_is_one() -> None:
    table = TEXT.partition("## Configuration")[2].partition("[All options]")[0]
    named = {
        name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split(" | ")[0])
    }

    assert named <= set(ServerConfig.__dataclass_fields__)
    assert "ping_interval" in named


@pytest.mark.deploy
async def test_the_quick_start_in_an_empty_environment(tmp_path: Path) -> None:
    """Literally: its commands are run, and its files written, in the order of the page."""
    folder, project = tmp_path / "venv", tmp_path / "project"
    venv.create(folder)
    project.mkdir()
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    env = environment({"PATH": path, "PIP_PYTHON": str(folder / "bin/python")})
    install, start, serve = blocks("sh", QUICK_START)

    # This pip installs into the environment, because to put one there takes longer than all else.
    pip = install.replace("pip install", f"{sys.executable} -m pip install --quiet")
    subprocess.run(pip, shell=True, check=True, cwd=ROOT, env=env)
    subprocess.run(start, shell=True, check=True, cwd=project, env=env)
    for text in blocks("python", QUICK_START):
        name, _, rest = text.removeprefix("# ").partition("\n")
        file = project / name.split()[0]
        before = file.read_text("utf-8") if "add this" in name else ""
        file.write_text(f"{before}\n{rest}", "utf-8")

    port = free_port()
    command = [*serve.split(), "--port", str(port)]
    command[0] = str(folder / "bin" / command[0])
    log = tmp_path / "log"
    with serving(command, port, log, {"PYTHONPATH": ""}, cwd=project):
        network = LiveNetwork("127.0.0.1", port)
        async with Client(network) as one, Client(network, transport="upgrade") as other:
            await one.send("hello")
            assert await one.receive() == await other.receive() == "somebody: hello"
    assert "Traceback" not in log.read_text()
