"""Shows or changes the version of all packages: ``python -m tools.bump_version [VERSION]``.

Lives here: the command line and the rewriting. Where the copies stand is tools/versions.py.
"""

import argparse
import re
import sys

from tools.versions import COPY, ROOT, copies, shared_version

# What our releases look like, a subset of the version specifiers standard.
VERSION = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?(\.dev\d+)?")


def bump(version: str) -> int:
    """Writes a version to every copy; returns how many copies there are.

    Raises:
        ValueError: It does not look like a version, or the copies disagree and must be mended by
            hand first.
    """
    if not VERSION.fullmatch(version):
        raise ValueError(f"{version!r} is not a version such as 0.2.0, 0.2.0rc1 or 0.2.0.dev0")
    shared_version()
    found = copies()
    for path in {copy.path for copy in found}:
        path.write_text(COPY.sub(version, path.read_text("utf-8")), "utf-8")
    return len(found)


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Show or change the version of all packages.")
    parser.add_argument(
        "version", nargs="?", help="the new version; without it the present one is shown"
    )
    version = parser.parse_args().version
    try:
        if version is None:
            print(shared_version())
        else:
            print(
                f"bump_version: {bump(version)} copies under {ROOT.name}/packages are now {version}"
            )
    except ValueError as error:
        print(f"bump_version: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
