"""The sides: every server that can be measured, one row each.

To add a server: a module in ``servers`` and a row in `SIDES`. Sides with the same ``stack`` stand
on the same server with the same options; `budgets` compares inside a stack.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NODE = ROOT / "benchmarks" / "node"


class Kind(StrEnum):
    """What a side is in a comparison."""

    OURS = "ours"
    BARE = "bare"
    PEER = "python-engineio"
    REFERENCE = "node engine.io"


class Runtime(StrEnum):
    """Whose interpreter runs a side."""

    PROJECT = "project"
    PEERS = "peers"
    NODE = "node"

    @property
    def executable(self) -> Path:
        """The interpreter, whether it is there or not."""
        if self is Runtime.PROJECT:
            return Path(sys.executable)
        if self is Runtime.PEERS:
            return ROOT / ".venv-peers" / "bin" / "python"
        return Path(shutil.which("node") or "node")


@dataclass(frozen=True, slots=True)
class Side:
    """A server that can be measured.

    Attributes:
        stack: The server software and its options; the name of a comparison.
        kind: What it is in that comparison.
        runtime: Whose interpreter runs it.
        arguments: The command after the interpreter; ``{application}`` and ``{port}`` stand for the
            scenario's application and the port to listen on.
        packages: The distributions whose versions belong to the result.
    """

    stack: str
    kind: Kind
    runtime: Runtime
    arguments: tuple[str, ...]
    packages: tuple[str, ...]

    @property
    def name(self) -> str:
        """Unique name, also on the command line: ``ours@uvicorn``."""
        return f"{self.kind.name.lower()}@{self.stack}"

    @property
    def missing(self) -> str:
        """A sentence on what has to be installed first; empty when nothing."""
        if self.runtime is Runtime.PEERS and not self.runtime.executable.exists():
            return "run scripts/setup --peers python"
        if self.runtime is Runtime.NODE and not shutil.which("node"):
            return "install Node.js"
        if self.runtime is Runtime.NODE and not (NODE / "node_modules").exists():
            return "run npm ci --prefix benchmarks/node"
        return ""

    def command(self, application: str, port: int) -> list[str]:
        """The command line that starts it."""
        values = {"application": application, "port": port}
        return [
            str(self.runtime.executable),
            *(argument.format_map(values) for argument in self.arguments),
        ]


def _uvicorn(module: str, websocket: str) -> tuple[str, ...]:
    options = (
        "--host 127.0.0.1 --port {port} --loop uvloop --http httptools --interface asgi3"
        " --no-access-log --log-level warning"
    )
    target = f"benchmarks.servers.{module}:{{application}}"
    return ("-m", "uvicorn", target, *options.split(), "--ws", websocket)


def _on_uvicorn(stack: str, websocket: str, package: str) -> list[Side]:
    packages = ("uvicorn", "uvloop", "httptools", package)
    return [
        Side(
            stack,
            Kind.OURS,
            Runtime.PROJECT,
            _uvicorn("asgi_ours", websocket),
            ("engineio-core", *packages),
        ),
        Side(stack, Kind.BARE, Runtime.PROJECT, _uvicorn("asgi_bare", websocket), packages),
        Side(
            stack,
            Kind.PEER,
            Runtime.PEERS,
            _uvicorn("asgi_peer", websocket),
            ("python-engineio", *packages),
        ),
    ]


def _on_our_websockets() -> list[Side]:
    """The WebSocket protocol of engineio-core below uvicorn.

    There is no peer here: python-engineio cannot be installed beside engineio-core. Who deploys it
    on uvicorn has uvicorn's own WebSockets, so `budgets` compares with that.
    """
    stack, websocket = "uvicorn-engineio", "engineio.gateway.uvicorn:WebSocketProtocol"
    packages = ("engineio-core", "uvicorn", "uvloop", "httptools")
    return [
        Side(stack, kind, Runtime.PROJECT, _uvicorn(module, websocket), packages)
        for kind, module in ((Kind.OURS, "asgi_ours"), (Kind.BARE, "asgi_bare"))
    ]


def _on_channels() -> list[Side]:
    """Channels on uvicorn; nobody has python-engineio under its consumers."""
    packages = ("channels", "django", "uvicorn", "uvloop", "httptools", "websockets")
    ours = ("engineio-core", "channels-engineio", *packages)
    return [
        Side(
            "channels",
            kind,
            Runtime.PROJECT,
            _uvicorn(f"channels_{kind.name.lower()}", "websockets-sansio"),
            installed,
        )
        for kind, installed in ((Kind.OURS, ours), (Kind.BARE, packages))
    ]


def _on_fastapi() -> list[Side]:
    packages = ("fastapi", "starlette", "uvicorn", "uvloop", "httptools", "websockets")

    def side(kind: Kind, runtime: Runtime, module: str, *more: str) -> Side:
        command = _uvicorn(f"fastapi_{module}", "websockets-sansio")
        return Side("fastapi", kind, runtime, command, (*more, *packages))

    return [
        side(Kind.OURS, Runtime.PROJECT, "ours", "engineio-core", "fastapi-engineio"),
        side(Kind.BARE, Runtime.PROJECT, "bare"),
        side(Kind.PEER, Runtime.PEERS, "peer", "python-engineio"),
    ]


def _on_framework(name: str) -> list[Side]:
    """The sides on a framework's own server, all of them on uvloop."""

    def side(kind: Kind, runtime: Runtime, module: str, *packages: str) -> Side:
        command = ("-m", f"benchmarks.servers.{name}_{module}", "{application}", "{port}")
        return Side(name, kind, runtime, command, (*packages, name, "uvloop"))

    return [
        side(Kind.OURS, Runtime.PROJECT, "ours", "engineio-core", f"{name}-engineio"),
        side(Kind.BARE, Runtime.PROJECT, "bare"),
        side(Kind.PEER, Runtime.PEERS, "peer", "python-engineio"),
    ]


def _on_wsgi(stack: str, *packages: str) -> list[Side]:
    """A WSGI server: ``pywsgi``, which is gevent's, or ``werkzeug`` with its threads."""

    def side(kind: Kind, runtime: Runtime, module: str, *more: str) -> Side:
        command = ("-m", f"benchmarks.servers.wsgi_{module}", stack, "{application}", "{port}")
        return Side(stack, kind, runtime, command, (*more, *packages))

    return [
        side(Kind.OURS, Runtime.PROJECT, "ours", "engineio-core"),
        side(Kind.BARE, Runtime.PROJECT, "bare", "wsproto"),
        side(Kind.PEER, Runtime.PEERS, "peer", "python-engineio", "simple-websocket"),
    ]


def _on_flask() -> list[Side]:
    """Flask on Werkzeug; python-engineio is its middleware, and so the same as without Flask."""
    ours = Side(
        "flask",
        Kind.OURS,
        Runtime.PROJECT,
        ("-m", "benchmarks.servers.flask_ours", "werkzeug", "{application}", "{port}"),
        ("engineio-core", "flask-engineio", "flask", "werkzeug"),
    )
    _, *others = _on_wsgi("werkzeug", "werkzeug")
    return [ours, *(replace(side, stack="flask") for side in others)]


def _on_django() -> list[Side]:
    """Django on uvicorn, where all else is a mount beside it, and so the same as without Django."""
    packages = ("django", "uvicorn", "uvloop", "httptools", "websockets")
    ours = Side(
        "django",
        Kind.OURS,
        Runtime.PROJECT,
        _uvicorn("django_ours", "websockets-sansio"),
        ("engineio-core", "django-engineio", *packages),
    )
    _, *others = _on_uvicorn("django", "websockets-sansio", "websockets")
    return [ours, *others]


def _codec(kind: Kind, runtime: Runtime, module: str, package: str) -> Side:
    return Side("codec", kind, runtime, ("-m", "benchmarks.codecs", module), (package,))


ELSEWHERE = {("uvicorn-engineio", Kind.PEER): "uvicorn"}
"""Where a kind of side is that cannot run on a stack, for comparisons."""

SIDES = [
    # `--ws auto`, uvicorn's default, is websockets-sansio where websockets is installed.
    *_on_uvicorn("uvicorn", "websockets-sansio", "websockets"),
    *_on_uvicorn("uvicorn-wsproto", "wsproto", "wsproto"),
    *_on_our_websockets(),
    *_on_framework("aiohttp"),
    *_on_framework("sanic"),
    *_on_framework("tornado"),
    *_on_channels(),
    *_on_wsgi("pywsgi", "gevent"),
    *_on_wsgi("werkzeug", "werkzeug"),
    *_on_fastapi(),
    *_on_flask(),
    *_on_django(),
    Side(
        "node",
        Kind.REFERENCE,
        Runtime.NODE,
        ("benchmarks/node/server.js", "{application}", "{port}"),
        ("engine.io", "ws"),
    ),
    # Not servers: they measure themselves and print the metrics.
    _codec(Kind.OURS, Runtime.PROJECT, "ours", "engineio-core"),
    _codec(Kind.PEER, Runtime.PEERS, "peer", "python-engineio"),
]
