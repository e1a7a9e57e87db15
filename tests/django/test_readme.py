"""The package's README is right: followed literally, it works, and its code runs."""

from __future__ import annotations

import gc
import re
import sys
import unittest
from pathlib import Path
from subprocess import PIPE, STDOUT
from subprocess import run as run_program
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse

from django_engineio import conf, eio
from django_engineio.integration import servers
from django_engineio.pytest_plugin import Connect
from engineio.testing import Client as NetworkClient
from engineio.testing import LiveNetwork
from tests.django.running import ROOT, environment_with, serving

TEXT = (ROOT / "packages/django-engineio/README.md").read_text("utf-8")
QUICK_START, _, REST = TEXT.partition("## Handlers")
SECOND_SERVER = TEXT.partition("**A second server**")[2].split("```")[1].removeprefix("python\n")
PLACE = re.compile(r"# ([\w/]+\.py)(, at the end)?\n")


def blocks(language: str, text: str) -> list[str]:
    """Return the blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def execute(code: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run a block of code, and return all names."""
    exec(compile(code, "README.md", "exec"), names)
    return names


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the code on the page defines, but for its second server, which is not the project's."""
    names: dict[str, Any] = {"__name__": "page"}
    for code in blocks("python", REST):
        if code != SECOND_SERVER:
            execute(code, names)
    return names


@pytest.fixture
def page(names: dict[str, Any]) -> dict[str, Any]:
    """The same, with the handlers of the quick start."""
    eio.handlers._handlers.clear()
    return execute(blocks("python", QUICK_START)[-1], names)


@pytest.mark.deploy
async def test_the_quick_start_followed_literally(tmp_path: Path) -> None:
    """In an empty virtual environment, with the commands and files of the page and nothing else."""
    run_program([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    programs = tmp_path / "venv/bin"
    (tmp_path / "packages").symlink_to(ROOT / "packages")
    first, last = (block.splitlines() for block in blocks("sh", QUICK_START))
    folder = tmp_path
    for line in first:
        if line.startswith("cd "):
            folder = folder / line.removeprefix("cd ")
        else:
            shell(line, folder, programs)
    for code in blocks("python", QUICK_START):
        place = PLACE.match(code)
        assert place is not None
        file = folder / place[1]
        before = file.read_text() if place[2] else ""
        file.write_text(before + code)
    *commands, serve = last
    for line in commands:
        shell(line, folder, programs)
    shell("python manage.py check --fail-level WARNING", folder, programs)

    # runserver, with a port that is free.
    command = serve.removeprefix("python manage.py ") + " --noreload {port}"
    environment = {"DJANGO_SETTINGS_MODULE": "mysite.settings"}
    log = tmp_path / "log"
    with serving(
        f"django {command}", environment, log, folder=folder, python=programs / "python"
    ) as program:
        for transport in ("polling", "websocket"):
            client = NetworkClient(
                LiveNetwork("127.0.0.1", program.port),
                transport=transport,
                query={"name": "Ada"},
            )
            async with client:
                await client.send("hello")
                assert await client.receive() == "Ada: hello"
    assert "Traceback" not in log.read_text()


def shell(line: str, folder: Path, programs: Path) -> None:
    """Run a line of the page, with the programs of the virtual environment first."""
    done = run_program(
        ["/bin/sh", "-c", f'PATH="{programs}:$PATH" {line}'],
        cwd=folder,
        env=environment_with({}),
        stdout=PIPE,
        stderr=STDOUT,
        text=True,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}"


def test_the_tests_on_the_page(page: dict[str, Any], engineio_client: Connect) -> None:
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(page["ChatTests"]).run(result)
    assert (result.testsRun, result.failures, result.errors) == (2, [], [])
    page["test_echo"](engineio_client, Client())


def test_the_view_on_the_page(page: dict[str, Any], engineio_client: Connect) -> None:
    chat = engineio_client()
    page["notify"](RequestFactory().post("/notify", {"text": "news"}))
    assert chat.receive() == "news"


def test_the_second_server_on_the_page() -> None:
    names = execute(SECOND_SERVER, {"__name__": "page"})
    assert names["support"].options == {"ping_interval": 10}
    urls = type("urls", (), {"urlpatterns": names["urlpatterns"]})
    with override_settings(ROOT_URLCONF=urls):
        assert reverse("engineio-support:endpoint") == "/support/engine.io/"
    del names, urls
    gc.collect()
    assert [each.name for each in servers()] == ["default", "admin"]


def test_every_key_in_the_table_is_one(page: dict[str, Any]) -> None:
    table = REST.partition("| Key |")[2].partition("[All options]")[0]
    named = {
        name
        for row in table.splitlines()
        for name in re.findall(r"`([A-Z_0-9]+)`", row.split(" | ")[0])
    }
    assert "PING_INTERVAL" in named
    own: dict[str, Any] = {"ASYNC_MODE": None, "HANDLERS_MODULE": "eio", "SERVERS": {}}
    for name in named - set(own):
        misspelt = override_settings(ENGINEIO={f"{name}X": 1})
        with misspelt, pytest.raises(ImproperlyConfigured, match=f"did you mean.* {name}"):
            conf.read()
    with override_settings(ENGINEIO=own):
        assert conf.read().options == {}
    example = {key: item for key, item in page["ENGINEIO"].items() if key != "ALLOW_REQUEST"}
    with override_settings(ENGINEIO=example):
        assert conf.read().of("admin")["max_payload"] == 10_000
        assert eio.options["ping_interval"] == 25
