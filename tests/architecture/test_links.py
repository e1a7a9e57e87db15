"""What the documents point at is there: files, folders and headings."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# A path from the root in back-ticks, such as `tests/unit`.
NAMED = re.compile(r"`((?:docs|examples|packages|scripts|tests|tools|benchmarks)/[\w./-]+)`")


def documents() -> list[Path]:
    """Every Markdown file that git knows or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def anchors(text: str) -> set[str]:
    """The names that headings have as the targets of links."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(document: Path, text: str) -> Iterator[str]:
    """Every link and path of a document that leads nowhere."""
    for link in LINK.findall(text):
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            yield link
    yield from (name for name in NAMED.findall(text) if not (ROOT / name).exists())


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_leads_nowhere(document: Path) -> None:
    assert list(broken(document, document.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "text", ["`tests/nowhere`", "[a](nowhere.md)", "[a](README.md#nowhere)", "[a](#nowhere)"]
)
def test_what_leads_nowhere_is_found(text: str) -> None:
    assert list(broken(ROOT / "README.md", text))


def test_headings_are_found_by_their_names() -> None:
    assert list(broken(ROOT / "x.md", "[a](README.md#what-you-get), `tests/unit`")) == []
