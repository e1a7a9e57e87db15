"""What no file may hold: places of one machine, addresses of registries, open ends, excuses."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

# One letter of each word stands in brackets, so that this file does not hold what it looks for.
EVERYWHERE = {
    "a path of one machine": r"(?<![\w.~$}])/(?:[r]oot|[w]ork|[h]ome/\w+|[U]sers/\w+)/",
    "the address of a registry": r"(?:[p]ypi|[p]ythonhosted|[n]pmjs|[y]arnpkg)\.(?:org|com)",
    "an open end": r"\b(?:[T]ODO|[F]IXME|[X]XX)\b",
}
IN_PYTHON = {
    "an ignore without a code and a reason": r"#\s*type:\s*[i]gnore(?!\[[\w, -]+\]\s+# \w)",
    "an exception without a code and a reason": r"#\s*[n]oqa(?!: [A-Z]+\d+(, [A-Z]+\d+)*\s+# \w)",
    "code kept out of the coverage": r"[p]ragma:\s*no cover",
}
IN_TESTS = {
    "a skipped or excused test": r"pytest\.(mark\.)?([s]kip|[x]fail)|[i]mportorskip|\.[s]kipTest",
    "a mock": r"\b(?:[M]agicMock|[A]syncMock|mock\.[p]atch|unittest\.[m]ock)\b",
}
IN_UNIT_TESTS = {
    "a sleep": r"\b(?:time|asyncio|anyio|gevent)\.[s]leep\(",
}


def files() -> Iterator[Path]:
    """Every file that git knows or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return (ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file())


def rules_for(name: str) -> dict[str, str]:
    """The patterns that a file of this name may not hold, by what they are."""
    rules = dict(EVERYWHERE)
    if name.endswith(".py"):
        rules |= IN_PYTHON
        if name.startswith("tests/"):
            rules |= IN_TESTS
        if name.startswith(("tests/unit/", "tests/property/")):
            rules |= IN_UNIT_TESTS
    return rules


def problems(name: str, text: str) -> list[str]:
    """Every line of a file that holds what it may not."""
    return [
        f"{name}:{number}: {what}"
        for what, pattern in rules_for(name).items()
        for number, line in enumerate(text.splitlines(), 1)
        if re.search(pattern, line)
    ]


def test_no_file_holds_what_it_may_not() -> None:
    contents = [(path, path.read_bytes()) for path in files()]

    assert contents
    assert [
        problem
        for path, data in contents
        if b"\0" not in data
        for problem in problems(str(path.relative_to(ROOT)), data.decode("utf-8"))
    ] == []


# A tilde parts each word for the reason given above.
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", "see /ro~ot/notes/x"),
        ("docs/a.md", "https://py~pi.org/simple"),
        ("packages/x/src/x.py", "# TO~DO: later"),
        ("packages/x/src/x.py", "x = y  # type: ig~nore"),
        ("packages/x/src/x.py", "x = y  # type: ig~nore[arg-type]"),
        ("packages/x/src/x.py", "except Exception:  # no~qa: BLE001"),
        ("packages/x/src/x.py", "if x:  # prag~ma: no cover"),
        ("tests/unit/test_x.py", "@pytest.mark.xf~ail"),
        ("tests/unit/test_x.py", "await asyncio.sl~eep(1)"),
        ("tests/interop/test_x.py", "from unittest.mo~ck import patch"),
    ],
)
def test_what_a_file_may_not_hold_is_found(name: str, text: str) -> None:
    assert problems(name, text) == []
    assert len(problems(name, text.replace("~", ""))) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", "serve `/engine.io/` from `$HOME/wo~rk/app`"),
        ("packages/x/src/x.py", "x = y  # type: ig~nore[arg-type]  # the library has no types"),
        (
            "packages/x/src/x.py",
            "except Exception:  # no~qa: BLE001  # a handler's bug is not ours",
        ),
        ("tests/conformance/x.py", "await asyncio.sl~eep(interval)"),
    ],
)
def test_what_is_allowed_is_let_through(name: str, text: str) -> None:
    assert problems(name, text.replace("~", "")) == []
