"""The eight packages look alike, state one version and are known to the tools."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.source import ROOT, packages
from tools.bump_version import VERSION, bump
from tools.new_package import write_package
from tools.versions import shared_version

FILES = {"BUILD", "LICENSE", "README.md", "pyproject.toml", "src/BUILD"}
MODULE_FILES = {"__init__.py", "py.typed"}

# What differs between two packages by its nature; all else is the same.
OWN = {
    "name",
    "description",
    "dependencies",
    "keywords",
    "classifiers",
    "entry-points",
    "optional-dependencies",
}


def settings(package: Path) -> dict[str, Any]:
    return tomllib.loads((package / "pyproject.toml").read_text("utf-8"))


def module_of(package: Path) -> str:
    return "engineio" if package.name == "engineio-core" else package.name.replace("-", "_")


def problems(package: Path, core: Path) -> list[str]:
    """Every way in which a package differs from the core where all packages are the same."""
    mine, model = settings(package), settings(core)
    module = module_of(package)
    wanted = FILES | {f"src/{module}/{name}" for name in MODULE_FILES}
    same = {
        "name": mine["project"]["name"] == package.name,
        "metadata": _common(mine["project"]) == _common(model["project"]),
        "build system": mine["build-system"] == model["build-system"],
        "typed": "Typing :: Typed" in mine["project"]["classifiers"],
        "Python versions": _pythons(mine) == _pythons(model),
        "wheel": mine["tool"]["hatch"]["build"]["targets"]["wheel"]
        == {"packages": [f"src/{module}"]},
        "sdist": _sdist(mine) == _sdist(model),
        "license": (package / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes(),
        "dependencies": _dependencies_are_right(mine["project"]),
    }
    missing = [f"no {name}" for name in sorted(wanted) if not (package / name).is_file()]
    return missing + [f"{name} differs" for name, holds in same.items() if not holds]


def _common(project: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in project.items() if key not in OWN}


def _pythons(settings: dict[str, Any]) -> list[str]:
    found = (re.search(r":: (3\.\d+)$", text) for text in settings["project"]["classifiers"])
    return [match[1] for match in found if match]


def _sdist(settings: dict[str, Any]) -> Any:
    return settings["tool"]["hatch"]["build"]["targets"]["sdist"]


def _dependencies_are_right(project: dict[str, Any]) -> bool:
    if project["name"] == "engineio-core":
        return [re.split(r"\W", text)[0] for text in project["dependencies"]] == ["wsproto"]
    # What comes behind the framework is what it stands on itself.
    core, framework, *_ = project["dependencies"]
    return core == f"engineio-core=={project['version']}" and ">=" in framework


@pytest.mark.parametrize("package", packages(), ids=lambda package: package.name)
def test_each_package_has_the_common_shape(package: Path) -> None:
    assert problems(package, ROOT / "packages/engineio-core") == []


def test_there_are_the_core_and_seven_extensions() -> None:
    assert len(packages()) == 8


def test_a_package_out_of_shape_is_found(tmp_path: Path) -> None:
    package = write_package("Sample", "sample>=1.0", tmp_path)
    assert problems(package, ROOT / "packages/engineio-core") == []

    text = (package / "pyproject.toml").read_text("utf-8")
    (package / "pyproject.toml").write_text(text.replace(">=3.11", ">=3.12"), "utf-8")
    (package / "src/sample_engineio/py.typed").unlink()

    found = problems(package, ROOT / "packages/engineio-core")
    assert found == ["no src/sample_engineio/py.typed", "metadata differs"]


def test_all_packages_state_one_version() -> None:
    assert VERSION.fullmatch(shared_version())


def test_a_version_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="is not a version"):
        bump("next")


def test_the_tools_know_every_package() -> None:
    root = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    sources = {f"$MYPY_CONFIG_FILE_DIR/packages/{package.name}/src" for package in packages()}

    assert set(root["tool"]["mypy"]["mypy_path"]) - {"$MYPY_CONFIG_FILE_DIR"} == sources


def test_every_tool_starts_at_the_same_python() -> None:
    root = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    pants = tomllib.loads((ROOT / "pants.toml").read_text("utf-8"))
    core = settings(ROOT / "packages/engineio-core")
    floor = _pythons(core)[0]

    assert core["project"]["requires-python"] == f">={floor}"
    assert root["tool"]["ruff"]["target-version"] == f"py{floor.replace('.', '')}"
    assert pants["python"]["interpreter_constraints"][0].startswith(f"CPython>={floor},")


@pytest.mark.parametrize("package", packages(), ids=lambda package: package.name)
def test_pants_builds_each_package_from_its_own_folder(package: Path) -> None:
    build = (package / "BUILD").read_text("utf-8")

    assert set(re.findall(r"packages/([\w-]+)", build)) == {package.name}
    assert f'python_artifact(name="{package.name}")' in build
