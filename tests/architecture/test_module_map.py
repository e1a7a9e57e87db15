"""Every pure module has its unit tests at the same place, and every unit test module a source."""

from pathlib import PurePath

from tests.architecture.source import CORE, ROOT

UNIT = ROOT / "tests/unit"

# Packages whose every module must be tested alone. Shells and gateways are tested through the
# conformance suite, and may have unit tests too.
MAPPED = ("http", "protocol")


def expected_test(source: PurePath) -> PurePath:
    """Where the tests of a source module stand, both relative to their roots."""
    return source.with_name(f"test_{source.name}")


def sources() -> set[PurePath]:
    return {path.relative_to(CORE) for path in CORE.rglob("*.py") if path.name != "__init__.py"}


def unit_tests() -> set[PurePath]:
    return {path.relative_to(UNIT) for path in UNIT.rglob("test_*.py")}


def test_every_pure_module_has_its_unit_tests() -> None:
    pure = {path for path in sources() if path.parts[0] in MAPPED}

    assert pure
    assert {expected_test(path) for path in pure} - unit_tests() == set()


def test_every_unit_test_module_belongs_to_a_source_module() -> None:
    assert unit_tests() - {expected_test(path) for path in sources()} == set()
