"""Writes docs/reference from the code, so that no document repeats a default by hand.

.venv/bin/python -m tools.reference            write the pages
.venv/bin/python -m tools.reference --check    fail if a page is not what would be written
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from pathlib import Path

from engineio import errors
from engineio.config import ALIASES, ServerConfig
from engineio.handlers import EVENTS, HOOKS
from engineio.protocol import rejections
from engineio.types import Reason

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
NOTE = "<!-- Written by tools/reference.py from the code. Do not edit. -->\n\n"

REASONS = {
    Reason.CLIENT_DISCONNECT: "The client closed the session with a close packet.",
    Reason.SERVER_DISCONNECT: "The application called `disconnect`.",
    Reason.PING_TIMEOUT: "The client was silent for longer than the heartbeat allows, or never "
    "came back after the handshake (`first_request_timeout`).",
    Reason.TRANSPORT_CLOSE: "The WebSocket is gone. `code` is what the peer sent, if it did.",
    Reason.TRANSPORT_ERROR: "A poll or POST was cut off, two overlapped, or the client sent what "
    "it may not send. `detail` says which.",
    Reason.PARSE_ERROR: "A packet could not be decoded. The good ones before it were delivered.",
    Reason.PAYLOAD_TOO_LARGE: "A body or WebSocket message was over `max_payload`.",
    Reason.SLOW_CLIENT: "The WebSocket took nothing for `write_timeout`, or the send queue was "
    "full with the policy `close`.",
    Reason.SERVER_SHUTDOWN: "The server was shut down.",
}


def attributes(docstring: str) -> dict[str, str]:
    """Return the texts of the ``Attributes:`` section of a docstring, by name."""
    section = docstring.partition("Attributes:\n")[2]
    texts: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        start = re.match(r"    (\w+): (.*)", line)
        if start:
            name = start[1]
            texts[name] = start[2]
        elif name and line.strip():
            texts[name] += " " + line.strip()
    return texts


def table(*rows: tuple[str, ...]) -> str:
    """Return a Markdown table; the first row is its head."""
    head, *body = (f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows)
    rule = "|" + " --- |" * len(rows[0])
    return "\n".join([head, rule, *body]) + "\n"


def code(text: object) -> str:
    """Return ``text`` as inline code with the double back-ticks of docstrings made single."""
    return f"`{text}`"


def options() -> str:
    """Return the page of all options."""
    texts = attributes(inspect.getdoc(ServerConfig) or "")
    rows = [("Option", "Default", "Meaning")]
    for item in dataclasses.fields(ServerConfig):
        default = item.name if item.name == "json" else repr(item.default)
        rows.append((code(item.name), code(default), texts[item.name].replace("``", "`")))
    aliases = ", ".join(f"`{other}` for `{name}`" for other, name in ALIASES.items())
    return (
        "# Options\n\nKeyword arguments of `engineio.AsyncServer`, beside `async_mode` and "
        "`clock`. Times are in seconds, sizes in bytes. An unknown option is an error that lists "
        f"near matches. Other names: {aliases}.\n\n" + table(*rows)
    )


def events() -> str:
    """Return the page of events and hooks."""
    rows = [("Event", "Arguments", "When")]
    what = {
        "connect": (
            "`sid`, or `sid, environ`",
            (
                "A client wants a session. Return nothing or True to accept; False or any other "
                "value refuses with 401 and that value as JSON, and so does an exception; raise "
                "`engineio.ConnectionRefused(body, status=403)` to choose."
            ),
        ),
        "message": ("`sid, data`", "A message arrived: `str` or `bytes`, as it was sent."),
        "disconnect": (
            "`sid`, `sid, reason`, or `sid, reason, info`",
            (
                "An accepted session ended; called exactly once. `reason` is an `engineio.Reason`, "
                "`info` an `engineio.DisconnectInfo` with `detail`, `code` and `undelivered`."
            ),
        ),
    }
    rows += [(code(name), *what[name]) for name in EVENTS]
    hooks = [("Hook", "When")]
    text = (Path(inspect.getfile(ServerConfig)).parent / "handlers.py").read_text("utf-8")
    found = dict(re.findall(r"^- ``((?:\w+)\(.*?\))``: (.*?)$", text, flags=re.MULTILINE))
    assert {call.partition("(")[0] for call in found} == set(HOOKS)
    hooks += [(code(call), meaning.replace("``", "`")) for call, meaning in found.items()]
    return (
        "# Events and hooks\n\nRegister with `@eio.on(name)` or `eio.on(name, function)`. Handlers "
        "are coroutine functions or plain functions; plain ones run in a thread unless "
        "`sync_handlers` is `inline`.\n\n"
        + table(*rows)
        + "\nHooks are plain functions, called at once while the server waits. They watch; "
        "what they raise is logged and changes nothing.\n\n" + table(*hooks)
    )


def errors_page() -> str:
    """Return the page of errors, refusals and disconnect reasons."""
    tree = re.search(r"::\n\n(.*?)\n\n[A-Z]", inspect.getdoc(errors) or "", flags=re.DOTALL)
    assert tree is not None
    known = [
        value for value in vars(rejections).values() if isinstance(value, rejections.Rejection)
    ]
    rows = [("HTTP status", "Code", "Message", "Cause (`connection_error` hook, log)")]
    rows += [(str(item.status), str(item.code), item.message, code(item.context)) for item in known]
    reasons = [("Reason", "When")]
    reasons += [(code(reason.value), REASONS[reason]) for reason in Reason]
    return (
        "# Errors and disconnect reasons\n\n## Disconnect reasons\n\n"
        + table(*reasons)
        + '\n## Refused requests\n\nThe body is `{"code":n,"message":"..."}`; that of 413 is '
        "empty.\n\n"
        + table(*rows)
        + "\n## Exceptions\n\n```\n"
        + inspect.cleandoc(tree[1])
        + "\n```\n\nA handler that raises is logged with a hash of its session id, and the session "
        "goes on; a connect handler that raises refuses the client.\n"
    )


PAGES = {"options.md": options, "events.md": events, "errors.md": errors_page}


def main() -> int:
    """Write the pages, or check them."""
    stale = []
    for name, page in PAGES.items():
        path, text = FOLDER / name, NOTE + page()
        if "--check" not in sys.argv:
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            stale.append(name)
    if stale:
        print(f"docs/reference is stale: {', '.join(stale)}; run python -m tools.reference")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
