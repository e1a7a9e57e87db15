"""Checks that every package installs and imports alone: ``python -m tools.check_wheels``.

The environment of the repository holds everything at once, so it cannot show that a package forgot
to declare a dependency. Here each wheel gets an environment of its own with nothing but what its
metadata asks for.
"""

import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from tools.versions import ROOT

# Imports every module of a package; run by the environment's own interpreter. A module may need
# what an extra of the package installs, which is not there.
IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in sys.argv[2:]:
            raise
"""


def run(*command: str | Path) -> None:
    """Runs a command quietly.

    Raises:
        RuntimeError: It failed; the message is the command and what it printed.
    """
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stdout}")


def build(package: Path, wheels: Path) -> None:
    """Builds the wheel of a package with the hatchling of the lock."""
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", wheels, package)


def check(package: Path, wheels: Path, folder: Path) -> None:
    """Installs one built wheel into an environment of its own and imports all its modules."""
    venv.create(folder)
    python = folder / "bin" / "python"
    name = package.name.replace("-", "_")
    (wheel,) = wheels.glob(f"{name}-*.whl")
    pip = (sys.executable, "-m", "pip", "--python", python, "--quiet")
    run(*pip, "install", "--find-links", wheels, wheel)
    module = "engineio" if package.name == "engineio-core" else name
    project = tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["project"]
    run(python, "-c", IMPORT_ALL, module, *optional_modules(project))


def optional_modules(project: dict[str, Any]) -> set[str]:
    """Returns the top-level modules that the extras of a project install."""
    extras = project.get("optional-dependencies", {})
    names = {Requirement(text).name for texts in extras.values() for text in texts}
    return {name.replace("-", "_") for name in names}


def main() -> int:
    """Checks the packages named on the command line, or all; returns the exit status."""
    packages = [ROOT / "packages" / name for name in sys.argv[1:]]
    packages = packages or sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))
    with tempfile.TemporaryDirectory() as temporary:
        wheels = Path(temporary) / "wheels"
        try:
            # The core too where it is not checked itself: the others install it from this folder.
            for package in {*packages, ROOT / "packages/engineio-core"}:
                build(package, wheels)
            for package in packages:
                check(package, wheels, Path(temporary) / package.name)
                print(f"check_wheels: {package.name} installs and imports alone")
        except RuntimeError as error:
            print(f"check_wheels: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
