"""Writes docs/reference from the code, so that no document repeats a default by hand.

What each server cannot do goes into docs/howto/deployment.md, between two marks.

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
from tests.conformance.deployments import DEPLOYMENTS
from tests.conformance.harness.deployment import Ability

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
DEPLOYMENT = FOLDER.parent / "howto" / "deployment.md"
BEGIN = (
    "<!-- Written by tools/reference.py from tests/conformance/deployments.py. Do not edit. -->\n"
)
END = "<!-- The end of what tools/reference.py writes. -->\n"
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

# What it means for an application if a server lacks an ability; what weighs most comes first.
CONSEQUENCES = {
    Ability.BACKPRESSURE: "**Memory is not bounded.** What is sent to a client that does not read "
    "piles up inside the server, out of reach of `send_queue_bytes`; `write_timeout` never "
    "applies, and nothing but the heartbeat ends such a session.",
    Ability.LETS_FINISH: "Stopping drops every client at once, as a crash would: no poll is "
    "answered, no WebSocket gets a close packet or 1001.",
    Ability.LAST_FRAMES: "Stopping answers polls, but WebSockets may be gone before the close "
    "packet and the 1001 reach them.",
    Ability.DENIAL_RESPONSE: "A client that is refused over WebSocket sees a bare 403, neither "
    "your status nor your body. Over polling it sees both.",
    Ability.PROMPT_STOP: "Stopping takes the whole `shutdown_timeout` when a client ignores the "
    "close of its WebSocket.",
    Ability.PROMPT_NOTICE: "Stopping takes up to a second longer than it has to.",
    Ability.MANY_FRAGMENTS: "A WebSocket message in a great many fragments is refused; browsers do "
    "not send such.",
    Ability.ACCEPT_HEADERS: "Header fields of the answer to a WebSocket handshake are lost: the "
    "option `cookie` and the hooks `initial_headers` and `headers` have no effect on it. The "
    "cookie of a session that begins with polling is not concerned.",
    Ability.EMPTY_MESSAGES: 'An empty binary message, `send(sid, b"")`, never arrives over '
    "WebSocket.",
    Ability.LARGE_MESSAGES: "A `max_payload` of more than 1 MiB does not hold for WebSocket: a "
    "message over it ends the session. For binary in EIO 3, which may be sent as base64, the limit "
    "is 768 KiB.",
    Ability.STREAMED_BODY: "A request body is taken in whole, however long it is and however "
    "slowly it comes, before `max_payload` and `body_timeout` are applied. Let a proxy limit both.",
    Ability.CLOSE_CODES: "WebSockets are closed with 1000 instead of 1001, 1009 and the like.",
    Ability.CLOSE_REASON: "The text of a close frame is lost: `event.reason` is empty in browsers.",
    Ability.FAILURE_CODES: "A WebSocket that the server itself ends, for a frame that is too large "
    "or malformed, is closed without a code.",
    Ability.CLIENT_CODES: "`DisconnectInfo.code` does not tell what the client closed with.",
    Ability.DECLARED_LENGTH: "A WebSocket message over the limit is refused only when that much of "
    "it has arrived.",
    Ability.PROMPT_DROP: "A client that ignores the close of its WebSocket keeps the connection "
    "for longer than `close_timeout`.",
    Ability.CLOSES_TCP: "A client that ignores the end of a WebSocket keeps the TCP connection.",
    Ability.IDLE_CLOSE: "Connections that clients have closed between two requests are freed late.",
    Ability.QUIET: "Hostile bytes leave tracebacks in the server's own log.",
    Ability.QUIET_STOP: "Stopping leaves tracebacks in the server's own log.",
    Ability.EARLY_FRAMES: "WebSocket frames sent before the answer to the handshake are lost. "
    "Browsers and the official clients wait for it.",
    Ability.RAW_BODY: "A POST that says it is a multipart form is refused by the server. The "
    "official clients send none.",
    Ability.PROMPT_END: "After a 413 the connection stays open for a while for the rest of the "
    "body, which nobody keeps.",
    Ability.CODED_BODY: "A POST with a content coding may be answered 400 in place of 415. The "
    "official clients use none.",
    Ability.MASKING: "A client that does not mask its WebSocket frames is served nevertheless. "
    "Browsers and the official clients mask them.",
    Ability.PROMPT_ACCEPT: "New clients may wait for up to 2 s while others leave connections open "
    "that the server closes.",
    Ability.KEEP_ALIVE: "Every request of a polling client costs a connection of its own.",
    Ability.TWO_LENGTHS: "A request that announces two lengths is served. Let a proxy refuse such.",
    Ability.OWN_HOST: "A client that sends an absolute target chooses its own origin by it; "
    "browsers do not send such. Let a proxy set Host.",
    Ability.RAW_PATHS: "Paths with doubled slashes at their beginning reach Engine.IO too.",
    Ability.EXPECT_CONTINUE: "A client that waits for `100 Continue` waits in vain. Browsers do "
    "not.",
    Ability.HALF_CLOSE: "A client that ends its half of the connection after a request gets no "
    "answer. Browsers do not do that.",
    Ability.LONG_TARGETS: "A request with a very long target is not answered.",
    Ability.MANY_FIELDS: "A WebSocket handshake with very many header fields is not answered.",
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
        "# Options\n\nKeyword arguments of `engineio.AsyncServer` and `engineio.Server`, beside "
        "`async_mode` and `clock`. Times are in seconds, sizes in bytes. An unknown option is an "
        f"error that lists near matches. Other names: {aliases}.\n\n" + table(*rows)
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
                "`engineio.ConnectionRefused(body, status=403)` to choose. Returning an "
                "`engineio.http.response.Response` refuses with all of it; an "
                "`Accepted(headers)` of the same module accepts, and adds fields such as `Set- "
                "Cookie` to the answer of the handshake."
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


def servers() -> str:
    """Return the table of what each server cannot do."""
    rows = [("What it means for you", "Where, and why")]
    for ability, consequence in CONSEQUENCES.items():
        names: dict[str, list[str]] = {}
        for row in DEPLOYMENTS:
            if ability in row.missing:
                names.setdefault(row.missing[ability], []).append(row.name)
        where = [f"{', '.join(servers)}: {reason}" for reason, servers in names.items()]
        if where:
            rows.append((consequence, "; ".join(where)))
    return table(*rows)


def deployment() -> str:
    """Return the page about deployment with the part that is written here."""
    before, begin, rest = DEPLOYMENT.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin, f"{DEPLOYMENT.name} has lost its mark"
    assert end, f"{DEPLOYMENT.name} has lost its second mark"
    return f"{before}{BEGIN}\n{servers()}\n{END}{after}"


PAGES = {
    FOLDER / "options.md": lambda: NOTE + options(),
    FOLDER / "events.md": lambda: NOTE + events(),
    FOLDER / "errors.md": lambda: NOTE + errors_page(),
    DEPLOYMENT: deployment,
}


def main() -> int:
    """Write the pages, or check them."""
    stale = []
    for path, page in PAGES.items():
        text = page()
        if "--check" not in sys.argv:
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            stale.append(path.name)
    if stale:
        print(f"stale: {', '.join(stale)}; run python -m tools.reference")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
