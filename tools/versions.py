"""The version that all packages share, and every place in the repository that repeats it.

Lives here: finding the copies. Changing them is tools/bump_version.py; that they agree is tested in
tests/architecture.
"""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent

CORE = ROOT / "packages/engineio-core"

# In a pyproject.toml the package's own version and that of engineio-core, which it depends on; in
# Python the one that the package states of itself.
COPY = re.compile(
    r'(?m)(?<=^version = ")[^"]+|(?<="engineio-core==)[^"]+|(?<=^__version__ = ")[^"]+'
)


class Copy(NamedTuple):
    """One place that states the version."""

    path: Path
    version: str


def copies() -> list[Copy]:
    """Returns every copy of the version, engineio-core's own one first."""
    settings = sorted(ROOT.glob("packages/*/pyproject.toml"))
    modules = sorted(ROOT.glob("packages/*/src/*/__init__.py"))
    core_first = sorted([*settings, *modules], key=lambda path: CORE not in path.parents)
    return [
        Copy(path, version)
        for path in core_first
        for version in COPY.findall(path.read_text("utf-8"))
    ]


def shared_version() -> str:
    """Returns the version of every package.

    Raises:
        ValueError: The copies disagree; the message lists them.
    """
    found = copies()
    if len({copy.version for copy in found}) != 1:
        places = "\n".join(f"  {copy.path.relative_to(ROOT)}: {copy.version}" for copy in found)
        raise ValueError(f"the packages state different versions:\n{places}")
    return found[0].version
