"""What the suite needs to know about a server: the harness, its four primitives and its facts.

A new gateway or framework adds one row to `tests/conformance/deployments.py`. Where its server is
started by a command, the row is a `Deployment` and `ServerProcess` is its harness; anything else
implements `Harness` itself. No scenario may ask which server it runs against: it may only ask
whether the server has an `Ability`, and then it states what happens instead.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from tests.conformance.harness.http import Address
from tests.conformance.harness.program import Exit, Program

__all__ = ["Ability", "Deployment", "Harness", "ServerProcess"]


class Ability(StrEnum):
    """What most servers can do and a row may declare missing, with the reason."""

    DENIAL_RESPONSE = "answers a refused WebSocket with the application's own response"
    CLOSE_CODES = "closes a WebSocket with the code it is told to"
    FAILURE_CODES = "names the code when it fails a WebSocket itself"
    CLIENT_CODES = "tells the application the client's close code"
    CLOSE_REASON = "passes the text of a close frame on to the client"
    ACCEPT_HEADERS = "sends the application's header fields with the 101 answer"
    EMPTY_MESSAGES = "sends an empty WebSocket message"
    LARGE_MESSAGES = "sends WebSocket messages of more than 1 MiB"
    BACKPRESSURE = "lets a send wait while the client does not read"
    EARLY_FRAMES = "keeps WebSocket frames that arrive before its 101 answer"
    PROMPT_DROP = "drops a WebSocket whose client ignores the close as soon as it is told to"
    DECLARED_LENGTH = "refuses a WebSocket frame by the length it announces"
    IDLE_CLOSE = "notices at once that a client has closed a connection between two requests"
    PROMPT_STOP = "stops while there is a WebSocket whose client ignores the close"
    PROMPT_NOTICE = "notices the stop signal at once"
    QUIET_STOP = "logs no traceback of its own when it stops"
    QUIET = "logs no traceback for bytes that it refuses itself"
    MANY_FRAGMENTS = "puts a WebSocket message together from any number of fragments"
    MANY_FIELDS = "answers a WebSocket request with more header fields than it takes"
    STREAMED_BODY = "passes a request body on while it arrives"
    RAW_BODY = "passes a multipart body on as it came"
    PROMPT_END = "ends the connection at once whose request body it will not read"
    CODED_BODY = "leaves the content coding of a request body to the application"
    MASKING = "fails a WebSocket whose client does not mask its frames"
    LONG_TARGETS = "answers a request target of 64 KiB"
    LETS_FINISH = "lets the application answer its clients after the stop signal"
    LAST_FRAMES = "still sends WebSocket frames after the stop signal"
    CLOSES_TCP = "ends the TCP connection after the closing handshake of a WebSocket"
    EXPECT_CONTINUE = "answers Expect: 100-continue"
    PROMPT_ACCEPT = "serves new clients at once while others leave their connections open"
    TWO_LENGTHS = "refuses a request that announces two lengths"
    OWN_HOST = "takes the authority of a request from Host and not from its target"
    RAW_PATHS = "passes the path of a request on as it came"
    KEEP_ALIVE = "keeps a connection for the next request"
    HALF_CLOSE = "still answers a client that has sent FIN after its request"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One server as a user would deploy it.

    Attributes:
        name: The name in test ids.
        command: The command line; ``{host}`` and ``{port}`` are filled in, and it starts with the
            name of a Python module that is run by ``python -m``.
        missing: What this server cannot do, each with the reason.
        venv: What the name of its virtual environment has behind that of the tests' own; for a
            server that needs other versions than they do.
    """

    name: str
    command: Sequence[str]
    missing: Mapping[Ability, str] = field(default_factory=dict)
    venv: str = ""

    def interpreter(self) -> str:
        """Return the path of the Python that runs the server.

        Raises:
            RuntimeError: It is missing.
        """
        if not self.venv:
            return sys.executable
        python = Path(f"{sys.prefix}-{self.venv}", "bin", "python")
        if not python.exists():
            raise RuntimeError(f"{python} is missing: run scripts/setup, which makes it")
        return str(python)


class Harness(Protocol):
    """The four primitives by which the suite drives a server with the conformance application."""

    def start(self) -> Address:
        """Start the server and return its address as soon as it answers."""

    def stop(self) -> Exit:
        """Stop the server by its own stop signal and wait for its end."""

    def can(self, ability: Ability) -> bool:
        """Return whether the server has an ability that most servers have."""

    def log(self) -> str:
        """Return everything the server has logged."""


class ServerProcess(Program):
    """The harness of a server that is started by a command line."""

    def __init__(self, deployment: Deployment, folder: Path) -> None:
        command = (deployment.interpreter(), "-m", *deployment.command)
        super().__init__(command, folder / f"{deployment.name}.log", path="/ledger")
        self._deployment = deployment

    def can(self, ability: Ability) -> bool:
        """Return whether the row does not declare ``ability`` missing."""
        return ability not in self._deployment.missing
