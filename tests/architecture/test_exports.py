"""The public names: importable, documented, loaded when they are used and not before."""

import importlib
import inspect
import subprocess
import sys

import pytest

import engineio
from tests.architecture.source import core_modules, source_modules


@pytest.mark.parametrize("name", engineio.__all__)
def test_each_public_name_exists_and_is_documented(name: str) -> None:
    value = getattr(engineio, name)

    if inspect.isclass(value) or inspect.isroutine(value):
        assert value.__doc__


def test_the_names_are_sorted_and_unique() -> None:
    assert list(engineio.__all__) == sorted(set(engineio.__all__))


def test_dir_lists_the_public_names() -> None:
    assert set(engineio.__all__) <= set(dir(engineio))


def test_every_name_that_a_module_exports_is_there() -> None:
    for module in core_modules():
        loaded = importlib.import_module(module.name)
        for name in getattr(loaded, "__all__", ()):
            assert hasattr(loaded, name), f"{module.name}.{name}"


def test_importing_the_package_loads_no_shell() -> None:
    program = "import engineio, sys; print(*sys.modules, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()

    assert "engineio" in loaded
    assert not [
        name for name in loaded if name.startswith(("engineio.aio", "engineio.sync", "asyncio"))
    ]


def test_the_package_files_of_the_extensions_hold_names_alone() -> None:
    for module in source_modules():
        if module.is_package and not module.is_under("engineio"):
            assert module.definitions == [], module.place
