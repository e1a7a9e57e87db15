"""The package's README is right: its code runs, its tests pass, and its five minutes are enough."""

import re
import shlex
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import flask_login
import pytest

from engineio.config import ServerConfig
from engineio.testing import BlockingClient, ConnectionRejected
from flask_engineio.pytest_plugin import Connect
from tests.flask.running import flask_run

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "packages/flask-engineio/README.md"
TEXT = PAGE.read_text("utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
PROSE = re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^    (\S.*)$", PROSE, re.MULTILINE)


class User(flask_login.UserMixin):
    """What the page's application would look up."""

    def __init__(self, name: str) -> None:
        self.id = name


@pytest.fixture
def page() -> dict[str, Any]:
    """What the code on the page defines."""
    names: dict[str, Any] = {"__name__": "page", "find_user": User}
    exec(compile("\n".join(SNIPPETS), PAGE, "exec"), names)
    return names


def test_the_five_minutes_in_an_empty_environment(tmp_path: Path) -> None:
    """The commands of the page, in their order, and the module that they run."""
    install, run = COMMANDS[:2]
    environment = tmp_path / "environment"
    venv.create(environment)
    python = environment / "bin" / "python"
    pip, *arguments = shlex.split(install)
    done = subprocess.run(
        (sys.executable, "-m", pip, "--python", python, "--quiet", *arguments),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert SNIPPETS[0].startswith("# chat.py\n")
    (tmp_path / "chat.py").write_text(SNIPPETS[0], "utf-8")
    assert run == "flask --app chat run"

    with flask_run(tmp_path, python=str(python)) as running:
        for transport in ("polling", "websocket", "upgrade"):
            options: Any = {"transport": transport, "query": {"name": "Ada"}}
            with BlockingClient(running.network, **options) as client:
                client.send("hello")
                assert client.receive() == "Ada: hello"


def test_the_tests_on_the_page(page: dict[str, Any], engineio_client: Connect) -> None:
    page["test_chat"]()
    page["test_echo"](engineio_client)


def test_the_other_code_on_the_page(page: dict[str, Any], engineio_client: Connect) -> None:
    app = page["create_other_app"]()
    app.add_url_rule("/notify", "notify", page["notify"], methods=["POST"])
    client = engineio_client(app)

    assert app.test_client().post("/notify", data="news").get_json() == {"told": 1}
    assert client.receive() == "news"


def test_the_private_application(page: dict[str, Any], engineio_client: Connect) -> None:
    app = page["create_private_app"]()

    @app.post("/login")
    def login() -> str:
        flask_login.login_user(User("ada"))
        return "in"

    with pytest.raises(ConnectionRejected, match="401"):
        engineio_client(app)
    http = app.test_client()
    http.post("/login")
    client = engineio_client(app, http, transport="websocket")
    client.send("hello")
    assert client.receive() == "ada: hello"
    with http.session_transaction() as session:
        assert session["last_sid"] == client.sid


def test_every_name_in_the_table_is_one() -> None:
    table = TEXT.partition("## Configuration")[2].partition("[All options]")[0]
    named = set(re.findall(r"`ENGINEIO_(\w+)`", table))

    options = {name.upper() for name in ServerConfig.__dataclass_fields__}
    assert named - {"PATH", "ASYNC_MODE"} <= options
    assert "PING_INTERVAL" in named
