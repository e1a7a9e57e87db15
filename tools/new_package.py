"""Writes the skeleton of a framework package: ``python -m tools.new_package Flask "flask>=3.0"``.

Lives here: filling in tools/package_template. What the files say is decided in the template alone.
"""

import argparse
import shutil
import sys
from pathlib import Path
from string import Template

from tools.versions import ROOT, shared_version

TEMPLATE = ROOT / "tools" / "package_template"


def write_package(title: str, requirement: str, packages: Path = ROOT / "packages") -> Path:
    """Creates <framework>-engineio and returns its folder.

    Args:
        title: The framework's name as it writes it, for example ``"Flask"``.
        requirement: What the package requires of it, for example ``"flask>=3.0"``.
        packages: The folder to create it in.

    Raises:
        FileExistsError: The package is there already.
    """
    framework = title.lower()
    values = {
        "title": title,
        "framework": framework,
        "distribution": f"{framework}-engineio",
        "module": f"{framework}_engineio",
        "requirement": requirement,
        "version": shared_version(),
    }
    package = packages / values["distribution"]
    module = package / "src" / values["module"]
    module.mkdir(parents=True)
    for source, target in (
        ("pyproject.toml.in", package / "pyproject.toml"),
        ("README.md.in", package / "README.md"),
        ("BUILD.in", package / "BUILD"),
        ("src/BUILD.in", package / "src" / "BUILD"),
        ("src/__init__.py.in", module / "__init__.py"),
    ):
        text = Template((TEMPLATE / source).read_text("utf-8")).substitute(values)
        target.write_text(text, "utf-8")
    (module / "py.typed").touch()
    shutil.copyfile(ROOT / "LICENSE", package / "LICENSE")
    return package


def main() -> int:
    """Runs the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Write the skeleton of a framework package.")
    parser.add_argument("title", help='the framework as it writes its name, for example "Flask"')
    parser.add_argument("requirement", help='what is required of it, for example "flask>=3.0"')
    arguments = parser.parse_args()
    try:
        package = write_package(arguments.title, arguments.requirement)
    except FileExistsError as error:
        print(f"new_package: {error.filename} exists already", file=sys.stderr)
        return 1
    print(f"new_package: wrote {package.relative_to(ROOT)}")
    print("new_package: next is step 2 of 'Adding a framework' in CONTRIBUTING.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
