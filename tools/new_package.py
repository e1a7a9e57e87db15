"""Writes the skeleton of a framework package from tools/package_template.

Lives here: filling in the template. What the files say is decided in the template alone.
"""

import argparse
import shutil
import sys
import tomllib
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "tools" / "package_template"


def core_version() -> str:
    """Returns the version of engineio-core, which every package shares."""
    text = (ROOT / "packages/engineio-core/pyproject.toml").read_text("utf-8")
    version: str = tomllib.loads(text)["project"]["version"]
    return version


def write_package(title: str, requirement: str) -> Path:
    """Creates packages/<framework>-engineio and returns its folder.

    Args:
        title: The framework's name as it writes it, for example ``"Flask"``.
        requirement: What the package requires of it, for example ``"flask>=3.0"``.

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
        "version": core_version(),
    }
    package = ROOT / "packages" / values["distribution"]
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
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
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
