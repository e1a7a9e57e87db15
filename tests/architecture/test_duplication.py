"""Nothing stands twice, above all not in the two shells: their decisions belong in the protocol."""

import re
from itertools import combinations

from tests.architecture.source import Module, source_modules

# A signature with its arguments may repeat; a flow may not. The shells are measured more strictly,
# because what they share is most likely a decision.
RUN = 8
SHELL_RUN = 5

# The words that alone may tell a flow in one shell from its twin in the other.
ASYNC = re.compile(r"\b(async|await) ")


def normal_lines(module: Module) -> list[tuple[int, str]]:
    """The lines that could be a copy: code without imports, and without the marks of asyncio."""
    code = [(number, ASYNC.sub("", line)) for number, line in module.code_lines()]
    imports = {
        number
        for node in module.tree.body
        if type(node).__name__ in {"Import", "ImportFrom", "If"}
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return [(number, line) for number, line in code if number not in imports]


def shell_of(module: Module) -> str | None:
    parts = module.name.split(".")
    return parts[1] if parts[0] == "engineio" and parts[1:2] in (["sync"], ["aio"]) else None


def shared_runs(one: Module, other: Module, length: int) -> list[str]:
    """Every place where ``length`` code lines in a row are the same in both modules."""
    first, second = normal_lines(one), normal_lines(other)
    windows = {_texts(second, at, length): second[at][0] for at in range(len(second) - length + 1)}
    return [
        f"{one.place}:{first[at][0]} and {other.place}:{windows[window]} share {length} lines"
        for at in range(len(first) - length + 1)
        if (window := _texts(first, at, length)) in windows
    ]


def _texts(lines: list[tuple[int, str]], at: int, length: int) -> tuple[str, ...]:
    return tuple(line for _, line in lines[at : at + length])


def problems(modules: list[Module]) -> list[str]:
    """Every run of lines that stands in two modules."""
    found = []
    for one, other in combinations(modules, 2):
        shells = {shell_of(one), shell_of(other)} == {"sync", "aio"}
        found += shared_runs(one, other, SHELL_RUN if shells else RUN)
    return found


def test_no_run_of_lines_stands_in_two_modules() -> None:
    modules = source_modules()

    assert {shell_of(module) for module in modules} >= {"aio"}
    assert problems(modules) == []


FLOW = """
{0}def send(session, data):
    {0}with session.lock:
        if session.closed:
            raise Closed(session.sid)
        {1}session.queue.put(data)
        session.sent += 1
    return session.sent
"""


def test_a_flow_in_both_shells_is_found_without_regard_to_async() -> None:
    sync = Module("engineio.sync.server", "sync/server.py", FLOW.format("", ""))
    aio = Module("engineio.aio.server", "aio/server.py", FLOW.format("async ", "await "))

    assert problems([sync, aio])[0] == "sync/server.py:2 and aio/server.py:2 share 5 lines"


def test_a_short_likeness_outside_the_shells_is_no_problem() -> None:
    one = Module("flask_engineio._http", "one.py", FLOW.format("", ""))
    other = Module("django_engineio._http", "other.py", FLOW.format("", ""))
    longer = FLOW.format("", "") + "    # Never reached.\n    pass\n"

    assert problems([one, other]) == []
    assert problems([Module("a", "a.py", longer), Module("b", "b.py", longer)])
